//! The parameters and credentials of one run: given, by default, or missing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::manifest::{Credential, Header, Parameter, applies};
use super::seen::json_float;
use super::setting::{Setting, Source, by_name};
use crate::document::{has_kind, scalar_text};
use crate::input;
use crate::report::{Failure, Outcome, remember_secret};
use crate::schema::{address, hide_secrets, known_hint};

/// A value that the bundle is played with.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The name of the parameter or credential.
    pub name: String,
    /// The environment variable in which the bundle finds it.
    pub variable: Option<String>,
    /// The file of the image in which it finds it, too.
    pub file: Option<String>,
    /// The bytes it finds there. A credential that is not required may be missing.
    pub bytes: Option<Vec<u8>>,
    /// The type of the value.
    pub kind: String,
}

impl Given {
    /// The value as a variable holds it: that of a file is base64, which Porter decodes in the file alone.
    pub fn text(&self) -> Option<String> {
        let text = |bytes: &[u8]| match self.kind.as_str() {
            "file" => STANDARD.encode(bytes),
            _ => String::from_utf8_lossy(bytes).into_owned(),
        };
        self.bytes.as_deref().map(text)
    }
}

/// The parameters for `action`: those given, and the defaults of the others. All mistakes at once.
pub fn parameters(header: &Header, action: &str, given: &[Setting]) -> Outcome<Vec<Given>> {
    let given = by_name(given);
    let mut mistakes = unknown("parameter", &given, header.parameters.iter().map(|it| it.name.as_str()));
    let mut values = Vec::new();
    for parameter in header.parameters.iter().filter(|it| applies(&it.apply_to, action)) {
        match parameter_value(parameter, given.get(parameter.name.as_str()).copied(), action) {
            Ok(value) => values.extend(value),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(refused("parameters", mistakes)) }
}

/// The credentials for `action`. All mistakes at once.
pub fn credentials(header: &Header, action: &str, given: &[Setting]) -> Outcome<Vec<Given>> {
    let given = by_name(given);
    let mut mistakes = unknown("credential", &given, header.credentials.iter().map(|it| it.name.as_str()));
    let mut values = Vec::new();
    for credential in &header.credentials {
        match credential_value(credential, given.get(credential.name.as_str()).copied(), action) {
            Ok(value) => values.push(value),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(refused("credentials", mistakes)) }
}

fn parameter_value(parameter: &Parameter, given: Option<&Setting>, action: &str) -> Result<Option<Given>, String> {
    let name = &parameter.name;
    let kind = parameter.shape.kind();
    let value = match (given, &parameter.shape.default) {
        (Some(setting), _) => given_value(parameter, setting)?,
        (None, Some(default)) => default.clone(),
        // Porter takes such a parameter from the last run's outputs, and does not ask for it before there are any.
        (None, None) if parameter.source.is_some() && action == "install" => return Ok(None),
        (None, None) => return Err(format!("`{name}` is required and has no default; give --param {name}=VALUE")),
    };
    // Before anything is said about it.
    if parameter.sensitive {
        remember(&value);
    } else if kind != "file" {
        hide_secrets_in(&scalar_text(&value));
    }
    parameter.shape.check_told(name, &told(&scalar_text(&value), given), &value)?;
    let text = match value.as_f64().filter(|_| kind == "number") {
        Some(number) => json_float(number),
        None => scalar_text(&value),
    };
    let bytes = match kind {
        "file" => STANDARD.decode(text.trim()).map_err(|_| format!("`{name}` is a file, whose default is base64"))?,
        _ => text.into_bytes(),
    };
    if parameter.sensitive {
        remember_secret(&bytes);
    }
    let (variable, file) = (parameter.variable(), parameter.path.clone());
    Ok(Some(Given { name: name.clone(), variable, file, bytes: Some(bytes), kind: kind.to_owned() }))
}

/// What is given for a parameter, in its type. What is in a `file` is base64.
fn given_value(parameter: &Parameter, setting: &Setting) -> Result<Value, String> {
    let kind = parameter.shape.kind();
    let wrong = |why: String| setting.wrong(&why);
    let text = match &setting.source {
        Source::Text(path) if kind == "file" => {
            let bytes =
                input::bytes_of(Path::new(path)).map_err(|error| wrong(format!("failed to read {path}: {error}")))?;
            return Ok(STANDARD.encode(bytes).into());
        }
        Source::Json(value) if kind == "any" || has_kind(value, kind) => return Ok(value.clone()),
        Source::Json(_) => return Err(wrong(format!("a list or a mapping, expected {kind}"))),
        Source::Text(text) => from_file(kind, text).map_err(wrong)?,
        other => {
            let bytes = other.bytes().map_err(wrong)?;
            if kind == "file" {
                return Ok(STANDARD.encode(bytes).into());
            }
            if parameter.sensitive {
                remember_secret(&bytes);
            }
            String::from_utf8(bytes).map_err(|_| wrong("what is there is not UTF-8".to_owned()))?.into()
        }
    };
    if parameter.sensitive {
        remember_secret(&*text);
    } else {
        hide_secrets_in(&text);
    }
    let (name, place) = (&setting.name, setting.place());
    typed(kind, &text).ok_or_else(|| format!("`{name}` is {}, expected {kind}{place}", told(&text, Some(setting))))
}

/// A value beside a mistake. What is in a variable or a file may be another one's secret, and is not shown.
fn told(text: &str, given: Option<&Setting>) -> String {
    match given.map(|it| &it.source) {
        Some(Source::Variable(name)) => format!("what the variable {name} holds"),
        Some(Source::File(path)) => format!("what is in {}", path.display()),
        Some(Source::Text(path)) if text != path && path.starts_with('@') => format!("what is in {}", &path[1..]),
        _ => format!("`{text}`"),
    }
}

/// Has the secrets in a value masked that is none itself: logins in its addresses, tokens, and what is called a password.
pub(super) fn hide_secrets_in(text: &str) {
    address::secrets_in_text(text).for_each(remember_secret);
    hide_secrets(text);
}

/// What is said of a source that may be the secret itself, as the shell makes it of `--cred token=$TOKEN`.
const NO_SOURCE: &str = "what is given names neither an environment variable that is set nor a file that can be read; \
    give the name of the variable, without `$`, or a path that begins with `./` or `/`";

/// Whether it is surely the path or the name that somebody has meant.
fn may_be_repeated(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let is_variable = text.len() < 40 && text.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
    is_variable || path.is_absolute() || text.starts_with("./") || text.starts_with("../")
}

fn credential_value(credential: &Credential, given: Option<&Setting>, action: &str) -> Result<Given, String> {
    let name = &credential.name;
    let read = |setting: &Setting| {
        setting.source.bytes().map_err(|why| match (&setting.source, &setting.said) {
            (Source::File(path), None) if !may_be_repeated(path) => setting.wrong(NO_SOURCE),
            (Source::File(_), None) => setting.wrong(&format!("{why}; and it is no environment variable")),
            _ => setting.wrong(&why),
        })
    };
    let bytes = given.map(read).transpose()?;
    if bytes.is_none() && credential.required && applies(&credential.apply_to, action) {
        return Err(format!("`{name}` is required; give {}", forms(name)));
    }
    if let Some(bytes) = &bytes {
        remember_secret(bytes);
    }
    let (variable, file) = (credential.env.clone(), credential.path.clone());
    if let (None, Some(Source::Variable(source)), Some(bytes)) = (&variable, given.map(|it| &it.source), &bytes)
        && names_a_file(bytes)
    {
        return Err(format!(
            "`{name}` is the content of a file, but {source} holds only the path of one; give --cred {name}=\"${source}\""
        ));
    }
    Ok(Given { name: name.clone(), variable, file, bytes, kind: "string".to_owned() })
}

/// Whether a credential of this name is a kubeconfig, so that the current one is meant where no other is named.
#[must_use]
pub fn is_kubeconfig(name: &str) -> bool {
    name == "kubeconfig" || name.ends_with("-kubeconfig")
}

/// How a credential is given.
fn forms(name: &str) -> String {
    let current =
        if is_kubeconfig(name) { format!(", or --cred {name} alone for the current one") } else { String::new() };
    format!("--cred {name}=ENV|PATH{current}")
}

fn names_a_file(bytes: &[u8]) -> bool {
    let path = std::str::from_utf8(bytes).map(|text| Path::new(text.trim()));
    path.is_ok_and(|path| path.is_absolute() && path.is_file())
}

/// The text of an object may be in a file: `@FILE`.
fn from_file<'t>(kind: &str, text: &'t str) -> Result<Cow<'t, str>, String> {
    match text.strip_prefix('@').filter(|_| kind == "object") {
        None => Ok(text.into()),
        Some(file) => {
            let text = input::text_of(Path::new(file));
            text.map(Cow::Owned).map_err(|error| format!("failed to read {file}: {error}"))
        }
    }
}

