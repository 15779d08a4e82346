//! Parameters and credentials in a file: a mapping by name, or the `ParameterSet` or `CredentialSet` that people have for Porter.
//!
//! No value of such a file is shown, not even beside a mistake: it may be a secret.

use std::path::Path;

use super::setting::{Setting, Source};
use crate::report::{Failure, Outcome, Place, remember_secret};
use crate::schema::{address, plain};
use crate::yaml::{self, Data, Document, Node, Reader};
use crate::{env, input};

/// Where a value of Porter's sets may be, as far as it is on this machine.
const SOURCES: [&str; 3] = ["value", "env", "path"];

/// The parameters in a file.
pub fn parameters_in(path: &Path) -> Outcome<Vec<Setting>> {
    SettingsFile::read(path, "parameters")?.settings(SettingsFile::parameter)
}

/// The credentials in a file, each by reference.
pub fn credentials_in(path: &Path) -> Outcome<Vec<Setting>> {
    SettingsFile::read(path, "credentials")?.settings(|_, name, node| reference(name, node))
}

struct SettingsFile {
    document: Document,
    list: &'static str,
}

type Mistake = (Place, String);

impl SettingsFile {
    fn read(path: &Path, list: &'static str) -> Outcome<Self> {
        let name = path.display().to_string();
        let text = input::text_of(path).map_err(|error| Failure::usage(format!("failed to read {name}: {error}")))?;
        address::secrets_in_text(&text).for_each(remember_secret);
        let document = yaml::parse(&name, &text, Reader::Porter).map_err(|mistake| {
            let at = mistake.place.map_or(String::new(), |it| format!(":{}:{}", it.line, it.column));
            Failure::usage(format!("{name}{at}: the text is neither YAML nor JSON; nothing was started"))
        })?;
        Ok(Self { document, list })
    }

