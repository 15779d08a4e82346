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
    /// The branch takes signed commits alone, and the server has not found ours to be one.
    Unsigned,
    /// The server does not take a commit of this committer.
    Stranger,
    /// We may write, but not to this branch.
    Protected,
    /// Nobody can write to the repository.
    Archived,
    /// The server refuses the commit, and fails to say why.
    Mute,
    /// A hook or a rule of the server refuses the commit.
    Declined,
    /// We are known and may read, but not write.
    ReadOnly,
    /// We are known, and may not.
    Forbidden,
    /// Nobody can be asked who we are, or the answer was wrong.
    Unauthenticated,
    /// The system does not know the user that we run as, and ssh wants to.
    UnknownUser,
    /// The server shows another host key than the one that we trust.
    OtherHost,
    /// The host key is not one we trust.
    UnknownHost,
    /// The certificate is not one we trust.
    UntrustedCertificate,
    /// The repository is elsewhere.
    Moved,
    /// The host asks for a certificate of ours, or does not take the one that it was shown.
    ClientCertificate,
    /// There is no such repository, or we may not know of it.
    NotFound,
    /// Nobody answers.
    Unreachable,
    /// The server has let us in and ends it.
    Closed,
    /// Something else.
    Else,
}

impl Said {
    /// Whether what was asked may have been done: nothing says that it was refused.
    pub fn leaves_open(self) -> bool {
        matches!(self, Self::Unreachable | Self::Closed | Self::Else)
    }
}

/// The words that give it away, the most telling first: what a server says of itself, before what git makes of it.
const WORDS: [(Said, &[&str]); 21] = [
    (Said::NoSuchBranch, &["couldn't find remote ref"]),
    (Said::Behind, &["(fetch first)", "(non-fast-forward)", "(stale info)", "cannot lock ref", "failed to update ref"]),
    (
        Said::Unsigned,
        &["from unverified commit", "must have verified signatures", "Commit must be signed", "commits must be signed"],
    ),
    (
        Said::Stranger,
        &[
            "You cannot push commits for",
            "'s email '",
            "ommitter email '",
            "is not a member of team",
            "git username is inconsistent",
            "GH007",
        ],
    ),
    (Said::Archived, &["is archived", "was archived", "archived project", "is read-only"]),
    (
        Said::ReadOnly,
        &[
            "marked as read only",
            "not authorized to write",
            "permission denied for writing",
            "does not have write access",
            "requires write access",
            "Write access to repository not granted",
            "not allowed to push code to this project",
            "not allowed to upload code",
        ],
    ),
    (Said::Protected, &["protected branch", "Protected branch", "is protected from", "GH006", "GH013", "TF402455"]),
    (Said::Mute, &["no message for end users"]),
    (Said::Declined, &["hook declined", "branch is currently checked out", "[remote rejected]"]),
    (Said::UnknownUser, &["No user exists for uid"]),
    (Said::OtherHost, &["REMOTE HOST IDENTIFICATION HAS CHANGED"]),
    (Said::UnknownHost, &["Host key verification failed"]),
    (Said::UntrustedCertificate, &["SSL certificate problem", "server certificate verification failed"]),
    (Said::Moved, &["unable to update url base from redirection"]),
    (Said::NotFound, &["Push to create is not enabled", "Cannot find repository", "Invalid repository path"]),
    (
        Said::ClientCertificate,
        &[
            "': The requested URL returned error: 400", // nginx, to the first request; a push that it does not take says "RPC failed"
            "TLS fatal alert",
            "alert unknown ca",
            "alert bad certificate",
            "alert certificate expired",
            "alert certificate required",
            "error reading X.509 key or certificate file",
            "could not load PEM client certificate",
            "unable to set private key file",
        ],
    ),
    (
        Said::Forbidden,
        &[
            "error: 403",
            "not allowed to push",
            "You are not allowed",
            "denied to",
            "not authorized to read",
            "service not enabled",
            "insufficient permission",
            "account is disabled",
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
        &[
            "does not appear to be a git repository",
            "not found",
            "could not be found",
            "error: 404",
            "does not exist",
            "No such file",
        ],
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
            "Connection closed",
            "Network is unreachable",
            "No route to host",
            "unable to access",
            "error: 5",
        ],
    ),
    (Said::Closed, &["Could not read from remote repository"]),
];

