//! A repository, and what it takes to get into it.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::committer::Committer;
use super::connection::{ClientCertificate, Connection};
use super::depot::Depot;
use super::since::Since;
use crate::document::{Credential, SecretRef};
use crate::report::{Console, Failure, Outcome, remember_secret};
use crate::schema::{address, is_branch, no_repository};

/// The user name that goes with a token alone: forges take any.
const ANY_USER: &str = "git";
/// A user name of this length may be a token.
const TOKEN: usize = 20;

/// A branch of a repository, and who asks for it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The address: `https://…`, `ssh://…`, `user@host:path`, or a path on this machine.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The credential; without one the repository is asked as anybody.
    pub credential: Option<GitCredential>,
    /// How the host is reached.
    pub connection: Connection,
    /// Who commits there.
    pub committer: Committer,
    /// Where the hub is that follows the branch; `None` where there is none yet, or where nothing will be committed.
    pub since: Option<Since>,
    /// Where that is kept which was brought of it.
    pub depot: Depot,
}

/// A user name and password (or token), or an SSH key, and a client certificate.
#[derive(Debug, Clone, Default)]
pub struct GitCredential {
    /// The user name.
    pub username: Option<String>,
    /// The password or token.
    pub password: Option<SecretString>,
    /// A private key for SSH.
    pub ssh_private_key: Option<SecretString>,
    /// The host keys to trust over SSH, as lines of a `known_hosts` file.
    pub known_hosts: Option<String>,
    /// What logs in to a host which asks for a certificate.
    pub client: Option<ClientCertificate>,
}

impl GitCredential {
    /// The values that a step refers to. `look_up` gives the value of a variable or file, `None` when it is unset.
    ///
    /// An empty value counts as unset, and so does a credential of which nothing is set: an optional one of
    /// Porter's. The caller decides whether it can do without.
    pub fn resolve(
        written: &Credential,
        look_up: impl Fn(&SecretRef) -> Outcome<Option<Zeroizing<String>>>,
    ) -> Outcome<Option<Self>> {
        let value = |reference: &Option<SecretRef>| match reference {
            // Editors and `echo` end a file with a newline that is no part of a password; an SSH key gets its back.
            Some(reference) => Ok(look_up(reference)?
                .map(|value| value.trim_end_matches(['\r', '\n']).to_owned())
                .filter(|value| !value.is_empty())),
            None => Ok::<_, Failure>(None),
        };
        let username = value(&written.username)?;
        // Some forges take the token as the user name.
        username.iter().filter(|name| name.len() >= TOKEN).for_each(remember_secret);
        let found = Self {
            username,
            password: value(&written.password)?.map(secret),
            ssh_private_key: value(&written.ssh_private_key)?.map(secret),
            known_hosts: value(&written.known_hosts)?,
            client: ClientCertificate::of(value(&written.client_certificate)?, value(&written.client_key)?)?,
        };
        match &found {
            Self { password: None, ssh_private_key: None, username: Some(_), .. } => {
                Err(Failure::usage("a git credential has a user name but neither a password nor an SSH key")
                    .hint("set the variable or file that `password` or `sshPrivateKey` refers to"))
            }
            Self { password: None, ssh_private_key: None, client: None, .. } => Ok(None),
            _ => Ok(Some(found)),
        }
    }

    /// The user name to log in with.
    #[must_use]
    pub fn user(&self) -> &str {
        self.username.as_deref().unwrap_or(ANY_USER)
    }
}

impl Access {
    /// A branch as one that nobody follows yet, for a commit of nobody in particular.
    #[must_use]
    pub fn new(url: &str, branch: &str, credential: Option<GitCredential>) -> Self {
        let (url, branch) = (url.to_owned(), branch.to_owned());
        Self {
            url,
            branch,
            credential,
            connection: Connection::default(),
            committer: Committer::default(),
            since: None,
            depot: Depot::default(),
        }
    }

    /// Refuses addresses that would put a secret where everybody sees it, or that git would take for an option.
    pub fn check(&self) -> Outcome<()> {
        if let Some(hint) = no_repository(&self.url) {
            return Err(Failure::usage(format!("`{}` is no address of a git repository", self.shown())).hint(hint));
        }
        if let Some((what, _)) = address::secret_in(&self.url) {
            return Err(Failure::usage(format!("there is {what}: {}", self.shown()))
                .hint("give user and password as `username` and `password` of the step, by `env` or `file`"));
        }
        let branch = &self.branch;
        if !is_branch(branch) {
            let hint = "it is what `git check-ref-format --branch` takes, without `refs/heads/` before it";
            return Err(Failure::usage(format!("`{branch}` is not the name of a branch")).hint(hint));
        }
        let has_client = self.credential.as_ref().is_some_and(|it| it.client.is_some());
        self.connection.check(&self.url, has_client)
    }

    /// Says that the password goes unencrypted, and refuses that beyond this machine unless it is allowed.
    pub fn check_way(&self, allowed: bool) -> Outcome<()> {
        let has_password = self.credential.as_ref().is_some_and(|credential| credential.password.is_some());
        if !has_password || !address::is_unencrypted(&self.url) {
            return Ok(());
        }
        let shown = self.shown();
        if !allowed && !address::is_loopback(&self.url) {
            return Err(Failure::refused(format!(
                "the password for {shown} would cross the network unencrypted; nothing was changed"
            ))
            .hint(
                "give the repository an https or ssh address, or let it by `allowInsecure: true` beside its credential in the step",
            ));
        }
        Console::new(false).say_once(format!("warning: the password for {shown} is sent unencrypted"));
        Ok(())
    }

