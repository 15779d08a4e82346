//! An entry of a kubeconfig: what it holds, and how a mistake in it is told.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::input;
use crate::report::{Failure, Outcome};

/// An entry of a kubeconfig, as it is told of.
pub(super) struct Entry<'k> {
    /// The kubeconfig.
    pub shown: &'k str,
    /// `cluster` or `user`.
    pub noun: &'static str,
    /// Its name.
    pub name: &'k str,
}

impl Entry<'_> {
    /// A value of it that is of no use.
    pub fn wrong(&self, key: &str, why: &str) -> Failure {
        let Self { shown, noun, name } = self;
        Failure::failed(format!("cannot use the kubeconfig {shown}: {noun} {name}: `{key}` {why}"))
            .hint(format!("correct `{key}` of the {noun} `{name}` in the kubeconfig"))
    }

    /// What an entry holds in base64, or in a file that it names, with the key that it is of.
    pub fn bytes(
        &self,
        key: &str,
        data: Option<&str>,
        file: Option<&str>,
    ) -> Outcome<Option<(String, Zeroizing<Vec<u8>>)>> {
        let (key, bytes) = match (data, file) {
            (Some(_), Some(_)) => return Err(self.wrong(key, &format!("and `{key}-data` are both there: keep one"))),
            (Some(data), None) => {
                let key = format!("{key}-data");
                let bytes = STANDARD.decode(data).map_err(|_| self.wrong(&key, "is no base64"))?;
                (key, bytes)
            }
            (None, Some(file)) => {
                let read = input::bytes_of(Path::new(file));
                let bytes =
                    read.map_err(|error| self.wrong(key, &format!("is {file}, which cannot be read: {error}")))?;
                (key.to_owned(), bytes)
            }
            (None, None) => return Ok(None),
        };
        Ok(Some((key, Zeroizing::new(bytes))))
    }
}
