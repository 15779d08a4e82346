//! The walk through a value, and through the texts inside of it.

use serde_json::{Map, Value};

use super::leak::Leak;
use super::names::{self, is_secret_name};
use super::{lines, shapes, values};
use crate::spec::mistakes::Path;
use crate::spec::shape::plain;
use crate::spec::yaml::{self, Reader};

/// What is said of a value whose name tells that it is a secret.
const BY_NAME: &str = "a secret";
/// What each value of a Secret is called.
const IN_A_SECRET: &str = "secret";
/// Whose values are encrypted for one cluster: `SealedSecret`.
const ENCRYPTED: &str = "encryptedData";

/// The secrets found so far.
#[derive(Default)]
pub(super) struct Search {
    pub found: Vec<Leak>,
}

impl Search {
    fn add(&mut self, at: &Path, kind: &'static str, secret: impl Into<String>) {
        self.found.push(Leak { at: at.clone(), kind, secret: secret.into() });
    }

    /// `name` is what the value is called; nothing where its name tells nothing.
    pub fn value(&mut self, value: &Value, name: &str, at: &Path) {
        match value {
            Value::Object(fields) => self.fields(fields, name, at),
            Value::Array(items) => self.items(items, name, at),
            Value::String(text) => self.text(text, name, at),
            Value::Number(number) if is_secret_name(name) && names::may_be_number(name) => {
                self.add(at, BY_NAME, number.to_string());
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>, name: &str, at: &Path) {
        // What refers to a secret names its keys: `password: db-password`.
        let refers = names::is_reference(name);
        let is_from_elsewhere = ["remoteRef", "sourceRef"].iter().any(|key| fields.contains_key(*key));
        let is_secret = fields.get("kind").and_then(Value::as_str) == Some("Secret");
        for (key, value) in fields.iter().filter(|(key, _)| *key != ENCRYPTED) {
            if let ("data" | "stringData", Value::Object(data), true) = (key.as_str(), value, is_secret) {
                for (name, value) in data {
                    self.value(value, IN_A_SECRET, &at.key(key).key(name));
                }
                continue;
            }
            let named = match key.as_str() {
                // `tls: {secret: web-tls}`
                "secret" if ["ca", "cert", "image", "pull", "tls"].iter().any(|of| name.eq_ignore_ascii_case(of)) => "",
                _ if refers && !value.is_object() && !names::is_prose(key) => "",
                "secretKey" if is_from_elsewhere => "",
                // `{name: DB_PASSWORD, value: …}`, and a parameter with its default.
                "value" | "default" => fields.get("name").and_then(Value::as_str).unwrap_or(key),
                key => key,
            };
            self.value(value, named, &at.key(key));
        }
    }

    fn items(&mut self, items: &[Value], name: &str, at: &Path) {
        let mut before = "";
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            // `--password`, `…`
            let argument = before.strip_prefix('-').filter(|_| !before.contains('=') && !text.starts_with('-'));
            self.value(item, argument.unwrap_or(name), &at.index(index));
            before = text;
        }
    }

    fn text(&mut self, text: &str, name: &str, at: &Path) {
        let before = self.found.len();
        let is_secret = is_secret_name(name);
        let inner = if names::is_prose(name) || (is_secret && !text.contains(':')) { None } else { inner(text) };
        if let Some(inner) = inner {
            for value in &inner {
                self.value(value, "", at);
            }
        } else if is_secret && values::is_usable(text) {
            self.add(at, BY_NAME, text.trim());
        } else if name.eq_ignore_ascii_case("auth") && shapes::is_login_in_base64(text) {
            self.add(at, "a user and password", text.trim());
        } else if !names::is_prose(name) {
            self.lines(text, at);
        }
        // Comments of an inner text are committed, too.
        if self.found.len() == before {
            self.shape(text, at);
        }
    }

    /// A text by its lines.
    pub fn lines(&mut self, text: &str, at: &Path) {
        for (name, secret) in lines::secrets(text) {
            self.add(&at.key(name), BY_NAME, secret);
        }
    }

    /// A text by what is in it.
    pub fn shape(&mut self, text: &str, at: &Path) {
        let is_line = !text.trim().contains('\n');
        let connection = || shapes::in_a_connection(text).filter(|_| is_line).map(|secret| ("a password", secret));
        if let Some((kind, secret)) = shapes::known(text).or_else(connection) {
            self.add(at, kind, secret);
        }
    }
}

/// The documents of a text that is YAML with something in it.
fn inner(text: &str) -> Option<Vec<Value>> {
    let is_one = text.trim_start().starts_with(['{', '[']) || text.trim().contains('\n') || text.contains(": ");
    let documents = is_one.then(|| yaml::documents("", text, Reader::Kubernetes).ok())??;
    let values: Vec<Value> = documents.iter().map(|it| plain(&it.root)).collect();
    let is_structured = !values.is_empty() && values.iter().all(|it| it.is_object() || it.is_array() || it.is_null());
    is_structured.then_some(values)
}