    /// The address as it may be shown: without user name, password and tokens.
    #[must_use]
    pub fn shown(&self) -> String {
        address::shown(&self.url)
    }

    /// Scheme, host and port of an address with http; the only server that gets the password.
    pub(super) fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.url.split_once("://").filter(|(scheme, _)| scheme.starts_with("http"))?;
        let authority = rest.split('/').next()?;
        let host = authority.rsplit('@').next()?;
        Some(format!("{scheme}://{host}"))
    }

    /// Whether git reaches it by ssh.
    pub(super) fn is_over_ssh(&self) -> bool {
        address::is_over_ssh(&self.url)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (branch {})", self.shown(), self.branch)
    }
}

fn secret(value: String) -> SecretString {
    remember_secret(&value);
    SecretString::from(value)
}

/// The key as `ssh` reads it: Unix line ends, and one at the end.
pub(super) fn key_file(key: &SecretString) -> Zeroizing<String> {
    let unix = Zeroizing::new(key.expose_secret().replace("\r\n", "\n"));
    Zeroizing::new(format!("{}\n", unix.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(url: &str) -> Access {
        Access::new(url, "main", None)
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_shown() {
        for url in [
            "https://me:hunter2@git.example.org/hub.git",
            "https://hunter2@git.example.org/hub.git",
            "ssh://git:hunter2@git.example.org/hub.git",
            "https://git.example.org/hub.git?private_token=hunter2",
        ] {
            let failure = access(url).check().expect_err("refused");
            assert!(!failure.render().contains("hunter2"), "{failure}");
            assert!(!access(url).to_string().contains("hunter2"));
        }
        for url in
            ["ssh://git@git.example.org/hub.git", "git@git.example.org:hub.git", "/srv/hub.git", "http://[::1]/a"]
        {
            access(url).check().expect(url);
        }
    }

    #[test]
    fn a_password_leaves_this_machine_encrypted_or_by_permission() {
        let with = |url: &str| Access {
            credential: Some(GitCredential {
                password: Some(secret("t0ken-of-mine".to_owned())),
                ..GitCredential::default()
            }),
            ..access(url)
        };
        let refused = with("http://git.example.org/hub.git").check_way(false).expect_err("refused");
        assert!(refused.message.contains("unencrypted") && refused.exit.code() == 3, "{refused:?}");
        with("http://git.example.org/hub.git").check_way(true).expect("allowed by name");
        for url in
            ["https://git.example.org/hub.git", "http://127.0.0.1:1/hub.git", "http://[::1]/a", "http://localhost/a"]
        {
            with(url).check_way(false).expect(url);
        }
        access("http://git.example.org/hub.git").check_way(false).expect("a public repository");
    }

    #[test]
    fn what_git_would_take_for_an_option_is_refused() {
        for url in ["", "--upload-pack=x", "ext::sh -c x"] {
            access(url).check().expect_err(url);
        }
        for branch in ["", "-f", "a b", "../x", "a:b", "refs/heads/main", "HEAD"] {
            Access { branch: branch.to_owned(), ..access("/srv/hub.git") }.check().expect_err(branch);
        }
    }

    #[test]
    fn the_password_is_for_one_server() {
        assert_eq!(
            access("https://me@git.example.org:8443/a/b").origin().as_deref(),
            Some("https://git.example.org:8443")
        );
        assert_eq!(access("git@git.example.org:hub.git").origin(), None);
    }

    #[test]
    fn an_ssh_key_is_for_addresses_of_ssh() {
        for (url, is_over_ssh) in [
            ("ssh://git@git.example.org/hub.git", true),
            ("git+ssh://git.example.org/hub.git", true),
            ("git@git.example.org:hub.git", true),
            ("[::1]:hub.git", true),
            ("https://git.example.org:8443/hub.git", false),
            ("/srv/a:b/hub.git", false),
            ("./a:b", false),
            ("file:///srv/hub.git", false),
        ] {
            assert_eq!(access(url).is_over_ssh(), is_over_ssh, "{url}");
        }
    }

    #[test]
    fn unset_references_are_no_credential() {
        let variable = |name: &str| Some(SecretRef { env: Some(name.to_owned()), file: None });
        let written =
            Credential { username: variable("USER"), password: variable("PASSWORD"), ..Credential::default() };
        let resolve = |user: &str, password: &str| {
            GitCredential::resolve(&written, |reference| {
                let value = if reference.env.as_deref() == Some("USER") { user } else { password };
                Ok(Some(Zeroizing::new(value.to_owned())))
            })
        };
        assert!(resolve("", "\n").expect("nothing is set").is_none());
        assert!(resolve("me", "").is_err(), "a user name alone");
        let token = resolve("", "t0ken-of-mine\n").expect("a token").expect("is set");
        assert_eq!(token.user(), "git");
        assert_eq!(token.password.expect("is set").expose_secret(), "t0ken-of-mine");
    }
}
