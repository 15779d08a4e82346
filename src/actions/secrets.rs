//! Secrets enter by reference: the name of an environment variable or the path of a file, never a value.

use secrecy::SecretString;

use crate::gitops::GitCredential;
use crate::report::{Failure, Outcome, remember_secret};
use crate::spec::{Credential, SecretRef};

/// Reads a git credential. `None` when nothing of it is given, which means a public repository.
pub fn git_credential(name: &str, credential: Option<&Credential>) -> Outcome<Option<GitCredential>> {
    let Some(it) = credential else { return Ok(None) };
    let read = |field: &str, reference: &Option<SecretRef>| match reference {
        Some(reference) => read_secret(&format!("repository.{name}.{field}"), reference),
        None => Ok(None),
    };
    let credential = GitCredential {
        username: read("username", &it.username)?,
        password: read("password", &it.password)?.map(hidden),
        ssh_private_key: read("sshPrivateKey", &it.ssh_private_key)?.map(hidden),
        known_hosts: read("knownHosts", &it.known_hosts)?,
    };
    let given = credential.password.is_some() || credential.ssh_private_key.is_some();
    Ok(given.then_some(credential))
}

/// Reads a secret. An unset variable, an absent file and an empty value all mean that it was not given: Porter
/// leaves out an optional credential in just these ways.
fn read_secret(field: &str, reference: &SecretRef) -> Outcome<Option<String>> {
    let value = match (&reference.env, &reference.file) {
        (Some(variable), _) => std::env::var(variable).ok(),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::failed(format!("cannot read {path} for {field}: {error}"))),
        },
        (None, None) => None,
    };
    Ok(value.filter(|text| !text.trim().is_empty()))
}

fn hidden(value: String) -> SecretString {
    remember_secret(&value);
    SecretString::from(value)
}
