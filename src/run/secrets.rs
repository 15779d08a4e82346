//! Secrets enter by reference: the name of an environment variable or the path of a file, never a value.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::document::{Credential, SecretRef};
use crate::git::{Committer, Connection, GitCredential};
use crate::input;
use crate::report::{Failure, Outcome, remember_secret};

/// Reads a git credential, which is called so in the step. `None` when nothing of it is given, which means a public repository.
pub fn git_credential(name: &str, credential: Option<&Credential>) -> Outcome<Option<GitCredential>> {
    match credential {
        Some(written) => GitCredential::resolve(written, look_up).map_err(|failure| failure.context(name)),
        None => Ok(None),
    }
}

/// How the host of a repository is reached, which is called so in the step.
pub fn git_connection(name: &str, written: Option<&crate::document::Connection>) -> Outcome<Connection> {
    match written {
        Some(written) => Connection::resolve(written, look_up).map_err(|failure| failure.context(name)),
        None => Ok(Connection::default()),
    }
}

/// Who commits, as a step says.
pub fn committer(written: Option<&crate::document::Committer>) -> Outcome<Committer> {
    written.map_or_else(|| Ok(Committer::default()), |written| Committer::resolve(written, look_up))
}

/// The login that the command line names: a user and password in a variable, or else in a file. What is named is not repeated,
/// since it may be the login itself.
pub fn login(option: &str, source: &str) -> Outcome<SecretString> {
    let variable = std::env::var(source).ok().map(Zeroizing::new);
    let read = || input::text_of(Path::new(source)).ok().map(Zeroizing::new);
    let login = variable.or_else(read).ok_or_else(|| {
        Failure::usage(format!("{option} names neither a variable that is set nor a file that can be read"))
            .hint("give the name of a variable or the path of a file that holds USER:PASSWORD, never the login itself")
    })?;
    let login = login.trim_end_matches(['\r', '\n']);
    remember_secret(login);
    match login.split_once(':') {
        Some((_, password)) if !password.is_empty() && !login.contains(['\r', '\n']) => {
            remember_secret(password);
            Ok(SecretString::from(login))
        }
        _ => Err(Failure::usage(format!("what {option} names is no login")).hint("it is one line, USER:PASSWORD")),
    }
}

/// The values of one Secret by key.
pub type SecretValues = BTreeMap<String, Zeroizing<String>>;

/// Those of the keys that are given. What is empty is not: a variable that nobody has set, as many a CI hands it over.
pub fn values(keys: &BTreeMap<String, SecretRef>) -> Outcome<SecretValues> {
    let mut values = SecretValues::new();
    for (key, reference) in keys {
        if let Some(value) = look_up(reference)?.filter(|value| !value.is_empty()) {
            remember_secret(value.as_bytes());
            values.insert(key.clone(), value);
        }
    }
    Ok(values)
}

/// The `data` of a Secret with these values.
pub fn encoded(values: &SecretValues) -> Map<String, Value> {
    values.iter().map(|(key, value)| (key.clone(), STANDARD.encode(value.as_bytes()).into())).collect()
}

/// The value of a variable or file. Not there means that it was not given: Porter leaves an optional credential out.
pub fn look_up(reference: &SecretRef) -> Outcome<Option<Zeroizing<String>>> {
    match (&reference.env, &reference.file) {
        (Some(variable), _) => Ok(std::env::var(variable).ok().map(Zeroizing::new)),
        (None, Some(path)) => match input::text_of(Path::new(path)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::failed(format!("cannot read {path}: {error}"))
                .hint("it must be a text file that the user of the bundle, uid 65532 in Porter's image, may read")),
        },
        (None, None) => Ok(None),
    }
}
