//! How a download logs in.

use std::path::{self, Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::input;
use crate::process::{Program, write_private};
use crate::report::{Failure, Outcome};
use crate::schema::address::host;

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

    /// The file for a program that reads `.netrc`, to log in to this server: the one that is given, or one of its own in the folder,
    /// which has the other logins, too: those of the file that is given, or else the user's own. Go logs in over https alone.
    pub(super) fn as_netrc(&self, server: &str, own: Option<&Path>, folder: &Path) -> Outcome<Option<PathBuf>> {
        let Some(user) = &self.user else {
            return Ok(self.netrc.as_ref().map(|file| path::absolute(file).unwrap_or_else(|_| file.clone())));
        };
        let (name, password) = user.expose_secret().split_once(':').unwrap_or((user.expose_secret(), ""));
        if [name, password].iter().any(|it| it.contains(char::is_whitespace)) {
            let message = "the login of --mirror-login has a blank: in the `.netrc` of the Go tool it would end there";
            return Err(Failure::usage(message).hint("use a token without blanks, or bring the modules by `--from`"));
        }
        let authority = server.split_once("://").map_or(server, |(_, rest)| rest).split('/').next().unwrap_or_default();
        // Some versions of Go look for the host alone, others for it with its port.
        let machines = [authority, host(server)].map(|it| format!("machine {it} login {name} password {password}\n"));
        let file = folder.join("netrc");
        // Only a file: whatever else has its name may never end.
        let others = self.netrc.as_deref().or(own).filter(|it| it.is_file()).and_then(|it| input::bytes_of(it).ok());
        let others = Zeroizing::new(others.unwrap_or_default());
        let text = Zeroizing::new([machines.concat().as_bytes(), others.as_slice()].concat());
        write_private(&file, &text)
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

    const MIRROR: &str = "https://m.example.org:8443/all";

    #[test]
    fn what_ends_a_word_is_escaped() {
        assert_eq!(config(r#"me:a"b\c"#), "user = \"me:a\\\"b\\\\c\"\n");
    }

    #[test]
    fn a_login_is_a_file_for_those_that_read_netrc() {
        let folder = tempfile::tempdir().expect("a folder");
        let login = Login { user: Some("me:planted:1".to_owned().into()), netrc: None };
        let file = login.as_netrc(MIRROR, None, folder.path()).expect("written").expect("a file");
        let text = "machine m.example.org:8443 login me password planted:1\nmachine m.example.org login me password planted:1\n";
        assert_eq!(fs::read_to_string(&file).expect("there"), text);
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(Login::default().as_netrc(MIRROR, Some(&file), folder.path()).expect("nothing"), None);
    }

    #[test]
    fn the_logins_of_the_user_stand_behind_that_for_the_mirror() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let (own, given) =
            ("machine go.example.org login i password planted-2", "default login o password planted-3\n");
        fs::write(at("own"), own).expect("written");
        fs::write(at("given"), given).expect("written");
        let others = |own: &str, netrc: Option<PathBuf>| {
            let login = Login { user: Some("me:planted-1".to_owned().into()), netrc };
            let file = login.as_netrc(MIRROR, Some(&at(own)), folder.path()).expect("written").expect("a file");
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(&file).expect("there");
            text.split_once("machine m.example.org login me password planted-1\n").expect("first").1.to_owned()
        };
        assert_eq!(others("own", None), own);
        assert_eq!(others("own", Some(at("given"))), given);
        assert_eq!(others("nowhere", None), "");
        assert_eq!(others(".", None), "", "a folder");
    }

    #[test]
    fn a_login_with_a_blank_is_none_for_those_that_read_netrc() {
        let folder = tempfile::tempdir().expect("a folder");
        for user in ["me:planted 1", "planted me:1", "me:planted\t1"] {
            let login = Login { user: Some(user.to_owned().into()), netrc: None };
            let failure = login.as_netrc(MIRROR, None, folder.path()).expect_err("a blank");
            assert!(failure.message.contains("--mirror-login has a blank") && !failure.to_string().contains("planted"));
            assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
        }
    }
}
