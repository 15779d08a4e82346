//! Objects within an object, and what the API server holds them to besides their schema (apiextensions-apiserver
//! `pkg/apiserver/schema/objectmeta`).

use super::Walk;
use crate::schema::shape::kind;
use crate::yaml::{Data, Key, Node};

/// How what nobody has held against anything is called: the metadata of embedded objects.
const METADATA: &str = "the metadata of the object at";

/// Whether a rule that was not looked at is one that the API server alone knows, and no program that has the schema.
#[must_use]
pub fn is_of_the_server(rule: &str) -> bool {
    rule.starts_with(METADATA)
}

impl Walk<'_> {
    pub(super) fn embedded(&mut self, entries: &[(Key, Node)], path: &str) {
        for (key, value) in entries {
            let at = format!("{path}.{}", key.text);
            let expected = match (key.text.as_str(), &value.data) {
                ("apiVersion", Data::Text(text)) if is_group_version(text) => continue,
                ("kind", Data::Text(text)) if is_kind(text) => continue,
                ("metadata", Data::Map(_)) => {
                    self.held.unseen.insert(format!("{METADATA} `{path}`"));
                    continue;
                }
                ("apiVersion", _) => "`version` or `group/version`",
                ("kind", _) => "a name of at most 63 letters, digits and `-` that begins with a letter",
                ("metadata", _) => "a mapping",
                _ => continue,
            };
            let found = match &value.data {
                Data::Text(text) => format!("`{text}`"),
                other => kind(other).to_owned(),
            };
            let mistake = self.mistake(value, &at, format!("`{at}` is {found}, expected {expected}"));
            self.held.mistakes.push(mistake);
        }
    }
}

fn is_group_version(text: &str) -> bool {
    !text.is_empty() && text.matches('/').count() <= 1
}

/// RFC 1035, a label of DNS, in letters of both cases.
fn is_kind(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.ends_with('-')
}