/// The value that Porter reads from a command line (`Schema.ConvertValue` in cnab-go's `bundle/definition`).
fn typed(kind: &str, text: &str) -> Option<Value> {
    match kind {
        "string" | "any" => Some(text.into()),
        "boolean" => text.to_lowercase().parse::<bool>().ok().map(Value::from),
        "integer" => text.parse::<i64>().ok().map(Value::from),
        // Go reads hexadecimal floats too, which nobody writes. What is infinite, or no number, is no JSON.
        "number" => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
            serde_json::from_str(&json_float(number)).ok()
        }
        _ => serde_json::from_str(text).ok().filter(|value| has_kind(value, kind)),
    }
}

/// Porter hides every value inside of a sensitive object too.
fn remember(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(remember),
        Value::Object(map) => map.values().for_each(remember),
        Value::Null => {}
        other => remember_secret(scalar_text(other)),
    }
}

fn unknown<'a>(noun: &str, given: &BTreeMap<&str, &Setting>, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let known: Vec<&str> = known.collect();
    let unknown = given.values().filter(|it| !known.contains(&it.name.as_str()));
    let told = unknown.map(|setting| {
        let (name, place) = (&setting.name, setting.place());
        format!("the bundle has no {noun} `{name}`{place}; {}", known_hint(name, &known))
    });
    told.collect()
}

fn refused(what: &str, mistakes: Vec<String>) -> Failure {
    Failure::usage(format!("the {what} do not fit the bundle; nothing was started")).details(mistakes)
}
