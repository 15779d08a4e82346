//! What was given to an installation, kept from run to run where somebody asks for it: parameters by value unless they are
//! sensitive, credentials by reference alone. So the file holds no secret, and says nothing of what the bundle has made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::Header;
use super::setting::{Setting, Source, by_name};
use super::values::hide_secrets_in;
use crate::document::scalar_text;
use crate::process::write_private_below;
use crate::report::{Failure, Outcome, redact};
use crate::{env, input, yaml};

/// What is remembered of an installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The bundle.
    pub bundle: String,
    /// Its folder: another one may have a bundle of the same name, and of somebody else.
    pub folder: String,
    /// Its installation.
    pub installation: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    credentials: Vec<Entry>,
    /// Kubeconfigs that are cut out of those of the user, by the name of the credential.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kubeconfigs: BTreeMap<String, KubeconfigReference>,
    /// The run that came last of those that ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastValues>,
}

/// Which kubeconfig a credential is cut out of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubeconfigReference {
    /// The files, as `KUBECONFIG` lists them.
    pub files: String,
    /// The context.
    pub context: String,
}

/// The values of a run, but for those that are sensitive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastValues {
    /// The action.
    pub action: String,
    /// What its parameters were.
    pub values: BTreeMap<String, String>,
    /// Those of them that are not kept, for there is a secret in them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secret: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    source: Reference,
}

/// As in Porter's sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reference {
    Value(Value),
    /// What a run has taken of the one before. It stays what nobody has given.
    Last(String),
    Env(String),
    Path(PathBuf),
}

impl Remembered {
    /// The file of an installation. `None` where there is no home to keep it in.
    pub fn file(installation: &str) -> Outcome<Option<PathBuf>> {
        let is_plain = matches!(Path::new(installation).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
        if !is_plain || installation.contains('/') {
            return Err(Failure::usage(format!("`{installation}` is no name for an installation"))
                .hint("one word such as `dev`, which can be the name of a file"));
        }
        Ok(folder().map(|folder| folder.join(format!("{installation}.yaml"))))
    }

    /// The installations that have such a file, in the order of the alphabet.
    #[must_use]
    pub fn names() -> Vec<String> {
        let entries = folder().and_then(|folder| fs::read_dir(folder).ok());
        let files = entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = files.filter_map(|file| Some(file.strip_suffix(".yaml")?.to_owned())).collect();
        names.sort();
        names
    }

    /// The text of a file in which something is remembered, if it is there.
    pub fn text(file: &Path) -> Outcome<Option<String>> {
        match input::text_of(file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::usage(format!("failed to read {}: {error}", file.display()))),
        }
    }

    /// What is remembered in such a text. That of another bundle is refused.
    pub fn read(file: &Path, text: &str, bundle: &str) -> Outcome<Self> {
        let shown = file.display();
        let value = yaml::manifests(&shown.to_string(), text)?.into_iter().next().unwrap_or_default();
        let read: Self = serde_json::from_value(value).map_err(|error| {
            Failure::usage(format!("{shown} is not as `--save` writes it: {error}"))
                .hint("correct it, or remove it and give everything once more")
        })?;
        if read.bundle != bundle {
            let (other, name) = (&read.bundle, &read.installation);
            return Err(Failure::refused(format!(
                "the installation {name} is one of the bundle {other}, not of {bundle}; nothing was started"
            ))
            .hint(format!("give this one another name by --name, or remove {shown} if that one is gone")));
        }
        Ok(read)
    }

    /// Remembers nothing yet.
    #[must_use]
    pub fn nothing(bundle: &str, folder: &str, installation: &str) -> Self {
        Self {
            bundle: bundle.to_owned(),
            folder: folder.to_owned(),
            installation: installation.to_owned(),
            parameters: Vec::new(),
            credentials: Vec::new(),
            kubeconfigs: BTreeMap::new(),
            last: None,
        }
    }

    /// Takes over what is given to a run, and answers the names of what cannot be kept: secrets that are given by value.
    pub fn take(&mut self, header: &Header, parameters: &[Setting], credentials: &[Setting]) -> Vec<String> {
        let mut left_out = Vec::new();
        self.parameters = entries(parameters, &mut left_out, |setting| {
            let declared = header.parameters.iter().find(|it| it.name == setting.name)?;
            match &setting.source {
                Source::Text(path) if declared.shape.kind() == "file" => lasting(Path::new(path)),
                Source::Text(_) | Source::Json(_) | Source::Last(_) if declared.sensitive => None,
                Source::Text(text) | Source::Last(text) if holds_secret(text) => None,
                Source::Json(value) if holds_secret(&value.to_string()) => None,
                Source::Json(value) => Some(Reference::Value(value.clone())),
                Source::Last(text) => Some(Reference::Last(text.clone())),
                Source::Text(text) => match text.strip_prefix('@').filter(|_| declared.shape.kind() == "object") {
                    Some(file) => lasting(Path::new(file)),
                    None => Some(Reference::Value(text.as_str().into())),
                },
                other => by_reference(other),
            }
        });
        self.credentials = entries(credentials, &mut left_out, |setting| by_reference(&setting.source));
        left_out.retain(|name| !self.kubeconfigs.contains_key(name));
        left_out
    }

