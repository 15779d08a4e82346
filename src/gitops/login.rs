//! How a download logs in.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use crate::process::Program;

/// Logins for web servers: one for the server that is asked, and those of a file, each for a host.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// A user and password, with a `:` between them.
    pub user: Option<SecretString>,
    /// A file as `.netrc` is one.
    pub netrc: Option<PathBuf>,
}

impl Login {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.user.is_none() && self.netrc.is_none()
    }

    /// Hands it to curl: on stdin, since arguments can be read by everybody. curl gives it to no other host that it is
    /// redirected to.
    pub(super) fn give_to(&self, curl: Program) -> Program {
        let curl = match &self.netrc {
            Some(file) => curl.args(["--netrc-file"]).args([file]),
            None => curl,
        };
        match &self.user {
            Some(user) => curl.args(["--config", "-"]).input(config(user.expose_secret()).into_bytes()),
            None => curl,
        }
    }
}

/// A line of curl's configuration (its manual page, "--config").
fn config(user: &str) -> String {
    format!("user = \"{}\"\n", quoted(user))
}

/// A text as it stands between quotes there.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_word_is_escaped() {
        assert_eq!(config(r#"me:a"b\c"#), "user = \"me:a\\\"b\\\\c\"\n");
    }
}
