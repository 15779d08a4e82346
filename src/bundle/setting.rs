//! What a run is given under a name: a value, or where it is found.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::input;
use crate::report::{Failure, Outcome};

/// A parameter or credential that is given to a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The name.
    pub name: String,
    /// What is given.
    pub source: Source,
    /// The file that says so, with the place in it; none for the command line.
    pub said: Option<String>,
}

/// What is given under a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A value as a command line has it: of a `file` the path, of an object also `@FILE`.
    Text(String),
    /// A list or a mapping.
    Json(Value),
    /// A value of the last run. Nobody may have given it: it may have been a default of the bundle's own.
    Last(String),
    /// The environment variable that holds it.
    Variable(String),
    /// The file that holds it.
    File(PathBuf),
    /// What was read already.
    Content(Vec<u8>),
}

impl Setting {
    /// A parameter of the command line, `NAME=VALUE`.
    pub fn parameter(pair: &str) -> Outcome<Self> {
        let (name, value) = pair.split_once('=').ok_or_else(|| without_value("parameter", "--param NAME=VALUE"))?;
        Ok(Self { name: name.to_owned(), source: Source::Text(value.to_owned()), said: None })
    }

    /// A credential of the command line, `NAME=ENV|PATH`: an environment variable of that name, or else a file at that path;
    /// `./name` is always the file.
    pub fn credential(pair: &str) -> Outcome<Self> {
        let (name, place) = pair.split_once('=').ok_or_else(|| without_value("credential", "--cred NAME=ENV|PATH"))?;
        let source = match std::env::var_os(place) {
            Some(_) => Source::Variable(place.to_owned()),
            None => Source::File(place.into()),
        };
        Ok(Self { name: name.to_owned(), source, said: None })
    }

    /// A mistake about it, with the place where it was given.
    pub(super) fn wrong(&self, why: &str) -> String {
        format!("`{}`: {why}{}", self.name, self.place())
    }

    /// The place where it was given, as it ends a sentence; nothing for the command line.
    pub(super) fn place(&self) -> String {
        self.said.as_ref().map_or(String::new(), |place| format!(" ({place})"))
    }
}

impl Source {
    /// The bytes behind it.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) | Self::Last(text) => Ok(text.clone().into_bytes()),
            Self::Json(value) => Ok(value.to_string().into_bytes()),
            Self::Content(bytes) => Ok(bytes.clone()),
            Self::Variable(name) => match std::env::var_os(name) {
                Some(value) => Ok(value.into_encoded_bytes()),
                None => Err(format!("the environment variable {name} is not set")),
            },
            Self::File(path) => {
                input::bytes_of(path).map_err(|error| format!("{} cannot be read as a file: {error}", path.display()))
            }
        }
    }
}

/// What is given last under a name is what counts.
pub(super) fn by_name(given: &[Setting]) -> BTreeMap<&str, &Setting> {
    given.iter().map(|setting| (setting.name.as_str(), setting)).collect()
}

fn without_value(noun: &str, form: &str) -> Failure {
    Failure::usage(format!("a {noun} is given without a value")).hint(format!("write {form}"))
}
