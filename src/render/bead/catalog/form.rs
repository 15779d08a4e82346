//! Holds a value against the form that it has to have. Pure.

use std::sync::Arc;

use super::kinds::{Field, Form};
use super::names::wrong_reference;
use crate::report::{Diagnostic, Place, Source};
use crate::yaml::{Data, Key, Node};

/// What is to be said of what stands elsewhere.
pub fn not_looked_at(path: &str, address: &str) -> Diagnostic {
    Diagnostic::warning(path, format!("what Backstage reads from `{address}` was not looked at"))
}

/// The mistakes in one entity.
pub struct Mistakes {
    source: Arc<Source>,
    /// What was found.
    pub found: Vec<Diagnostic>,
    /// What was not looked at.
    pub warnings: Vec<Diagnostic>,
}

impl Mistakes {
    /// None so far, in this text.
    pub fn of(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), found: Vec::new(), warnings: Vec::new() }
    }

    /// Says what is wrong with a value.
    pub fn say(&mut self, node: &Node, path: &str, message: impl Into<String>) {
        self.found.push(Diagnostic::error(path, message).at(&self.source, node.place));
    }

    /// Says what is no mistake, and worth knowing.
    pub fn warn(&mut self, place: Place, warning: Diagnostic) {
        self.warnings.push(warning.at(&self.source, place));
    }

    /// Says what is wrong with a key.
    pub fn say_of_key(&mut self, key: &Key, path: &str, message: impl Into<String>) {
        self.found.push(Diagnostic::error(path, message).at(&self.source, key.place));
    }

    /// The same, with what would be right.
    pub fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.found.pop() {
            self.found.push(last.hint(hint));
        }
    }

    /// Looks at the fields of a mapping. Returns its entries, when it is one.
    pub fn fields<'n>(&mut self, node: &'n Node, path: &str, fields: &[Field]) -> Option<&'n [(Key, Node)]> {
        let Some(entries) = entries(node) else {
            self.expected(node, path, "a mapping");
            return None;
        };
        for field in fields {
            let path = format!("{path}.{}", field.name);
            match value_of(entries, field.name) {
                Some(value) => self.form(value, &path, field.form),
                None if field.required => self.say(node, &path, format!("`{path}` is required")),
                None => {}
            }
        }
        Some(entries)
    }

    /// Looks at a value.
    pub fn form(&mut self, node: &Node, path: &str, form: Form) {
        if is_left_to_a_resolver(node) {
            return;
        }
        match form {
            Form::Line => self.line(node, path),
            Form::Text if !matches!(node.data, Data::Text(_)) => self.expected(node, path, "a text"),
            Form::Flag if !matches!(node.data, Data::Text(_) | Data::Bool(_)) => {
                self.expected(node, path, "a text, true or false");
            }
            Form::Text | Form::Flag => {}
            Form::OneOf(words) => {
                if !matches!(&node.data, Data::Text(text) if words.contains(&text.as_str())) {
                    self.expected(node, path, &format!("one of: {}", words.join(", ")));
                }
            }
            Form::Ref(kind) => match &node.data {
                Data::Text(text) => self.reference(node, path, text, kind),
                _ => self.expected(node, path, "a reference to an entity"),
            },
            Form::RefList(kind) => self.list(node, path, Form::Ref(kind)),
            Form::Refs => match &node.data {
                Data::List(items) => self.items(items, path, Self::loose),
                data if is_nothing(data) => {}
                _ => self.loose(node, path),
            },
            Form::List(form) => self.list(node, path, *form),
            Form::Object(fields) => _ = self.fields(node, path, fields),
            Form::Mixed(fields) => {
                let entries = self.fields(node, path, fields).unwrap_or_default();
                for (key, value) in entries.iter().filter(|(key, _)| fields.iter().all(|it| it.name != key.text)) {
                    self.form(value, &format!("{path}.{}", key.text), Form::Text);
                }
            }
            Form::Pages(one, each) => match &node.data {
                Data::Map(_) => _ = self.fields(node, path, one),
                Data::List(items) => self.items(items, path, |all, item, path| _ = all.fields(item, path, each)),
                _ => self.expected(node, path, "a mapping or a list of them"),
            },
        }
    }

    /// Looks at a value that has to be a text with something in it.
    pub fn line(&mut self, node: &Node, path: &str) {
        match &node.data {
            Data::Text(text) if text.is_empty() => self.say(node, path, format!("`{path}` is empty")),
            Data::Text(_) => {}
            _ => self.expected(node, path, "a text"),
        }
    }

    /// Says that something else is expected.
    pub fn expected(&mut self, node: &Node, path: &str, form: &str) {
        self.say(node, path, format!("`{path}` is {}, expected {form}", kind(&node.data)));
        if form == "a text" && matches!(node.data, Data::Number(_) | Data::Bool(_) | Data::Null) {
            self.hint("put the value in quotes");
        }
    }

    fn list(&mut self, node: &Node, path: &str, form: Form) {
        match &node.data {
            Data::List(items) => self.items(items, path, |all, item, path| all.form(item, path, form)),
            _ => self.expected(node, path, "a list"),
        }
    }

    fn items(&mut self, items: &[Node], path: &str, mut look: impl FnMut(&mut Self, &Node, &str)) {
        for (index, item) in items.iter().enumerate() {
            look(self, item, &format!("{path}[{index}]"));
        }
    }

    /// A reference as a text, or taken apart.
    fn loose(&mut self, node: &Node, path: &str) {
        match &node.data {
            Data::Map(_) => _ = self.fields(node, path, &[must("kind"), must("name")]),
            _ => self.form(node, path, Form::Ref(None)),
        }
    }

    fn reference(&mut self, node: &Node, path: &str, text: &str, kind: Option<&str>) {
        if let Some(wrong) = wrong_reference(text, kind) {
            self.say(node, path, format!("`{path}`: {wrong}"));
            if kind.is_none() {
                self.hint("write `component:NAME`, `resource:NAME` or the like");
            }
        }
    }
}

/// The entries of a mapping.
pub fn entries(node: &Node) -> Option<&[(Key, Node)]> {
    match &node.data {
        Data::Map(entries) => Some(entries),
        _ => None,
    }
}

/// The value under a key.
pub fn value_of<'n>(entries: &'n [(Key, Node)], name: &str) -> Option<&'n Node> {
    entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

/// A value at a way of keys.
pub fn at<'n>(node: &'n Node, way: &[&str]) -> Option<&'n Node> {
    way.iter().try_fold(node, |node, name| value_of(entries(node)?, name))
}

/// A text at a way of keys.
pub fn text_at<'n>(node: &'n Node, way: &[&str]) -> Option<&'n str> {
    match &at(node, way)?.data {
        Data::Text(text) => Some(text),
        _ => None,
    }
}

/// A mapping with one key that starts with `$`: what some resolver puts there is not known.
pub fn is_left_to_a_resolver(node: &Node) -> bool {
    matches!(entries(node), Some([(key, _)]) if key.text.starts_with('$'))
}

/// What JavaScript takes for nothing.
pub fn is_nothing(data: &Data) -> bool {
    match data {
        Data::Null | Data::Bool(false) => true,
        Data::Number(number) => number.as_f64() == Some(0.0),
        Data::Text(text) => text.is_empty(),
        _ => false,
    }
}

fn must(name: &'static str) -> Field {
    Field { name, form: Form::Line, required: true }
}

fn kind(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "true or false",
        Data::Number(_) => "a number",
        Data::Text(_) => "a text",
        Data::List(_) => "a list",
        Data::Map(_) => "a mapping",
    }
}
