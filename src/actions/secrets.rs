//! Secrets enter by reference: the name of an environment variable or the path of a file, never a value.

use std::io::ErrorKind;

use zeroize::Zeroizing;

use crate::gitops::GitCredential;
use crate::report::{Failure, Outcome};
use crate::spec::{Credential, SecretRef};

/// Reads a git credential. `None` when nothing of it is given, which means a public repository.
pub fn git_credential(name: &str, credential: Option<&Credential>) -> Outcome<Option<GitCredential>> {
    match credential {
        Some(written) => {
            GitCredential::resolve(written, look_up).map_err(|failure| failure.context(format!("repository.{name}")))
        }
        None => Ok(None),
    }
}

/// The value of a variable or file. Not there means that it was not given: Porter leaves an optional credential out.
pub fn look_up(reference: &SecretRef) -> Outcome<Option<Zeroizing<String>>> {
    match (&reference.env, &reference.file) {
        (Some(variable), _) => Ok(std::env::var(variable).ok().map(Zeroizing::new)),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::failed(format!("cannot read {path}: {error}"))
                .hint("it must be a text file that the user of the bundle, uid 65532 in Porter's image, may read")),
        },
        (None, None) => Ok(None),
    }
}