/// What git's stderr says.
pub fn said(stderr: &str) -> Said {
    let said = WORDS.iter().find(|(_, words)| words.iter().any(|word| stderr.contains(word)));
    match said.map_or(Said::Else, |(said, _)| *said) {
        // The credential is for the server that was named, and not for the one that it sends to.
        Said::Unauthenticated if stderr.contains("redirecting to") => Said::Moved,
        said => said,
    }
}

/// The failure to `verb` (`read`, `push to`) a repository.
pub fn failure(said: Said, verb: &str, access: &Access, stderr: &str) -> Failure {
    let (reason, hint) = match said {
        Said::NoSuchBranch => ("the branch is not there", "name a branch that exists"),
        Said::Behind => ("somebody else keeps pushing to the branch", "run again when the branch is quiet"),
        Said::Unsigned | Said::Stranger | Said::Protected | Said::Archived | Said::Mute | Said::Declined => {
            refusal_of_commit(said, access)
        }
        Said::ReadOnly | Said::Forbidden | Said::Unauthenticated => refusal_of_credential(said, verb, access),
        Said::UnknownUser => (
            "ssh does not work for a user that is not in /etc/passwd",
            "run the bundle as the user of its image, or use an https address",
        ),
        Said::OtherHost => (
            "the server shows another host key than the one that is known",
            "find out why; if the key was changed on purpose, give the server's new lines of `ssh-keyscan` as `knownHosts`",
        ),
        Said::UnknownHost => (
            "the host key of the server is not known",
            "give the server's lines of `ssh-keyscan` as `knownHosts`, after checking them",
        ),
        Said::UntrustedCertificate => (
            "the certificate of the server is not trusted",
            "give the authority's certificate as `connection: {ca: {file: …}}` beside the address, or add it to the machine",
        ),
        Said::ClientCertificate => (
            "it does not take the connection: it may ask for a certificate, or the one of ours does not do",
            "give the credential a `clientCertificate` that the host's authority has signed, and the `clientKey` that belongs to it",
        ),
        Said::Moved => (
            "the server sends to another address, where the credential is not sent",
            "give the address that it sends to, if it is the right one",
        ),
        Said::NotFound => (
            "there is no such repository, or the credential may not see it",
            "create the repository (it can be empty), or correct the address",
        ),
        Said::Unreachable => ("the server does not answer", "check the address, the network and the proxy variables"),
        Said::Closed => ("the server ends the connection", "see what it says above"),
        Said::Else => ("git failed", "see what git says above"),
    };
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
    let what = format!("failed to {verb} {}: {reason}", access.shown());
    Failure::failed(what).details(lines.map(str::to_owned)).hint(hint)
}

/// Why a commit was not taken of a credential that may write, and what helps.
fn refusal_of_commit(said: Said, access: &Access) -> (&'static str, &'static str) {
    match said {
        Said::Unsigned if access.committer.signing_key.is_none() => (
            "the branch takes signed commits alone",
            "give a key as `repository.committer.signingKey`, and register it with the host as a signing key of the account that \
             `repository.committer.email` is an address of",
        ),
        Said::Unsigned => (
            "the branch takes signed commits alone, and the server does not trust our signature",
            "register the key with the host as a signing key, of the account that `repository.committer.email` is a verified \
             address of",
        ),
        Said::Stranger => (
            "the server does not take commits of this committer",
            "give a name and an address that the host knows as `repository.committer`",
        ),
        Said::Protected => (
            "the branch is protected",
            "let the account or deploy key that pushes through the protection of the branch, or name another branch",
        ),
        Said::Archived => {
            ("nobody can write to the repository", "make it writable at the host, or name another repository")
        }
        Said::Mute => (
            "the server refuses the commit, and does not say why",
            "see the server's log; Gitea 1.26 says so of a commit that has to be signed, which one is with \
             `repository.committer.signingKey`, a key that the host knows",
        ),
        _ => (
            "the server refuses the commit by a hook or a rule of the branch",
            "see what it says above; a hook that cannot be changed leaves another branch or repository",
        ),
    }
}

