//! The text as a row of events: what the parser of the YAML crate gives, a document at a time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag};

use super::bounds::{DEEPEST, MOST};
use super::mended::{Mended, Slip, goes_on};
use super::{Reader, no_yaml, syntax};
use crate::report::{Diagnostic, Place, Source};

/// One step through a document.
pub(super) struct Item<'t> {
    pub place: Place,
    pub what: What<'t>,
}

/// What is met there.
pub(super) enum What<'t> {
    Scalar(Scalar<'t>),
    List {
        tag: Option<Box<str>>,
        /// Whether it is in brackets.
        is_flow: bool,
    },
    Map {
        tag: Option<Box<str>>,
        /// Whether it is in braces.
        is_flow: bool,
    },
    /// The end of the list or mapping that was begun last.
    End,
    /// The anchor of this number.
    Alias(usize),
}

/// A scalar as it is written, escapes resolved.
pub(super) struct Scalar<'t> {
    pub text: Cow<'t, str>,
    /// Whether it has neither quotes nor `|` or `>`.
    pub is_plain: bool,
    /// Whether it has `|` or `>`.
    pub is_block: bool,
    /// `str` of `!!str`, `!` of `!`, `!x` of any other.
    pub tag: Option<Box<str>>,
}

/// One document.
pub(super) struct Items<'t> {
    /// Where it begins.
    pub place: Place,
    pub all: Vec<Item<'t>>,
    /// From the end of the document before it to its own.
    pub span: Range<usize>,
    /// The item of each anchor, by the number of the anchor.
    pub anchors: HashMap<usize, usize>,
}

/// The documents of a text.
pub(super) struct Events<'t> {
    source: &'t Arc<Source>,
    mended: &'t Mended<'t>,
    reader: Reader,
    parser: Parser<'t, StrInput<'t>>,
    /// Whether a document has been read, and where the last one ends.
    is_begun: bool,
    last: usize,
    slips: Vec<Slip>,
}

