//! Who commits, and by which trailer a commit under another name is known as ours.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::document::SecretRef;
use crate::report::{Failure, Outcome, remember_secret};

/// The trailer (git-interpret-trailers) of a commit of ours under the name of somebody else, and its value.
const TRAILER: (&str, &str) = ("Made-with", "backstack");

/// Who commits.
#[derive(Debug, Clone)]
pub struct Committer {
    name: String,
    email: String,
    /// The key that commits are signed with.
    pub(super) signing_key: Option<SigningKey>,
}

impl Default for Committer {
    fn default() -> Self {
        let crate::document::Committer { name, email, .. } = crate::document::Committer::default();
        Self { name, email, signing_key: None }
    }
}

impl Committer {
    /// What a step says. `look_up` gives the value of a variable or file, `None` when it is unset. What is empty counts as not
    /// given: a parameter or credential of Porter that nobody has set.
    pub fn resolve(
        written: &crate::document::Committer,
        look_up: impl Fn(&SecretRef) -> Outcome<Option<Zeroizing<String>>>,
    ) -> Outcome<Self> {
        let nobody = crate::document::Committer::default();
        let name = or_default(&written.name, nobody.name, "name")?;
        let email = or_default(&written.email, nobody.email, "email")?;
        let key = written.signing_key.as_ref().map(look_up).transpose()?.flatten();
        let signing_key = key.filter(|key| !key.trim().is_empty()).map(|key| {
            remember_secret(key.trim());
            SigningKey::of(SecretString::from(key.as_str()))
        });
        Ok(Self { name, email, signing_key: signing_key.transpose()? })
    }

    /// The message of a commit, with what tells it as ours.
    pub(super) fn sign_off(&self, message: &str) -> String {
        if self.to_string() == Self::default().to_string() {
            return message.to_owned();
        }
        let (key, value) = TRAILER;
        format!("{}\n\n{key}: {value}\n", message.trim_end())
    }

    /// Whether a commit is ours, by its committer and its trailers of our name.
    pub(super) fn is_ours(committer: &str, trailers: &str) -> bool {
        committer == Self::default().to_string() || trailers == TRAILER.1
    }

    /// What `git log` prints of a commit for [`is_ours`](Self::is_ours), after `%cn <%ce>`.
    pub(super) fn trailers() -> String {
        format!("%(trailers:key={},valueonly,separator=%x2C)", TRAILER.0)
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    pub(super) fn email(&self) -> &str {
        &self.email
    }
}

impl fmt::Display for Committer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// A private key.
#[derive(Debug, Clone)]
pub(super) enum SigningKey {
    Ssh(SecretString),
    OpenPgp(SecretString),
}

impl SigningKey {
    /// What a text is, by its first line (RFC 9580, 6.2; RFC 7468 and its kin for SSH).
    pub fn of(key: SecretString) -> Outcome<Self> {
        let first = key.expose_secret().trim_start().lines().next().unwrap_or_default().trim_end().to_owned();
        if first == "-----BEGIN PGP PRIVATE KEY BLOCK-----" {
            Ok(Self::OpenPgp(key))
        } else if first.starts_with("-----BEGIN ") && first.ends_with("PRIVATE KEY-----") {
            Ok(Self::Ssh(key))
        } else {
            Err(Failure::usage("`repository.committer.signingKey` is no private key").hint(
                "give a whole private key: as `ssh-keygen` writes it, or as `gpg --armor --export-secret-keys` prints it",
            ))
        }
    }
}

/// What is given, where git keeps it as it is: it leaves some characters out (git-commit-tree, "Commit information"), and others at
/// both ends.
fn or_default(given: &str, default: String, field: &str) -> Outcome<String> {
    const CRUD: &str = ".,:;\"\\'";
    let given = given.trim();
    if given.is_empty() {
        return Ok(default);
    }
    let is_kept = !given.contains(|c: char| c.is_control() || "<>".contains(c))
        && !given.starts_with(|c| CRUD.contains(c))
        && !given.ends_with(|c| CRUD.contains(c));
    if is_kept {
        return Ok(given.to_owned());
    }
    Err(Failure::usage(format!("`repository.committer.{field}` is {given:?}, which git does not keep as it is"))
        .hint("leave out `<`, `>`, line breaks, and punctuation at both ends"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, email: &str, key: &str) -> Outcome<Committer> {
        let signing_key = Some(SecretRef { env: Some("KEY".to_owned()), file: None });
        let written = crate::document::Committer { name: name.to_owned(), email: email.to_owned(), signing_key };
        Committer::resolve(&written, |_| Ok(Some(Zeroizing::new(key.to_owned()))))
    }

    #[test]
    fn what_nobody_has_set_is_the_default() {
        let nobody = resolved("", " ", "\n").expect("nothing is set");
        assert_eq!(nobody.to_string(), "backstack <backstack@localhost>");
        assert!(nobody.signing_key.is_none());
        assert_eq!(nobody.sign_off("Render the hub\n"), "Render the hub\n");
    }

    #[test]
    fn a_commit_under_another_name_is_known_by_its_trailer() {
        let bot = resolved("platform-bot", "bot@example.org", "").expect("a name");
        assert_eq!(bot.sign_off("Render the hub\n\nadd a\n"), "Render the hub\n\nadd a\n\nMade-with: backstack\n");
        assert!(Committer::is_ours("platform-bot <bot@example.org>", "backstack"));
        assert!(Committer::is_ours("backstack <backstack@localhost>", ""));
        assert!(!Committer::is_ours("platform-bot <bot@example.org>", ""));
    }

    #[test]
    fn what_git_would_change_is_refused() {
        for name in ["a <b>", "a\nb", "Somebody, Inc.", "'x'"] {
            let failure = resolved(name, "bot@example.org", "").expect_err(name);
            assert!(failure.message.contains("repository.committer.name"), "{failure:?}");
        }
        resolved("Team O'Hara", "bot@example.org", "").expect("kept");
    }

    #[test]
    fn a_key_is_of_ssh_or_of_openpgp() {
        for key in ["-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n", "\n-----BEGIN PGP PRIVATE KEY BLOCK-----\n"] {
            assert!(resolved("", "", key).expect(key).signing_key.is_some());
        }
        for key in ["ssh-ed25519 AAAA", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "0xDEADBEEF01"] {
            let failure = resolved("", "", key).expect_err(key);
            assert!(failure.message.contains("signingKey") && !failure.render().contains(key.trim()), "{failure:?}");
        }
    }
}
