//! Templates in steps, `${ bundle.parameters.name }`: read as Porter's mustache reads them.
//!
//! Porter renders a step as text and parses the result (`ResolveStep` in its `pkg/runtime`), by the Go library
//! `github.com/cbroglie/mustache` with all its sections, comments, partials and changes of delimiters. Its rules are not
//! those of mustache's specification, and no mustache for Rust has them: a variable that is missing is an error here,
//! and what an open tag takes for its end is decided by bytes. `tests/data/porter-templates.json` holds what that library
//! makes of each case.

use std::ops::Range;

/// A template, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text, as it is.
    Text(String),
    /// The value of a variable; `raw` where HTML is not escaped even if the template says so.
    Variable { name: String, raw: bool, at: Range<usize> },
    /// What is there for each value of a variable, or when there is none.
    Section { name: String, inverted: bool, parts: Vec<Part> },
    /// Another template, from a file, each line behind an indent.
    Partial { name: String, indent: String, at: Range<usize> },
}

/// Why a text is no template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub message: String,
    pub at: Range<usize>,
}

/// What opens and closes a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delimiters {
    pub open: String,
    pub close: String,
}

impl Delimiters {
    /// `${ }`, in bundles of this time.
    pub fn dollar() -> Self {
        Self { open: "${".to_owned(), close: "}".to_owned() }
    }

    /// `{{ }}`, mustache's own.
    pub fn braces() -> Self {
        Self { open: "{{".to_owned(), close: "}}".to_owned() }
    }
}

impl Template {
    /// Reads a template.
    pub fn read(text: &str, delimiters: Delimiters) -> Result<Self, Broken> {
        let mut reader = Reader { text, at: 0, delimiters };
        let mut open: Vec<Open> = Vec::new();
        let mut parts = Vec::new();
        while let Some(tag) = reader.next_tag(&mut parts)? {
            let inner = tag.text.get(1..).unwrap_or_default().trim().to_owned();
            match tag.text.as_bytes().first() {
                Some(b'!') => {}
                Some(kind @ (b'#' | b'^')) => {
                    let inverted = *kind == b'^';
                    open.push(Open { name: inner, inverted, at: tag.at, outer: std::mem::take(&mut parts) });
                }
                Some(b'/') => {
                    let section = open.pop().filter(|section| section.name == inner);
                    let Some(Open { name, inverted, outer, .. }) = section else {
                        return Err(broken(format!("`{}` closes what is not open here", tag.text), tag.at));
                    };
                    let parts_of_section = std::mem::replace(&mut parts, outer);
                    parts.push(Part::Section { name, inverted, parts: parts_of_section });
                }
                Some(b'>') => parts.push(Part::Partial { name: inner, indent: tag.indent.to_owned(), at: tag.at }),
                Some(b'=') => reader.change_delimiters(&tag)?,
                // A brace that does not close is no tag to this library, and nothing else.
                Some(b'{') => {
                    if let Some(name) = tag.text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                        parts.push(Part::Variable { name: name.trim().to_owned(), raw: true, at: tag.at });
                    }
                }
                Some(b'&') => parts.push(Part::Variable { name: inner, raw: true, at: tag.at }),
                _ => parts.push(Part::Variable { name: tag.text.to_owned(), raw: false, at: tag.at }),
            }
        }
        match open.pop() {
            Some(Open { name, at, .. }) => Err(broken(format!("the section `{name}` is never closed"), at)),
            None => Ok(Self { parts }),
        }
    }
}

/// A section that is still open, and the parts before it.
struct Open {
    name: String,
    inverted: bool,
    at: Range<usize>,
    outer: Vec<Part>,
}

/// A tag, without its delimiters and the blanks around.
struct Tag<'t> {
    text: &'t str,
    at: Range<usize>,
    indent: &'t str,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    delimiters: Delimiters,
}

impl<'t> Reader<'t> {
    /// The next tag; what is before it, or else the rest, is text. A tag alone on its line takes the line with it.
    fn next_tag(&mut self, parts: &mut Vec<Part>) -> Result<Option<Tag<'t>>, Broken> {
        let from = self.at;
        let Some(found) = self.text[from..].find(&self.delimiters.open) else {
            parts.push(Part::Text(self.text[from..].to_owned()));
            self.at = self.text.len();
            return Ok(None);
        };
        let start = from + found;
        let blank_from = from + self.text[from..start].trim_end_matches([' ', '\t']).len();
        let begins_line = blank_from == 0 || self.text[..blank_from].ends_with('\n');
        let text = self.tag_text(start)?;
        let at = start..self.at;

        let indent = if begins_line { &self.text[blank_from..start] } else { "" };
        let fills_line = begins_line && text.starts_with(['#', '^', '/', '<', '>', '=', '!']) && self.skip_line_end();
        let before = if fills_line { &self.text[from..blank_from] } else { &self.text[from..start] };
        parts.push(Part::Text(before.to_owned()));
        Ok(Some(Tag { text, at, indent }))
    }

    /// What is between the delimiters. An open brace behind the first one needs one more before the last one.
    fn tag_text(&mut self, start: usize) -> Result<&'t str, Broken> {
        let Delimiters { open, close } = &self.delimiters;
        let inside = start + open.len();
        let rest = &self.text[inside..];
        let (end, own) = if rest.starts_with('{') { (format!("}}{close}"), 1) } else { (close.clone(), 0) };
        let Some(length) = rest.find(&end) else {
            let message =
                format!("a template is opened by `{}` and never closed by `{end}`", &self.text[start..inside]);
            return Err(broken(message, start..inside));
        };
        self.at = inside + length + end.len();
        match rest[..length + own].trim() {
            "" => Err(broken("a template is empty".to_owned(), start..self.at)),
            text => Ok(text),
        }
    }

    /// Steps over the end of the line, if there is nothing else before it.
    fn skip_line_end(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let behind = rest.trim_start_matches([' ', '\t']);
        let ends = [("\r\n", 2), ("\n", 1)].into_iter().find(|(end, _)| behind.starts_with(end));
        match ends {
            Some((_, length)) => self.at += rest.len() - behind.len() + length,
            // Blanks at the very end are no line to this library.
            None => return rest.is_empty(),
        }
        true
    }

    /// `=<% %>=`: other delimiters from here on. One that is not two is left alone.
    fn change_delimiters(&mut self, tag: &Tag<'_>) -> Result<(), Broken> {
        let inside = tag.text.strip_prefix('=').and_then(|rest| rest.strip_suffix('='));
        let Some(inside) = inside else {
            return Err(broken("a change of delimiters ends with `=`".to_owned(), tag.at.clone()));
        };
        if let Some((open, close)) = inside.trim().split_once(' ') {
            self.delimiters = Delimiters { open: open.to_owned(), close: close.to_owned() };
        }
        Ok(())
    }
}

fn broken(message: String, at: Range<usize>) -> Broken {
    Broken { message, at }
}