/// Why a credential was not enough, and what helps.
fn refusal_of_credential(said: Said, verb: &str, access: &Access) -> (&'static str, &'static str) {
    match said {
        Said::ReadOnly => (
            "the credential may read and not write",
            "give one that may write: a deploy key is registered with write access, a token has the scope, an account the role",
        ),
        Said::Forbidden if verb == "read" => {
            ("the credential is not allowed to do this", "give a credential that may read the repository")
        }
        Said::Forbidden => ("the credential is not allowed to do this", "give a credential with write access"),
        _ if access.credential.is_none() => {
            ("authentication failed: it asks for a credential, and none was given", "give a credential in the step")
        }
        _ => ("authentication failed", "check the user name and password, or the SSH key"),
    }
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
                Said::ReadOnly,
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
                Said::Protected,
            ),
            (" ! [rejected]        main -> main (fetch first)", Said::Behind),
            ("fatal: unable to access 'https://x/': The requested URL returned error: 400", Said::ClientCertificate),
            (
                "error: RPC failed; HTTP 400 curl 22 The requested URL returned error: 400\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
                Said::Else,
            ),
            (
                "fatal: unable to access 'https://x/': error reading X.509 key or certificate file",
                Said::ClientCertificate,
            ),
            ("fatal: unable to access 'https://x/': Could not resolve proxy: p", Said::Unreachable),
            ("fatal: bad object", Said::Else),
            // One refusal for several reasons: the first that somebody can do something about in the step.
            (
                "remote: error: GH006: Protected branch update failed\nremote: - Commits must have verified signatures.\n ! [remote rejected] main -> main (protected branch hook declined)",
                Said::Unsigned,
            ),
            (
                "remote: GitLab: You cannot push commits for 'a@b'. You can only push commits if the committer email is one of your own verified emails.\n ! [remote rejected] main -> main (pre-receive hook declined)",
                Said::Stranger,
            ),
            (
                "remote: GitLab: Author's email 'a@b' does not follow the pattern 'c'\n ! [remote rejected] main -> main (pre-receive hook declined)",
                Said::Stranger,
            ),
            (
                "remote: GitLab: You are not allowed to push code to protected branches on this project.\n ! [remote rejected] main -> main (pre-receive hook declined)",
                Said::Protected,
            ),
            ("remote: a policy of ours\n ! [remote rejected] main -> main (pre-receive hook declined)", Said::Declined),
            (
                "ERROR: This repository was archived so it is read-only.\nfatal: Could not read from remote repository.",
                Said::Archived,
            ),
            (
                "remote: Write access to repository not granted.\nfatal: unable to access 'https://x/': The requested URL returned error: 403",
                Said::ReadOnly,
            ),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\nfatal: Could not read from remote repository.",
                Said::OtherHost,
            ),
            (
                "warning: redirecting to https://y/\nfatal: could not read Username for 'https://y': terminal prompts disabled",
                Said::Moved,
            ),
            // Gitea 1.26.4, where the branch takes signed commits alone.
            (
                "remote: error: Internal Server Error (no message for end users)\n ! [remote rejected] main -> main (pre-receive hook declined)",
                Said::Mute,
            ),
            // The same, where the repository is missing.
            (
                "remote: Push to create is not enabled for users.\nfatal: unable to access 'http://x/': The requested URL returned error: 403",
                Said::NotFound,
            ),
            ("error: Cannot find repository a/b\nfatal: Could not read from remote repository.", Said::NotFound),
            ("ERROR: a word of the host\nfatal: Could not read from remote repository.", Said::Closed),
        ] {
            assert_eq!(said(stderr), expected, "{stderr}");
        }
    }
}
