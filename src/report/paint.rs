//! Colours for lines that are finished and masked. A secret that a colour cuts in two would not be known again, so nothing
//! is painted before it is masked; and lines that other programs of ours have written are painted alike.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

const BAD: Style = AnsiColor::Red.on_default();
const GOOD: Style = AnsiColor::Green.on_default();
const UNDER_WAY: Style = AnsiColor::Yellow.on_default();
const ADVICE: Style = AnsiColor::Cyan.on_default();
const FRAME: Style = AnsiColor::Blue.on_default().bold();
const HEAD: Style = Style::new().bold();

/// Words of state, as Argo CD and the proof have them.
const STATES: [(&str, Style); 14] = [
    ("Healthy", GOOD),
    ("Synced", GOOD),
    ("Succeeded", GOOD),
    ("Ready", GOOD),
    ("ok", GOOD),
    ("Degraded", BAD),
    ("Failed", BAD),
    ("FAIL", BAD),
    ("Error", BAD),
    ("Progressing", UNDER_WAY),
    ("OutOfSync", UNDER_WAY),
    ("Missing", UNDER_WAY),
    ("Pending", UNDER_WAY),
    ("Suspended", UNDER_WAY),
];

/// Words that begin a line, up to their colon.
const BEGINNINGS: [(&str, Style); 8] = [
    ("error", BAD),
    ("warning", UNDER_WAY),
    ("hint", ADVICE),
    ("see", ADVICE),
    ("note", ADVICE),
    ("tip", ADVICE),
    ("Usage", HEAD),
    ("usage", HEAD),
];

/// How wide the word is that begins a line of progress.
const WORD: usize = 10;

/// The text with colours.
pub(super) fn paint(text: &str) -> String {
    let mut marked = BAD;
    let mut out = String::with_capacity(text.len() * 2);
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if line.starts_with("error") {
            marked = BAD;
        } else if line.starts_with("warning") {
            marked = UNDER_WAY;
        }
        paint_line(&mut out, line, marked);
    }
    out
}

fn paint_line(out: &mut String, line: &str, marked: Style) {
    if let Some((word, style, rest)) = beginning(line) {
        let is_title = matches!(style, BAD | UNDER_WAY);
        styled(out, style.bold(), word);
        if is_title { styled(out, HEAD, rest) } else { out.push_str(rest) }
    } else if let Some((frame, rest)) = of_snippet(line) {
        styled(out, FRAME, frame);
        let is_mark = rest.trim_start().starts_with(['^', '-']) && !frame.contains(|c: char| c.is_ascii_digit());
        if is_mark { styled(out, marked.bold(), rest) } else { out.push_str(rest) }
    } else if is_head(line) {
        styled(out, HEAD, line);
    } else if let Some((word, rest)) = progress(line) {
        styled(out, GOOD.bold(), word);
        states(out, rest);
    } else {
        states(out, line);
    }
}

/// `error[backstack-104]` and what follows.
fn beginning(line: &str) -> Option<(&str, Style, &str)> {
    let indent = line.len() - line.trim_start().len();
    let (start, _) = line.split_once(':')?;
    let word = start[indent..].split('[').next()?;
    let (_, style) = BEGINNINGS.into_iter().find(|(it, _)| *it == word)?;
    let is_whole = start[indent..] == *word || start.ends_with(']');
    (indent <= 2 && is_whole).then(|| (start, style, &line[start.len()..]))
}

/// The frame around a line of a document: ` --> hub.yaml:6:9`, `6 |`, `  |`.
fn of_snippet(line: &str) -> Option<(&str, &str)> {
    let start = line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    let end = line.len() - start.len();
    let mark = ["--> ", "::: ", "|", "...", "= "].into_iter().find(|it| start.starts_with(it))?;
    (end > 0 || mark == "...").then(|| line.split_at(end + mark.trim_end().len()))
}

