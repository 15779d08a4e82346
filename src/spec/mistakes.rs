//! Mistakes beyond the shape of a document: collected by path, told with the place of that path.

use std::sync::Arc;

use super::yaml::{self, Data, Node, Reader};
use crate::report::{Diagnostic, Failure, Outcome, Place};

/// The way from the root of a document to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    /// A path of plain keys, written with dots.
    pub fn new(dotted: &str) -> Self {
        Self::default().below(dotted)
    }

    /// Further plain keys, written with dots; a number is an index.
    pub fn below(&self, dotted: &str) -> Self {
        dotted.split('.').fold(self.clone(), |path, key| match key.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.key(key),
        })
    }

    /// One key, which may hold dots.
    pub fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Key(key.to_owned()));
        path
    }

    /// An item of a list.
    pub fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    pub fn dotted(&self) -> String {
        self.0.iter().fold(String::new(), |path, segment| match segment {
            Segment::Key(key) if path.is_empty() => key.clone(),
            Segment::Key(key) => format!("{path}.{key}"),
            Segment::Index(index) => format!("{path}[{index}]"),
        })
    }

    /// Where the value at the path stands in the text, up to the end of the line. In a text inside of a value that is where
    /// its name stands, which is looked for, since only the outer text has places.
    pub fn place_in(&self, root: &Node, text: &str) -> Place {
        let (node, inside) = self.nearest(root);
        let key = inside.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        });
        if let (Data::Text(inner), Some(key)) = (&node.data, key) {
            let lines = text.get(node.place.start..).unwrap_or_default().split_inclusive('\n');
            let mut start = node.place.start;
            for (number, line) in lines.take(inner.lines().count() + 1).enumerate() {
                if let Some(at) = named_at(line, key) {
                    let before = line[..at].chars().count();
                    let column = if number == 0 { node.place.column + before } else { before + 1 };
                    let start = start + at;
                    return Place { line: node.place.line + number, column, start, end: start + key.len() };
                }
                start += line.len();
            }
        }
        let place = node.place;
        let line =
            text.get(place.start..place.end).and_then(|it| it.find('\n')).map_or(place.end, |end| place.start + end);
        Place { end: line.max(place.start + 1), ..place }
    }

    /// The node at the path, or the last one on the way to it, and the rest of the way.
    fn nearest<'n>(&self, root: &'n Node) -> (&'n Node, &[Segment]) {
        let mut node = root;
        for (at, segment) in self.0.iter().enumerate() {
            let next = match (&node.data, segment) {
                (Data::Map(entries), Segment::Key(wanted)) => {
                    entries.iter().find(|(key, _)| key.text == *wanted).map(|(_, value)| value)
                }
                (Data::List(items), Segment::Index(index)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(below) => node = below,
                None => return (node, &self.0[at..]),
            }
        }
        (node, &[])
    }
}

/// Where a line has a name, with its end before something that follows a name.
fn named_at(line: &str, key: &str) -> Option<usize> {
    line.match_indices(key).map(|(at, _)| at).find(|at| {
        line[at + key.len()..].starts_with([':', '=', ' ', '"', '\''])
            && !line[..*at].ends_with(|c: char| c.is_alphanumeric())
    })
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Mistake>);

#[derive(Debug)]
struct Mistake {
    at: Path,
    message: String,
    hint: Option<String>,
    /// Whether the line it is in is not shown.
    is_unseen: bool,
}

impl Mistakes {
    /// Says what is wrong at a path.
    pub fn say(&mut self, at: Path, message: impl Into<String>, hint: Option<&str>) {
        self.0.push(Mistake { at, message: message.into(), hint: hint.map(str::to_owned), is_unseen: false });
    }

    /// The same of a secret, whose line is not shown where its value cannot be masked by itself.
    pub fn say_of(&mut self, at: Path, message: String, hint: &str, is_unseen: bool) {
        self.0.push(Mistake { at, message, hint: Some(hint.to_owned()), is_unseen });
    }

    /// Demands that there are none, in the text that the document was read from.
    pub fn none_in_text(self, name: &str, text: &str) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let document =
            yaml::parse(name, text, Reader::Kubernetes).map_err(|mistake| Failure::document(name, vec![*mistake]))?;
        let placed = self.0.into_iter().map(|mistake| {
            let place = mistake.at.place_in(&document.root, text);
            let source = if mistake.is_unseen { document.source.covered(place) } else { Arc::clone(&document.source) };
            mistake.diagnostic().at(&source, place)
        });
        Err(Failure::document(name, placed.collect()))
    }

    /// Demands that there are none, in a document that did not come from a text.
    pub fn none_in(self, name: &str) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Failure::document(name, self.0.into_iter().map(Mistake::diagnostic).collect()))
    }

    #[cfg(test)]
    pub fn messages(&self) -> Vec<&str> {
        self.0.iter().map(|mistake| mistake.message.as_str()).collect()
    }
}

impl Mistake {
    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.at.dotted(), self.message);
        match self.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}
