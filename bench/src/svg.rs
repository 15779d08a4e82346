//! A picture as SVG: boxes and texts.

use std::fmt::Write as _;

/// What is drawn so far. Lengths are in pixels.
#[derive(Debug, Default)]
pub struct Svg {
    body: String,
    height: u32,
}

/// Colours that can be told apart in print, too.
pub const BLUE: &str = "#2b6cb0";
pub const GREY: &str = "#a0aec0";
pub const ORANGE: &str = "#dd8a33";
pub const LIGHT: &str = "#e2e8f0";

const WIDTH: u32 = 1000;
/// The height of a line with a bar.
pub const LINE: u32 = 18;
/// What a letter takes at most.
const LETTER: f64 = 6.5;

impl Svg {
    /// The next line, by its top.
    pub fn line(&mut self) -> u32 {
        self.height += LINE;
        self.height - LINE
    }

    /// A heading, with some room above it.
    pub fn heading(&mut self, text: &str) {
        self.height += LINE / 2;
        let top = self.line();
        self.text(8.0, top, "start", true, text);
    }

    /// A bar in a line, with what a pointer on it is told.
    pub fn bar(&mut self, left: f64, top: u32, width: f64, fill: &str, title: &str) {
        let (top, height, width, title) = (top + 3, LINE - 6, width.max(1.0), escaped(title));
        self.put(&format!(
            r#"<rect x="{left:.1}" y="{top}" width="{width:.1}" height="{height}" fill="{fill}"><title>{title}</title></rect>"#
        ));
    }

    /// A vertical line through all lines from this one to the last, behind what comes later.
    pub fn rule(&mut self, left: f64, top: u32, height: u32) {
        self.put(&format!(r#"<rect x="{left:.1}" y="{top}" width="1" height="{height}" fill="{LIGHT}"/>"#));
    }

    /// A text in a line.
    pub fn text(&mut self, left: f64, top: u32, anchor: &str, is_bold: bool, text: &str) {
        let (base, weight, text) = (top + LINE - 5, if is_bold { "bold" } else { "normal" }, escaped(text));
        self.put(&format!(
            r#"<text x="{left:.1}" y="{base}" text-anchor="{anchor}" font-weight="{weight}">{text}</text>"#
        ));
    }

    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// The whole picture.
    pub fn finish(self) -> String {
        let height = self.height + LINE / 2;
        let mut text = String::new();
        // A text without end is no failure of ours.
        let _ = writeln!(
            text,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" fill="black">"#
        );
        text.push_str("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        text.push_str(&self.body);
        text.push_str("</svg>\n");
        text
    }
}

/// As much of a text as this width takes.
pub fn cut(text: &str, width: f64) -> String {
    let fits = |count: usize| u32::try_from(count).is_ok_and(|it| f64::from(it) * LETTER <= width);
    if fits(text.chars().count()) {
        return text.to_owned();
    }
    let kept: String = text.chars().enumerate().take_while(|(at, _)| fits(at + 2)).map(|(_, it)| it).collect();
    format!("{}…", kept.trim_end())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_xml() {
        let mut svg = Svg::default();
        svg.heading("a < b & \"c\"");
        let top = svg.line();
        svg.bar(1.0, top, 0.0, BLUE, "<title>");
        let text = svg.finish();
        assert!(text.contains("a &lt; b &amp; &quot;c&quot;"), "{text}");
        assert!(text.contains(r#"width="1.0""#), "what is small is seen: {text}");
        assert_eq!(text.matches('<').count(), text.matches('>').count());
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(cut("short", 100.0), "short");
        let text = cut("a text that is much too long", 65.0);
        assert!(text.ends_with('…') && text.chars().count() <= 10, "{text}");
    }
}
