//! What templates see, and how Porter shows it: its mustache prints a value as Go's `fmt` does.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::encode::go_float;

/// A value that a template can name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// `null`.
    Nothing,
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Seen>),
    Map(BTreeMap<String, Seen>),
    /// A map that nobody has made (`nil` in Go): empty, and nothing to a section.
    NoMap,
    /// A parameter of the type `object`: a map that is shown as JSON (`FormattedObject` in Porter's `pkg/runtime`).
    /// Its parts are not.
    Object(BTreeMap<String, Seen>),
}

impl Seen {
    /// A map of these entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// What YAML says, where whole numbers are integers.
    pub fn of_yaml(value: &Value) -> Self {
        match value.as_i64() {
            Some(integer) => Self::Integer(integer),
            None => Self::of(value, Self::of_yaml),
        }
    }

    /// What JSON says, whose numbers are all floats to Go.
    pub fn of_json(value: &Value) -> Self {
        Self::of(value, Self::of_json)
    }

    fn of(value: &Value, inner: impl Fn(&Value) -> Self) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => Self::Float(number.as_f64().unwrap_or_default()),
            Value::String(text) => text.as_str().into(),
            Value::Array(items) => Self::List(items.iter().map(inner).collect()),
            Value::Object(entries) => Self::map(entries.iter().map(|(key, value)| (key, inner(value)))),
        }
    }

    /// A map whose text is JSON; anything else as it is.
    pub fn into_object(self) -> Self {
        match self {
            Self::Map(entries) => Self::Object(entries),
            other => other,
        }
    }

    /// The entry of a map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.get(key)
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether a section leaves it out (`isEmpty` in mustache): nothing, false, zero, blank text, an empty list; not an
    /// empty map.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Nothing | Self::NoMap => true,
            Self::Flag(flag) => !flag,
            Self::Integer(number) => *number == 0,
            Self::Float(number) => *number == 0.0,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(_) | Self::Object(_) => false,
        }
    }

    /// The text that Go's `encoding/json` writes: keys sorted, `<`, `>` and `&` escaped.
    fn write_json(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing | Self::NoMap => f.write_str("null"),
            Self::Flag(_) | Self::Integer(_) => write!(f, "{self}"),
            Self::Float(number) => f.write_str(&json_float(*number)),
            Self::Text(text) => json_text(text, f),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    item.write_json(f)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) | Self::Object(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    json_text(key, f)?;
                    f.write_str(":")?;
                    value.write_json(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

impl From<&str> for Seen {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Seen {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// As `%v` of Go's `fmt` prints it.
impl Display for Seen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("<nil>"),
            Self::NoMap => f.write_str("map[]"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => f.write_str(&go_float(*number)),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("map[")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}:{value}", if index == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Self::Object(_) => self.write_json(f),
        }
    }
}

/// A float as Go's `encoding/json` writes it, with an exponent below 1e-6 and from 1e21 on.
pub(super) fn json_float(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

fn json_text(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let quoted = Value::from(text).to_string();
    for character in quoted.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => write!(f, "\\u{:04x}", u32::from(character))?,
            other => write!(f, "{other}")?,
        }
    }
    Ok(())
}
