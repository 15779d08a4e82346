//! How a commit gets its signature: made anew by `git commit-tree`, since `git fast-import` signs nothing.
//!
//! A key of SSH is in an [`Agent`] alone. `GnuPG` has no way to sign without a key ring, so one of `OpenPGP` is in a folder of ours, which
//! nobody else may open and which is there as long as the commit is made.

use std::path::Path;
use std::time::Instant;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::agent::Agent;
use super::committer::{Committer, SigningKey};
use crate::process::{Ended, Program, TemporaryFolder};
use crate::report::{Failure, Outcome};

/// The socket of the agent with the key.
const AGENT: &str = "signer";

/// A commit that is to be signed.
pub(super) struct Unsigned<'a> {
    pub tree: String,
    pub parent: Option<&'a str>,
    pub message: &'a str,
    pub committer: &'a Committer,
}

/// Makes the commit, signed, and gives it. `git` is git in our repository, in the folder `home`.
pub(super) async fn sign(
    git: Program,
    key: &SigningKey,
    commit: &Unsigned<'_>,
    home: &Path,
    deadline: Instant,
) -> Outcome<String> {
    let ended = match key {
        SigningKey::Ssh(key) => {
            let whose = ("that signs commits", "repository.committer.signingKey");
            let agent = Agent::start(key, home, AGENT, whose, deadline).await?;
            let git = git.env("SSH_AUTH_SOCK", AGENT);
            commit_tree(git, "ssh", &format!("key::{}", agent.public), commit).run(deadline).await?
        }
        SigningKey::OpenPgp(key) => {
            let ring = TemporaryFolder::new("gpg")?;
            let ended = sign_with(&ring, git, key, commit, deadline).await;
            // `GnuPG`'s agent has made itself independent of us.
            let closed = gnupg("gpgconf", &ring).args(["--kill", "gpg-agent"]).run(deadline).await;
            let ended = ended?;
            closed?;
            ended
        }
    };
    if ended.status.success() {
        return Ok(ended.text());
    }
    Err(Failure::failed("the commit could not be signed").details(ended.stderr.lines()).hint(
        "`repository.committer.signingKey` is a private key without a passphrase that may sign and has not expired",
    ))
}

/// The same tree, parent and message, with a signature.
fn commit_tree(git: Program, format: &str, key: &str, commit: &Unsigned<'_>) -> Program {
    let Unsigned { tree, parent, message, committer } = commit;
    let settings = [format!("gpg.format={format}"), format!("user.signingKey={key}")];
    let git = git.args(settings.iter().flat_map(|it| ["-c", it.as_str()])).args(["commit-tree", "-S", "-F", "-"]);
    let git = parent.iter().fold(git, |git, parent| git.args(["-p", parent]));
    ["AUTHOR", "COMMITTER"]
        .into_iter()
        .fold(git, |git, who| {
            let git = git.env(&format!("GIT_{who}_NAME"), committer.name());
            git.env(&format!("GIT_{who}_EMAIL"), committer.email())
        })
        .args([tree])
        .input(message.as_bytes().to_vec())
}

/// The same with a key ring that has this key alone.
async fn sign_with(
    ring: &TemporaryFolder,
    git: Program,
    key: &SecretString,
    commit: &Unsigned<'_>,
    deadline: Instant,
) -> Outcome<Ended> {
    let gpg = |args: &[&str]| gnupg("gpg", ring).args(["--batch", "--no-tty"]).args(args);
    let bytes = Zeroizing::new(key.expose_secret().as_bytes().to_vec());
    let import = gpg(&["--quiet", "--import"]).input(bytes).run(deadline).await?;
    let listed = gpg(&["--with-colons", "--list-secret-keys"]).run(deadline).await?;
    let fingerprint = fingerprint(&listed).filter(|_| import.status.success()).ok_or_else(|| {
        Failure::failed("the OpenPGP key that signs commits cannot be used")
            .details(import.stderr.lines())
            .hint("`repository.committer.signingKey` is what `gpg --armor --export-secret-keys` prints of one key")
    })?;
    let git = git.env("GNUPGHOME", ring.path());
    commit_tree(git, "openpgp", &fingerprint, commit).run(deadline).await
}

fn gnupg(program: &str, ring: &TemporaryFolder) -> Program {
    Program::new(program).env("GNUPGHOME", ring.path())
}

/// Of the first key (`GnuPG`, doc/DETAILS: the tenth field of `fpr`).
fn fingerprint(listed: &Ended) -> Option<String> {
    let text = listed.text();
    let line = text.lines().find(|line| line.starts_with("fpr:"))?;
    line.split(':').nth(9).filter(|it| !it.is_empty()).map(str::to_owned)
}
