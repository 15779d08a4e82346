//! What a schema says of one field.

use serde_json::Value;

use crate::document::scalar_text;
use crate::porter::schema::TEMPLATE;

/// A field, in the schema that it is of.
#[derive(Debug, Clone, Copy)]
pub struct Field<'s> {
    root: &'s Value,
    schema: &'s Value,
    /// Whether whatever it is in has to have it.
    pub is_required: bool,
}

impl<'s> Field<'s> {
    /// The whole document.
    pub fn root(root: &'s Value) -> Self {
        Self { root, schema: root, is_required: true }
    }

    /// The fields in it, or in the entries of it, in the order of the alphabet.
    pub fn fields(self) -> Vec<(&'s str, Self)> {
        let mut fields: Vec<(&str, Self)> = Vec::new();
        for shape in self.objects() {
            let required = shape.get("required").and_then(Value::as_array);
            for (name, schema) in shape.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let is_required = required.is_some_and(|all| all.iter().any(|it| it == name));
                fields.push((name, Self { schema, is_required, ..self }));
            }
        }
        fields
    }

    /// The entry of a map, whatever its key is.
    pub fn entry(self) -> Option<Self> {
        let entry = self.shapes().into_iter().find_map(entries)?;
        Some(Self { schema: entry, is_required: false, ..self })
    }

    /// What it means.
    pub fn meaning(self) -> &'s str {
        let own = std::iter::once(self.schema).chain(self.shapes());
        own.into_iter().find_map(|it| it.get("description")?.as_str()).unwrap_or_default()
    }

    /// What leaving it out means, where it means a value.
    pub fn default(self) -> Option<&'s Value> {
        self.schema.get("default")
    }

    /// The words that it takes, each with what it means, where it takes only some.
    pub fn words(self) -> Vec<(String, &'s str)> {
        self.shapes().into_iter().flat_map(words).collect()
    }

    /// What kind of value it takes.
    pub fn kind(self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for shape in self.shapes() {
            let kind = self.kind_of(shape);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() { "anything".to_owned() } else { kinds.join(" or ") }
    }

    fn kind_of(self, shape: &'s Value) -> String {
        if !words(shape).is_empty() {
            return "word".to_owned();
        }
        let names: Vec<&str> = match shape.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).filter(|it| *it != "null").collect(),
            _ => return "anything".to_owned(),
        };
        let name = |name: &str| match (name, shape.get("items"), entries(shape)) {
            ("array", Some(items), _) => format!("list of {}", Self { schema: items, ..self }.kind()),
            ("array", ..) => "list".to_owned(),
            ("object", _, Some(entry)) => format!("map of {}", Self { schema: entry, ..self }.kind()),
            (name, ..) => name.to_owned(),
        };
        names.into_iter().map(name).collect::<Vec<_>>().join(" or ")
    }

    /// The shapes with fields of their own: those of it, or of what it is a list of.
    fn objects(self) -> Vec<&'s Value> {
        let inside = |shape: &'s Value| match shape.get("items") {
            Some(items) => Self { schema: items, ..self }.objects(),
            None => vec![shape],
        };
        self.shapes().into_iter().flat_map(inside).collect()
    }

    /// What it may be, without references, `null` and templates.
    fn shapes(self) -> Vec<&'s Value> {
        let schema = self.schema;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.trim_start_matches('#'));
            return target.map(|schema| Self { schema, ..self }.shapes()).unwrap_or_default();
        }
        let several = ["allOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
        match several {
            Some(all) => all.iter().flat_map(|schema| Self { schema, ..self }.shapes()).collect(),
            None if schema["type"] == "null" || schema["pattern"] == TEMPLATE => Vec::new(),
            None => vec![schema],
        }
    }
}

/// What the values of a map are.
fn entries(shape: &Value) -> Option<&Value> {
    shape.get("additionalProperties").filter(|it| it.is_object())
}

fn words(shape: &Value) -> Vec<(String, &str)> {
    if let Some(all) = shape.get("enum").and_then(Value::as_array) {
        return all.iter().filter(|it| !it.is_null()).map(|it| (scalar_text(it), "")).collect();
    }
    let meaning = |it| -> &str { Value::as_str(it).unwrap_or_default() };
    let one = |it: &'_ Value| it.get("const").map(scalar_text);
    if let Some(word) = one(shape) {
        return vec![(word, "")];
    }
    let all = shape.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| Some((one(it)?, it.get("description").map(meaning).unwrap_or_default()))).collect()
}