    /// Takes over the values of a run, but for those with a secret in them, of which an older value does not stay either. Some
    /// parameters are for some actions alone, so what this run does not have stays.
    pub fn take_values(&mut self, header: &Header, action: &str, values: &BTreeMap<String, String>) {
        let last = self.last.get_or_insert_default();
        action.clone_into(&mut last.action);
        for (name, value) in values {
            if holds_secret(value) {
                last.values.remove(name);
                last.secret.insert(name.clone());
            } else {
                last.values.insert(name.clone(), value.clone());
                last.secret.remove(name);
            }
        }
        last.values.retain(|name, _| !header.is_sensitive(name));
    }

    /// Writes it for its owner alone.
    pub fn write(&self, file: &Path) -> Outcome<()> {
        let text = format!(
            "# What `backstack bundle run --save` was given; later runs of this installation use it.\n{}",
            yaml::print(self)
        );
        write_private_below(file, text.as_bytes())
            .map_err(|error| Failure::failed(format!("failed to write {}: {error}", file.display())))
    }

    /// The parameters as they were given.
    #[must_use]
    pub fn parameters(&self, file: &Path) -> Vec<Setting> {
        settings(&self.parameters, file)
    }

    /// The credentials as they were given.
    #[must_use]
    pub fn credentials(&self, file: &Path) -> Vec<Setting> {
        settings(&self.credentials, file)
    }

    /// All values of the last run, but for those in files, of which only the digest is known, and those that are secret now.
    #[must_use]
    pub fn last_values(&self, header: &Header, file: &Path) -> Vec<Setting> {
        let is_file = |name: &str| header.parameters.iter().any(|it| it.name == name && it.shape.kind() == "file");
        let values = self.last.iter().flat_map(|last| &last.values);
        let values = values.filter(|(name, _)| !is_file(name) && !header.is_sensitive(name));
        let source = |value: &String| Source::Last(value.clone());
        values
            .map(|(name, value)| Setting { name: name.clone(), source: source(value), said: Some(said(file)) })
            .collect()
    }

    /// The parameters whose last value is not known, for it is secret.
    #[must_use]
    pub fn not_known(&self, header: &Header) -> Vec<String> {
        let is_secret = |name: &str| self.last.iter().any(|last| last.secret.contains(name));
        let secret = header.parameters.iter().filter(|it| it.sensitive || is_secret(&it.name));
        secret.map(|it| it.name.clone()).collect()
    }
}

/// Where the files of all installations are.
fn folder() -> Option<PathBuf> {
    env::config_home().map(|home| home.join("backstack/installations"))
}

/// What is kept of each; what is given last under a name counts.
fn entries(given: &[Setting], left_out: &mut Vec<String>, keep: impl Fn(&Setting) -> Option<Reference>) -> Vec<Entry> {
    let mut kept = Vec::new();
    for (name, setting) in by_name(given) {
        match keep(setting) {
            Some(source) => kept.push(Entry { name: name.to_owned(), source }),
            None => left_out.push(name.to_owned()),
        }
    }
    kept
}

fn by_reference(source: &Source) -> Option<Reference> {
    match source {
        Source::Variable(name) => Some(Reference::Env(name.clone())),
        Source::File(path) => lasting(path),
        Source::Text(_) | Source::Last(_) | Source::Json(_) | Source::Content(_) => None,
    }
}

/// Whether a secret is in it that is known by now: a password in an address is one wherever it stands.
fn holds_secret(text: &str) -> bool {
    hide_secrets_in(text);
    redact(text) != text
}

/// A file that is there in the next run, too: not the end of a pipe, such as `<(pass show token)`.
fn lasting(path: &Path) -> Option<Reference> {
    let path = std::path::absolute(path).ok()?;
    let is_passing = ["/dev/fd", "/dev/stdin", "/proc"].iter().any(|it| path.starts_with(it));
    (!is_passing).then_some(Reference::Path(path))
}

fn settings(entries: &[Entry], file: &Path) -> Vec<Setting> {
    let source = |reference: &Reference| match reference {
        Reference::Value(value @ (Value::Array(_) | Value::Object(_))) => Source::Json(value.clone()),
        Reference::Value(value) => Source::Text(scalar_text(value)),
        Reference::Last(text) => Source::Last(text.clone()),
        Reference::Env(name) => Source::Variable(name.clone()),
        Reference::Path(path) => Source::File(path.clone()),
    };
    entries
        .iter()
        .map(|it| Setting { name: it.name.clone(), source: source(&it.source), said: Some(said(file)) })
        .collect()
}

fn said(file: &Path) -> String {
    format!("remembered in {}", file.display())
}
