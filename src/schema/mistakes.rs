//! Mistakes beyond the shape of a document: collected by path, told with the place of that path.

use std::sync::Arc;

use super::inner_text;
use crate::report::{Diagnostic, Failure, Outcome, Place};
use crate::yaml::{self, Data, Node, Reader};

/// The way from the root of a document to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Segment>);

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

    /// A way that goes on from here.
    pub fn then(&self, rest: &Self) -> Self {
        Self([self.0.clone(), rest.0.clone()].concat())
    }

    pub fn dotted(&self) -> String {
        self.0.iter().fold(String::new(), |path, segment| match segment {
            Segment::Key(key) if path.is_empty() => key.clone(),
            Segment::Key(key) => format!("{path}.{key}"),
            Segment::Index(index) => format!("{path}[{index}]"),
        })
    }

    /// Where the value at the path stands in the text, up to the end of the line. In a text inside of a value that is where
    /// its name stands.
    pub fn place_in(&self, root: &Node, text: &str) -> Place {
        let (node, inside) = self.nearest(root);
        place_inside(node, inside, text).unwrap_or_else(|| {
            let place = node.place;
            let line = text
                .get(place.start..place.end)
                .and_then(|it| it.find('\n'))
                .map_or(place.end, |end| place.start + end);
            Place { end: line.max(place.start + 1), ..place }
        })
    }

    /// The node at the path, or the last one on the way to it, and the rest of the way.
    fn nearest<'n>(&self, root: &'n Node) -> (&'n Node, &[Segment]) {
        let mut node = root;
        for (at, segment) in self.0.iter().enumerate() {
            match step(node, segment) {
                Some((below, _)) => node = below,
                None => return (node, &self.0[at..]),
            }
        }
        (node, &[])
    }
}

/// The value one step below another, and where its name stands; of an item that is where the item does.
fn step<'n>(node: &'n Node, segment: &Segment) -> Option<(&'n Node, Place)> {
    match (&node.data, segment) {
        (Data::Map(entries), Segment::Key(wanted)) => {
            entries.iter().find(|(key, _)| key.text == *wanted).map(|(key, value)| (value, key.place))
        }
        (Data::List(items), Segment::Index(index)) => items.get(*index).map(|item| (item, item.place)),
        _ => None,
    }
}

/// The place of a name by a way that goes on in the text of a value: as YAML where that is some, else by the last name of the way.
fn place_inside(node: &Node, way: &[Segment], text: &str) -> Option<Place> {
    let Data::Text(inner) = &node.data else { return None };
    let last = way.iter().rev().find_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    let in_yaml = || {
        let documents = yaml::documents("", inner, Reader::Kubernetes).ok()?;
        let found = documents.iter().find_map(|document| end_of(&document.root, way))?;
        let place = inner_text::place_of(node, text, (found.line, found.column))?;
        Some(Place { end: place.end.min(place.start + (found.end - found.start)), ..place })
    };
    in_yaml().or_else(|| inner_text::place_of_name(node, text, last?))
}

/// Where the name at the end of a way stands, if the way leads so far.
fn end_of(root: &Node, way: &[Segment]) -> Option<Place> {
    let ends = way
        .iter()
        .try_fold((root, None), |(node, _), segment| step(node, segment).map(|(below, place)| (below, Some(place))));
    ends?.1
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

#[derive(Debug)]
struct Mistake {
    at: Path,
    message: String,
    hint: Option<String>,
    /// Line and column in the text at the path, from 1.
    inside: Option<(usize, usize)>,
    /// Whether the line it is in is not shown.
    is_unseen: bool,
}

impl Mistakes {
    /// Says what is wrong at a path.
    pub fn say(&mut self, at: Path, message: impl Into<String>, hint: Option<&str>) {
        self.add(at, message.into(), hint, None);
    }

    /// The same of a line and a column in the text at the path, both counted from 1.
    pub fn say_inside(&mut self, at: Path, inside: (usize, usize), message: impl Into<String>, hint: Option<&str>) {
        self.add(at, message.into(), hint, Some(inside));
    }

    fn add(&mut self, at: Path, message: String, hint: Option<&str>, inside: Option<(usize, usize)>) {
        self.0.push(Mistake { at, message, hint: hint.map(str::to_owned), inside, is_unseen: false });
    }

    /// The same of a secret, whose line is not shown where its value cannot be masked by itself.
    pub fn say_of(&mut self, at: Path, message: String, hint: &str, is_unseen: bool) {
        self.0.push(Mistake { at, message, hint: Some(hint.to_owned()), inside: None, is_unseen });
    }

    /// Demands that there are none, in the text that the document was read from.
    pub fn none_in_text(self, name: &str, text: &str) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let document =
            yaml::parse(name, text, Reader::Kubernetes).map_err(|mistake| Failure::document(name, vec![*mistake]))?;
        let placed = self.0.into_iter().map(|mistake| {
            let place = mistake.place_in(&document.root, text);
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
    fn place_in(&self, root: &Node, text: &str) -> Place {
        let inside = self.inside.and_then(|inside| inner_text::place_of(self.at.nearest(root).0, text, inside));
        inside.unwrap_or_else(|| self.at.place_in(root, text))
    }

    fn diagnostic(self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.at.dotted(), self.message);
        match self.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}
