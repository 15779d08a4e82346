//! The walk through a value, and through the texts inside of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::leak::{Leak, What};
use super::lines::{self, Form};
use super::names::{self, is_secret_name};
use super::{groups, shapes, values};
use crate::schema::{Path, plain};
use crate::yaml::{self, Reader};

/// What each value of a Secret is called.
const IN_A_SECRET: &str = "secret";
/// Whose values are encrypted for one cluster: `SealedSecret`.
const ENCRYPTED: &str = "encryptedData";
/// Settings of Argo CD that are called by kinds of objects, such as `…_SealedSecret`, and whose values are programs.
const BY_KIND: &str = "resource.customizations";
/// Parts of a path under which Argo CD resolves `$key`.
const OF_ARGOCD: [&str; 5] = ["argocd", "dex.config", "oidc.config", "extension.config", "webhook."];
/// A shorter key of a mapping is a name, and no token.
const SHORTEST_KEY: usize = 16;
/// A shorter text is a word, and no token in base64.
const SHORTEST_ENCODED: usize = 20;

/// The secrets found so far.
#[derive(Default)]
pub(super) struct Search {
    pub found: Vec<Leak>,
    /// Whether this is a text that was in base64: it is decoded once.
    is_decoded: bool,
}

impl Search {
    fn add(&mut self, at: &Path, what: What, secret: impl Into<String>) {
        self.found.push(Leak { at: at.clone(), what, secret: secret.into() });
    }

    /// `name` is what the value is called; nothing where its name tells nothing.
    pub fn value(&mut self, value: &Value, name: &str, at: &Path) {
        match value {
            Value::Object(fields) => self.fields(fields, name, at),
            Value::Array(items) => self.items(items, name, at),
            Value::String(text) => self.text(text, name, at),
            Value::Number(number) if is_secret_name(name) && names::may_be_number(name) => {
                self.add(at, What::Named, number.to_string());
            }
            _ => {}
        }
    }

    fn fields(&mut self, fields: &Map<String, Value>, name: &str, at: &Path) {
        let all = Fields::new(name, fields);
        for (key, value) in fields.iter().filter(|(key, _)| *key != ENCRYPTED) {
            if key.len() >= SHORTEST_KEY {
                self.shape(key, at, self.found.len());
            }
            match (key.as_str(), value) {
                ("data" | "stringData", Value::Object(data)) if all.is_secret() => {
                    for (name, value) in data {
                        self.value(value, IN_A_SECRET, &at.key(key).key(name));
                    }
                }
                (key, value) if key.starts_with(BY_KIND) => self.by_shape(value, &at.key(key)),
                (key, value) => self.value(value, all.name_of(key, value), &at.key(key)),
            }
        }
    }

    fn items(&mut self, items: &[Value], name: &str, at: &Path) {
        let mut before = "";
        for (index, item) in items.iter().enumerate() {
            let text = item.as_str().unwrap_or_default();
            // `--password`, `…`
            let argument = before.strip_prefix('-').filter(|_| !before.contains('=') && !text.starts_with('-'));
            // `credentials: [{name: …, env: …}]`: each has names of its own.
            let of_all = if item.is_object() && groups::is_group(name) { "" } else { name };
            self.value(item, argument.filter(|it| is_secret_name(it)).unwrap_or(of_all), &at.index(index));
            before = text;
        }
    }

    /// A value whose names tell nothing.
    fn by_shape(&mut self, value: &Value, at: &Path) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| self.by_shape(value, &at.key(key))),
            Value::Array(items) => (0..).zip(items).for_each(|(index, item)| self.by_shape(item, &at.index(index))),
            Value::String(text) => self.shape(text, at, self.found.len()),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, name: &str, at: &Path) {
        let before = self.found.len();
        let is_named = is_secret_name(name);
        let inner = if names::is_prose(name) || (is_named && !text.contains(':')) { None } else { inner(text) };
        if let Some(inner) = inner {
            for value in &inner {
                self.value(value, "", at);
            }
        } else if values::is_secret(name, text) && !is_resolved_by_argocd(text, at) {
            self.add(at, What::Named, text.trim());
        } else if name.eq_ignore_ascii_case("auth") && shapes::is_login_in_base64(text) {
            self.add(at, What::Shaped("a user and password"), text.trim());
        } else if let Some(login) = shapes::login_of_header(text).filter(|_| names::is_header(name)) {
            self.add(at, What::Shaped("a login"), login);
        } else if !names::is_prose(name) {
            self.lines(text, Form::of(name, text), at);
        }
        // Other tokens beside what was found, and those in comments of an inner text, are committed, too.
        self.shape(text, at, before);
        self.encoded(text, at, before);
    }

    /// A text by its lines.
    pub fn lines(&mut self, text: &str, form: Form, at: &Path) {
        for (name, secret) in lines::secrets(text, form).filter(|(_, secret)| !is_resolved_by_argocd(secret, at)) {
            self.add(&at.key(name), What::Named, secret);
        }
    }

    /// A text by what is in it, without what was found in it already: that is all since `before`.
    pub fn shape(&mut self, text: &str, at: &Path, before: usize) {
        let is_line = !text.trim().contains('\n');
        let in_a_connection = is_line.then(|| shapes::in_a_connection(text)).into_iter().flatten();
        for (what, secret) in shapes::known(text).chain(in_a_connection) {
            if !self.found[before..].iter().any(|leak| leak.holds(secret)) {
                self.add(at, what, secret);
            }
        }
    }

    /// A text that is base64, by what is in that.
    fn encoded(&mut self, text: &str, at: &Path, before: usize) {
        let text = text.trim();
        if self.is_decoded || self.found.len() > before || text.len() < SHORTEST_ENCODED {
            return;
        }
        let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let mut inside = Self { is_decoded: true, ..Self::default() };
        inside.text(&decoded.unwrap_or_default(), "", &Path::default());
        if let Some(leak) = inside.found.first() {
            self.add(at, leak.what, text);
        }
    }
}

fn is_resolved_by_argocd(text: &str, at: &Path) -> bool {
    values::is_argocd_reference(text) && {
        let at = at.dotted();
        OF_ARGOCD.iter().any(|part| at.contains(part))
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
