//! What a field of a mapping is called: mostly by its key, and sometimes by what stands beside it or above it.

use serde_json::{Map, Value};

use super::names::{self, is_secret_name};
use super::{groups, references};

/// A mapping, with the name it stands under.
pub(super) struct Fields<'v> {
    name: &'v str,
    entries: &'v Map<String, Value>,
    /// Whether one of them says which Secret is meant. Asked of each field, and so found once: a mapping may have many.
    say_which_secret: bool,
}

impl<'v> Fields<'v> {
    pub fn new(name: &'v str, entries: &'v Map<String, Value>) -> Self {
        let say_which_secret = entries.iter().any(|(key, value)| references::says_which_secret(key) && is_given(value));
        Self { name, entries, say_which_secret }
    }

    /// The name that tells what the value of a key is; empty where nothing is told.
    pub fn name_of(&self, key: &'v str, value: &Value) -> &'v str {
        match key {
            "secret" if references::is_above_reference(self.name) => "",
            "secretKey" if self.say_which_secret => "",
            _ if names::has_packages(self.name) => "",
            // What refers to a Secret names its keys: `password: db-password`.
            _ if self.have_keys() && !value.is_object() && !names::is_prose(key) => "",
            "value" | "default" => self.named().unwrap_or(key),
            _ if is_secret_name(key) => key,
            _ if self.is_group() && (value.is_string() || value.is_number()) && !groups::is_aside(key) => self.name,
            key => key,
        }
    }

    /// Whether it is a Secret, and not what generates one, which has a name of its own (Kyverno's `generate`).
    pub fn is_secret(&self) -> bool {
        self.entries.get("kind").and_then(Value::as_str) == Some("Secret") && !self.entries.contains_key("name")
    }

    /// `{name: DB_PASSWORD, value: …}`, `{path: /spec/password, value: …}`, and a parameter with its default.
    fn named(&self) -> Option<&'v str> {
        let names = ["name", "key", "path"].iter().filter_map(|key| self.entries.get(*key)?.as_str());
        let names: Vec<&str> = names.collect();
        let last = |name: &'v str| name.rsplit(['/', '.']).next().unwrap_or(name);
        names.iter().map(|name| last(name)).find(|name| is_secret_name(name)).or_else(|| names.first().copied())
    }

    fn have_keys(&self) -> bool {
        let is_named = self.has("name") || self.say_which_secret;
        let is_made_here = self.entries.get("create") == Some(&Value::Bool(true)) || self.has("registry");
        references::has_keys(self.name) || (references::is_reference(self.name) && is_named && !is_made_here)
    }

    fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(is_given)
    }

    /// `passwords: {alice: …}`; a schema of such a mapping describes it.
    fn is_group(&self) -> bool {
        let describes = ["type", "properties", "$ref"].iter().any(|key| self.entries.contains_key(*key));
        groups::is_group(self.name) && !describes
    }
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && value != ""
}
