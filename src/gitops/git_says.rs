//! What git says when it fails, in words that name the repository and the remedy.
//!
//! git has one exit status for everything, so its words decide; it runs in the C locale. The words are those of
//! git 2.39 to 2.50 (`transport.c`, `remote-curl.c`, `connect.c`), OpenSSH, and of GitHub, GitLab and Gitea where
//! the server speaks.

use super::access::Access;
use crate::report::Failure;

/// What is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The branch, or every branch, is missing.
    NoSuchBranch,
    /// The branch has commits that ours is not made on.
    Behind,
    /// Nobody can be asked who we are, or the answer was wrong.
    Unauthenticated,
    /// We are known, and may not.
    Forbidden,
    /// The system does not know the user that we run as, and ssh wants to.
    UnknownUser,
    /// The host key is not one we trust.
    UnknownHost,
    /// The certificate is not one we trust.
    UntrustedCertificate,
    /// There is no such repository, or we may not know of it.
    NotFound,
    /// Nobody answers.
    Unreachable,
    /// A hook or a rule of the server refuses the commit.
    Declined,
    /// Something else.
    Else,
}

/// The words that give it away, the most telling first.
const WORDS: [(Said, &[&str]); 10] = [
    (Said::NoSuchBranch, &["couldn't find remote ref"]),
    (Said::Behind, &["(fetch first)", "(non-fast-forward)", "(stale info)", "cannot lock ref", "failed to update ref"]),
    (
        Said::Declined,
        &[
            "hook declined",
            "protected branch",
            "GH006",
            "GH013",
            "branch is currently checked out",
            "[remote rejected]",
        ],
    ),
    (Said::UnknownUser, &["No user exists for uid"]),
    (Said::UnknownHost, &["Host key verification failed"]),
    (Said::UntrustedCertificate, &["SSL certificate problem", "server certificate verification failed"]),
    (
        Said::Forbidden,
        &[
            "error: 403",
            "marked as read only",
            "not allowed to push",
            "You are not allowed",
            "denied to",
            "requires write access",
            "does not have write access",
            "not authorized to write",
            "service not enabled",
            "insufficient permission",
        ],
    ),
    (
        Said::Unauthenticated,
        &[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "error: 401",
            "Permission denied (",
            "Permission denied, please try again",
            "Load key",
        ],
    ),
    (
        Said::NotFound,
        &["does not appear to be a git repository", "not found", "error: 404", "does not exist", "No such file"],
    ),
    (
        Said::Unreachable,
        &[
            "Could not resolve",
            "Failed to connect",
            "Could not connect",
            "Couldn't connect",
            "Connection refused",
            "Connection timed out",
            "Connection reset",
            "Network is unreachable",
            "No route to host",
            "unable to access",
            "Could not read from remote repository",
            "error: 5",
        ],
    ),
];

/// What git's stderr says.
pub fn said(stderr: &str) -> Said {
    WORDS.iter().find(|(_, words)| words.iter().any(|word| stderr.contains(word))).map_or(Said::Else, |(said, _)| *said)
}

/// The failure to `verb` (`read`, `push to`) a repository.
pub fn failure(said: Said, verb: &str, access: &Access, stderr: &str) -> Failure {
    let url = access.shown();
    let (reason, hint) = match said {
        Said::NoSuchBranch => ("the branch is not there", "name a branch that exists"),
        Said::Behind => ("somebody else keeps pushing to the branch", "run again when the branch is quiet"),
        Said::Unauthenticated if access.credential.is_none() => {
            ("authentication failed: it asks for a credential, and none was given", "give a credential in the step")
        }
        Said::Unauthenticated => ("authentication failed", "check the user name and password, or the SSH key"),
        Said::Forbidden => ("the credential is not allowed to do this", "give a credential with write access"),
        Said::UnknownUser => (
            "ssh does not work for a user that is not in /etc/passwd",
            "run the bundle as the user of its image, or use an https address",
        ),
        Said::UnknownHost => (
            "the host key of the server is not known",
            "give the server's lines of `ssh-keyscan` as `knownHosts`, after checking them",
        ),
        Said::UntrustedCertificate => (
            "the certificate of the server is not trusted",
            "name the authority's file in the variable GIT_SSL_CAINFO, or add it to the machine",
        ),
        Said::NotFound => (
            "there is no such repository, or the credential may not see it",
            "create the repository (it can be empty), or correct the address",
        ),
        Said::Unreachable => ("the server does not answer", "check the address, the network and the proxy variables"),
        Said::Declined => (
            "the server refuses the commit by a hook or a rule of the branch",
            "allow the credential to push to the branch, or name another branch",
        ),
        Said::Else => ("git failed", "see what git says above"),
    };
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
    Failure::failed(format!("failed to {verb} {url}: {reason}")).details(lines.map(str::to_owned)).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_git_and_of_forges_are_understood() {
        for (stderr, expected) in [
            ("fatal: couldn't find remote ref refs/heads/main", Said::NoSuchBranch),
            (
                "remote: Invalid username or password.\nfatal: Authentication failed for 'https://x/'",
                Said::Unauthenticated,
            ),
            ("fatal: could not read Username for 'https://x': terminal prompts disabled", Said::Unauthenticated),
            (
                "git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                Said::Unauthenticated,
            ),
            (
                "remote: Permission to a/b.git denied to c.\nfatal: unable to access 'https://x/': The requested URL returned error: 403",
                Said::Forbidden,
            ),
            (
                "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.",
                Said::Forbidden,
            ),
            ("remote: Repository not found.\nfatal: repository 'https://x/' not found", Said::NotFound),
            (
                "fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
                Said::NotFound,
            ),
            ("fatal: unable to access 'https://x/': Could not resolve host: x", Said::Unreachable),
            (
                "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
                Said::Unreachable,
            ),
            (
                "No ED25519 host key is known for x\nHost key verification failed.\nfatal: Could not read from remote repository.",
                Said::UnknownHost,
            ),
            ("No user exists for uid 65532\nfatal: Could not read from remote repository.", Said::UnknownUser),
            (
                "remote: error: GH006: Protected branch update failed\n ! [remote rejected] main -> main (protected branch hook declined)",
                Said::Declined,
            ),
            (" ! [rejected]        main -> main (fetch first)", Said::Behind),
            ("fatal: bad object", Said::Else),
        ] {
            assert_eq!(said(stderr), expected, "{stderr}");
        }
    }
}
