//! How a download logs in.

use std::path::{self, Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::process::{Program, write_private};
use crate::report::{Failure, Outcome};
use crate::spec::address::host;

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

    /// The file for a program that reads `.netrc`, to log in to this server: the one that is given, or one of its own in the folder.
    /// Go logs in over https alone.
    pub(super) fn as_netrc(&self, server: &str, folder: &Path) -> Outcome<Option<PathBuf>> {
        let Some(user) = &self.user else {
            return Ok(self.netrc.as_ref().map(|file| path::absolute(file).unwrap_or_else(|_| file.clone())));
        };
        let (name, password) = user.expose_secret().split_once(':').unwrap_or((user.expose_secret(), ""));
        let authority = server.split_once("://").map_or(server, |(_, rest)| rest).split('/').next().unwrap_or_default();
        // Some versions of Go look for the host alone, others for it with its port.
        let machines = [authority, host(server)].map(|it| format!("machine {it} login {name} password {password}\n"));
        let file = folder.join("netrc");
        let text = Zeroizing::new(machines.concat());
        write_private(&file, text.as_bytes())
            .map_err(|error| Failure::failed(format!("failed to write below {}: {error}", folder.display())))?;
        Ok(Some(file))
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
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_ends_a_word_is_escaped() {
        assert_eq!(config(r#"me:a"b\c"#), "user = \"me:a\\\"b\\\\c\"\n");
    }

    #[test]
    fn a_login_is_a_file_for_those_that_read_netrc() {
        let folder = tempfile::tempdir().expect("a folder");
        let login = Login { user: Some("me:planted:1".to_owned().into()), netrc: None };
        let file = login.as_netrc("https://m.example.org:8443/all", folder.path()).expect("written").expect("a file");
        let text = "machine m.example.org:8443 login me password planted:1\nmachine m.example.org login me password planted:1\n";
        assert_eq!(fs::read_to_string(&file).expect("there"), text);
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Login::default().as_netrc("https://m.example.org", folder.path()).expect("nothing"), None);
    }
}