    /// Each by its name, and every mistake with its place.
    fn settings(&self, read: impl Fn(&Self, &str, &Node) -> Result<Source, Mistake>) -> Outcome<Vec<Setting>> {
        let (mut settings, mut mistakes) = (Vec::new(), Vec::new());
        let is_set = self.items_of_set().is_some();
        let entries = match self.entries() {
            Ok(entries) => entries,
            Err(mistake) => return Err(self.refused([mistake])),
        };
        for (name, place, node) in entries {
            let source = if is_set { self.of_set(name, node) } else { read(self, name, node) };
            let said = Some(self.told(place));
            match source {
                Ok(source) => settings.push(Setting { name: name.to_owned(), source, said }),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() { Ok(settings) } else { Err(self.refused(mistakes)) }
    }

    /// The names, where each stands, and what is behind it.
    fn entries(&self) -> Result<Vec<(&str, Place, &Node)>, Mistake> {
        if let Some(items) = self.items_of_set() {
            return items.iter().map(|item| self.item(item)).collect();
        }
        match &self.document.root.data {
            Data::Null => Ok(Vec::new()),
            Data::Map(entries) => Ok(entries.iter().map(|(key, node)| (key.text.as_str(), key.place, node)).collect()),
            _ => Err((self.document.root.place, format!("this is no mapping of names, and no set of {}", self.list))),
        }
    }

    /// What is in one of Porter's sets: a list under the name of the kind, beside which the set has a name of its own.
    fn items_of_set(&self) -> Option<&[Node]> {
        let root = &self.document.root;
        root.get("name").or_else(|| root.get("schemaVersion"))?;
        match &root.get(self.list)?.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    fn item<'n>(&self, item: &'n Node) -> Result<(&'n str, Place, &'n Node), Mistake> {
        match (item.get("name").map(|it| (&it.data, it.place)), item.get("source")) {
            (Some((Data::Text(name), place)), Some(source)) => Ok((name, place, source)),
            _ => Err((item.place, format!("an item of `{}` is `{{name: …, source: …}}`", self.list))),
        }
    }

    /// A source of one of Porter's sets.
    fn of_set(&self, name: &str, source: &Node) -> Result<Source, Mistake> {
        let Some((key, node)) = only_entry(source) else {
            return Err((source.place, format!("`{name}` has no source such as `{{env: VARIABLE}}`")));
        };
        match key {
            "value" if self.list == "parameters" => self.parameter(name, node),
            "env" => reference(name, source),
            "path" => reference(name, source).and_then(|it| with_variables(name, it, node.place)),
            "value" => {
                hide(node);
                Err(by_value(name, source.place))
            }
            other => {
                let message =
                    format!("`{name}` comes from `{other}`, which only Porter can ask; here: {}", SOURCES.join(", "));
                Err((source.place, message))
            }
        }
    }

    fn parameter(&self, name: &str, node: &Node) -> Result<Source, Mistake> {
        match &node.data {
            Data::Null => Err((node.place, format!("`{name}` has no value"))),
            Data::Text(text) => Ok(Source::Text(text.clone())),
            // As it is written, as it would be on a command line: a version `1.10` is not 1.1.
            Data::Bool(_) | Data::Number(_) => Ok(Source::Text(node.written(&self.document.source).to_owned())),
            Data::List(_) | Data::Map(_) => Ok(Source::Json(plain(node))),
        }
    }

    fn told(&self, place: Place) -> String {
        format!("{}:{}:{}", self.document.source.name, place.line, place.column)
    }

    fn refused(&self, mistakes: impl IntoIterator<Item = Mistake>) -> Failure {
        let lines = mistakes.into_iter().map(|(place, message)| format!("{}: {message}", self.told(place)));
        Failure::usage(format!(
            "the {} in {} cannot be used; nothing was started",
            self.list, self.document.source.name
        ))
        .details(lines)
    }
}

/// The reference that a credential is given by.
fn reference(name: &str, node: &Node) -> Result<Source, Mistake> {
    hide(node);
    let reference = only_entry(node).and_then(|(key, node)| match (key, &node.data) {
        ("env", Data::Text(variable)) => Some(Source::Variable(variable.clone())),
        ("path", Data::Text(path)) => Some(Source::File(path.into())),
        _ => None,
    });
    reference.ok_or_else(|| by_value(name, node.place))
}

/// Porter puts variables into the path of a set, such as `$HOME/.kube/config`. Told is what is written, since one may hold a secret;
/// from then on the path is known to be one.
fn with_variables(name: &str, source: Source, place: Place) -> Result<Source, Mistake> {
    let Source::File(path) = source else { return Ok(source) };
    let written = path.display().to_string();
    let Some((first, rest)) = written.split_once('$') else { return Ok(Source::File(path)) };
    let mut full = first.to_owned();
    for part in rest.split('$') {
        let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let (variable, after) = match part.strip_prefix('{').and_then(|it| it.split_once('}')) {
            Some(braced) => braced,
            None => part.split_at(part.find(|it| !is_name(it)).unwrap_or(part.len())),
        };
        if variable.is_empty() {
            full.extend(["$", part]);
            continue;
        }
        let unset = || (place, format!("`{name}`: the environment variable {variable} in {written} is not set"));
        let value = env::get(variable).ok_or_else(unset)?;
        full.extend([value.as_str(), after]);
    }
    if Path::new(&full).exists() {
        Ok(Source::File(full.into()))
    } else {
        Err((place, format!("`{name}`: {written} leads to no file")))
    }
}

fn by_value(name: &str, place: Place) -> Mistake {
    (place, format!("`{name}` is not given by reference: write `{{env: VARIABLE}}` or `{{path: FILE}}`"))
}

fn only_entry(node: &Node) -> Option<(&str, &Node)> {
    match &node.data {
        Data::Map(entries) if entries.len() == 1 => Some((entries[0].0.text.as_str(), &entries[0].1)),
        _ => None,
    }
}

/// Has what stands where a reference belongs masked from now on, but for what is a reference.
fn hide(node: &Node) {
    match &node.data {
        Data::Text(text) => remember_secret(text),
        Data::List(items) => items.iter().for_each(hide),
        Data::Map(entries) => {
            entries.iter().filter(|(key, _)| !matches!(key.text.as_str(), "env" | "path")).for_each(|(_, it)| hide(it));
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}