/// Whether these are the titles of columns.
fn is_head(line: &str) -> bool {
    let titles = line.trim();
    let is_title = |c: char| c.is_ascii_uppercase() || " -'?/()".contains(c);
    titles.contains("  ") && titles.starts_with(|c: char| c.is_ascii_uppercase()) && titles.chars().all(is_title)
}

/// The word of a line of progress: `render     64 files`.
fn progress(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.split_at_checked(WORD)?;
    let is_word = word.trim_end_matches(' ').bytes().all(|b| b.is_ascii_lowercase()) && !word.starts_with(' ');
    let is_followed = rest.starts_with(' ') && !rest[1..].starts_with(' ') && rest.len() > 1;
    (is_word && is_followed).then_some((word, rest))
}

fn states(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_alphanumeric()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
        match STATES.into_iter().find(|(word, _)| *word == &rest[..end]) {
            Some((word, style)) => styled(out, style, word),
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

fn styled(out: &mut String, style: Style, text: &str) {
    let _ = write!(out, "{style}{text}{style:#}"); // to a string: it cannot fail
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours as people can read them here.
    fn shown(text: &str) -> String {
        let names = [
            ("\u{1b}[1m\u{1b}[31m", "<bad!>"),
            ("\u{1b}[1m\u{1b}[33m", "<way!>"),
            ("\u{1b}[1m\u{1b}[32m", "<good!>"),
            ("\u{1b}[1m\u{1b}[36m", "<tip!>"),
            ("\u{1b}[1m\u{1b}[34m", "<frame>"),
            ("\u{1b}[31m", "<bad>"),
            ("\u{1b}[32m", "<good>"),
            ("\u{1b}[33m", "<way>"),
            ("\u{1b}[1m", "<b>"),
            ("\u{1b}[0m", "</>"),
        ];
        names.into_iter().fold(paint(text), |text, (code, name)| text.replace(code, name))
    }

    #[test]
    fn each_sort_of_line_has_its_colours() {
        for (line, colours) in [
            ("error: it is so", "<bad!>error</><b>: it is so</>"),
            ("error[backstack-104]: it is", "<bad!>error[backstack-104]</><b>: it is</>"),
            ("warning: a thing", "<way!>warning</><b>: a thing</>"),
            ("hint: do that", "<tip!>hint</>: do that"),
            ("  tip: did you mean", "<tip!>  tip</>: did you mean"),
            (" --> hub.yaml:6:9", "<frame> --></> hub.yaml:6:9"),
            ("6 |   name: 1", "<frame>6 |</>   name: 1"),
            ("  |         ^ metadata.name", "<frame>  |</><bad!>         ^ metadata.name</>"),
            ("  NAME    STATE", "<b>  NAME    STATE</>"),
            ("render     64 files", "<good!>render    </> 64 files"),
            ("credential written for Argo CD", "<good!>credential</> written for Argo CD"),
            ("  argocd  Synced  Healthy", "  argocd  <good>Synced</>  <good>Healthy</>"),
            ("  app     OutOfSync Degraded", "  app     <way>OutOfSync</> <bad>Degraded</>"),
            ("there is nothing: Unsynced, not-ok", "there is nothing: Unsynced, not-ok"),
            ("", ""),
        ] {
            assert_eq!(shown(line), colours);
        }
    }

    #[test]
    fn the_mark_below_a_warning_is_no_error() {
        assert_eq!(shown("warning: x\n  | ^^"), "<way!>warning</><b>: x</>\n<frame>  |</><way!> ^^</>");
    }

    #[test]
    fn nothing_but_colours_is_added() {
        let text = "error: ä\n --> b\n1 | ü: |\n  |  ^^ p\nhint: c\n\nNAME  WHY\nsync       root is Synced\n";
        let painted = paint(text);
        let plain = painted.split('\u{1b}').enumerate().map(|(index, part)| match part.split_once('m') {
            Some((_, rest)) if index > 0 => rest,
            _ => part,
        });
        assert_eq!(plain.collect::<String>(), text);
    }
}