impl<'t> Events<'t> {
    pub fn of(source: &'t Arc<Source>, mended: &'t Mended<'t>, reader: Reader) -> Self {
        let is_go = reader != Reader::Backstage;
        let options = granit_parser::options! {
            emit_comments: false,
            emit_anchor_events: is_go,
            disallow_directives: is_go,
            strict_indentation: !is_go && !mended.is_lenient,
            // Kubernetes adds the end of the line that is missing.
            block_scalar_eof_without_line_feed: reader == Reader::Porter,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        let parser = Parser::new_from_str_with_options(mended.text(), options);
        Self { source, mended, reader, parser, is_begun: false, last: 0, slips: Vec::new() }
    }

    /// What the parser has stumbled over, though the reader takes it.
    pub fn slips(self) -> Vec<Slip> {
        self.slips
    }

    /// The next document, or none at the end of the text.
    pub fn next_document(&mut self) -> Result<Option<Items<'t>>, Box<Diagnostic>> {
        let mut items =
            Items { place: place_of(&Span::default()), all: Vec::new(), anchors: HashMap::new(), span: 0..0 };
        while let Some(next) = self.parser.next() {
            let (event, span) = next.map_err(|error| {
                self.slips.extend(self.slip(&error));
                self.refusal(&error)
            })?;
            let place = place_of(&span);
            let (what, anchor) = match event {
                Event::DocumentStart(is_explicit, version) => {
                    let is_old = version.is_some_and(|it| (it.major, it.minor) == (1, 1));
                    self.check_start(place, is_explicit, is_old)?;
                    items.place = place;
                    continue;
                }
                Event::DocumentEnd => {
                    items.span = self.last..place.start;
                    (self.is_begun, self.last) = (true, place.start);
                    return Ok(Some(items));
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let is_plain = style == ScalarStyle::Plain;
                    // The parser writes `~` for what is not there.
                    let is_absent = is_plain && span.start == span.end;
                    let text = match text {
                        _ if is_absent => Cow::Borrowed(""),
                        text if is_plain => self.plain(text, place)?,
                        text => text,
                    };
                    let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                    (What::Scalar(Scalar { text, is_plain, is_block, tag: tag_of(tag.as_deref()) }), anchor)
                }
                Event::SequenceStart(style, anchor, tag) => {
                    (What::List { tag: tag_of(tag.as_deref()), is_flow: style == StructureStyle::Flow }, anchor)
                }
                Event::MappingStart(style, anchor, tag) => {
                    (What::Map { tag: tag_of(tag.as_deref()), is_flow: style == StructureStyle::Flow }, anchor)
                }
                Event::SequenceEnd | Event::MappingEnd => (What::End, 0),
                Event::Alias(anchor) => (What::Alias(anchor), 0),
                Event::Anchor(_, name) if !name.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it)) => {
                    let message = "the name of an anchor has letters, digits, `-` and `_`";
                    return Err(no_yaml(self.source, place, message).into());
                }
                _ => continue,
            };
            if items.all.len() > MOST {
                return Err(no_yaml(self.source, place, "the text has more values than any text needs").into());
            }
            if anchor != 0 {
                items.anchors.insert(anchor, items.all.len());
            }
            items.all.push(Item { place, what });
        }
        Ok(None)
    }

    /// A document that its reader does not see, or by other rules than its own.
    fn check_start(&self, place: Place, is_explicit: bool, is_old: bool) -> Result<(), Box<Diagnostic>> {
        if is_old {
            return Err(no_yaml(self.source, place, "a document of YAML 1.1, which changes what its words mean").into());
        }
        if self.reader == Reader::Kubernetes && self.is_begun && !is_explicit {
            let mistake = no_yaml(self.source, place, "kubectl and Argo CD do not read what comes after `...`");
            return Err(mistake.hint("begin a document with a line of `---`").into());
        }
        Ok(())
    }

    /// The text of a plain scalar. To Go's readers it may go on where it ends for the parser.
    fn plain(&mut self, text: Cow<'t, str>, place: Place) -> Result<Cow<'t, str>, Box<Diagnostic>> {
        if self.reader != Reader::Backstage {
            self.slips.extend(goes_on(self.mended.text(), place.end).map(Slip::Plain));
        }
        self.mended.plain(text, place.start, place.end).ok_or_else(|| {
            let message = "a text of several lines within brackets that has a `:` before a bracket or a comma";
            no_yaml(self.source, place, message).hint("put it in quotes").into()
        })
    }

    /// What the parser refuses and the reader takes.
    fn slip(&self, error: &ScanError) -> Option<Slip> {
        let text = self.mended.text();
        let at = offset(text, error.marker());
        let here = *text.as_bytes().get(at)?;
        match (error.kind(), here, self.reader) {
            (ErrorKind::InvalidIndentation, b']' | b'}', Reader::Backstage) => Some(Slip::Bracket),
            (_, _, Reader::Backstage) => None,
            (ErrorKind::CommentNotSeparated, b'#', _) => Some(Slip::Comment(at)),
            (ErrorKind::PlainScalarStartsWithDashFlowIndicator, b'-', _) => Some(Slip::Plain(at)),
            (ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation, b'\t', _) => Some(Slip::Tab(at)),
            _ => None,
        }
    }

    /// A mistake of syntax, at its place.
    fn refusal(&self, error: &ScanError) -> Diagnostic {
        let mark = error.marker();
        let start = offset(&self.source.text, mark);
        let width = self.source.text[start..].chars().next().map_or(0, char::len_utf8);
        let place = Place { line: mark.line(), column: mark.col() + 1, start, end: start + width };
        no_yaml(self.source, place, syntax::words(error.kind()))
    }
}

fn tag_of(tag: Option<&Tag>) -> Option<Box<str>> {
    let tag = tag?;
    let name = match tag.suffix_in_namespace("tag:yaml.org,2002:") {
        Some(name) => name.into_owned(),
        None if tag.handle().len() + tag.suffix().len() <= 1 => "!".to_owned(),
        None => format!("!{}", tag.suffix()),
    };
    Some(name.into())
}

fn place_of(span: &Span) -> Place {
    let start = span.start.byte_offset().unwrap_or(0);
    let end = span.end.byte_offset().unwrap_or(0);
    Place { line: span.start.line(), column: span.start.col() + 1, start, end: end.max(start + 1) }
}

/// Some marks of errors have no byte offset.
fn offset(text: &str, mark: &Marker) -> usize {
    mark.byte_offset().filter(|at| text.is_char_boundary(*at)).unwrap_or_else(|| {
        let before: usize = text.split_inclusive('\n').take(mark.line().saturating_sub(1)).map(str::len).sum();
        text[before..].char_indices().nth(mark.col()).map_or(text.len(), |(offset, _)| before + offset)
    })
}
