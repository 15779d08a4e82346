//! Commits under the name of a team, signed, as `git verify-commit` sees them.

use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use backstack::document::SecretRef;
use backstack::git::{Access, Committer};
use backstack::publish::{Leaving, Renewal, present, publish};
use backstack::report::{Failure, Outcome};
use zeroize::Zeroizing;

use super::publish::{Server, anything, rendered, soon, upgraded};
use crate::support::{is_on_path, skipped};

fn committer(key: &str) -> Outcome<Committer> {
    let written = backstack::document::Committer {
        name: "Platform Bot".to_owned(),
        email: "bot@example.org".to_owned(),
        signing_key: Some(SecretRef { env: Some("KEY".to_owned()), file: None }),
    };
    Committer::resolve(&written, |_| Ok(Some(Zeroizing::new(key.to_owned()))))
}

fn access(server: &Server, key: &str) -> Access {
    Access { committer: committer(key).expect("a key"), ..server.access() }
}

/// What a program prints, which has to end well.
fn printed(program: &str, home: &Path, args: &[&str]) -> String {
    let run = Command::new(program).args(args).current_dir(home).env("GNUPGHOME", home).output().expect("it starts");
    assert!(run.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("text")
}

/// Two commits, both good to git, which is told by `settings` whom to trust; and known as ours.
async fn both_are_good(access: &Access, server: &Server, settings: &[&str], home: &Path) {
    for tree in [rendered(), upgraded()] {
        publish(access, &tree, Renewal::Keep, "Render hub a", soon(), anything).await.expect("published");
        let dir = server.folder();
        let at = ["--git-dir", dir.to_str().expect("text")];
        printed("git", home, &[&at[..], settings, &["verify-commit", "main"]].concat());
        let who = printed("git", home, &[&at[..], &["log", "-1", "--format=%an <%ae> %cn <%ce>", "main"]].concat());
        assert_eq!(who, "Platform Bot <bot@example.org> Platform Bot <bot@example.org>\n");
    }
    assert_eq!(server.commits(), 2);
    let present = present(access, soon()).await.expect("readable").expect("a hub");
    assert_eq!(present.last_render.map(|it| it.revision), Some(present.revision), "ours, under whatever name");
}

#[tokio::test]
async fn a_key_of_ssh_signs() {
    let (server, home) = (Server::new(), tempfile::tempdir().expect("a folder"));
    printed("ssh-keygen", home.path(), &["-q", "-t", "ed25519", "-N", "", "-C", "bot", "-f", "key"]);
    let read = |file: &str| std::fs::read_to_string(home.path().join(file)).expect("a file");
    let trusted = home.path().join("trusted");
    std::fs::write(&trusted, format!("bot@example.org {}", read("key.pub"))).expect("writable");
    let setting = format!("gpg.ssh.allowedSignersFile={}", trusted.display());
    let access = access(&server, &read("key"));
    both_are_good(&access, &server, &["-c", &setting], home.path()).await;

    // Somebody else pushes in between, so the run commits twice.
    let is_pushed = Cell::new(false);
    let meanwhile = async |_: &Leaving| {
        if !is_pushed.replace(true) {
            server.edit(|clone| std::fs::write(clone.join("of-people.md"), "x").expect("writable"));
        }
        Ok(Vec::new())
    };
    publish(&access, &rendered(), Renewal::Keep, "Render hub a", soon(), meanwhile).await.expect("published");
    let dir = server.folder();
    printed("git", home.path(), &["--git-dir", dir.to_str().expect("text"), "-c", &setting, "verify-commit", "main"]);
    assert_eq!(server.commits(), 4);
}

#[tokio::test]
async fn a_key_of_openpgp_signs() {
    if !is_on_path("gpg") {
        return skipped("a_key_of_openpgp_signs", "`gpg` is not on PATH");
    }
    let (server, home) = (Server::new(), tempfile::tempdir().expect("a folder"));
    let batch = ["--batch", "--no-tty", "--quiet", "--passphrase", ""];
    let generate = ["--quick-generate-key", "Platform Bot <bot@example.org>", "ed25519", "sign", "never"];
    printed("gpg", home.path(), &[&batch[..], &generate].concat());
    let key = printed("gpg", home.path(), &[&batch[..], &["--armor", "--export-secret-keys"]].concat());
    both_are_good(&access(&server, &key), &server, &[], home.path()).await;
    printed("gpgconf", home.path(), &["--kill", "gpg-agent"]);
}

#[tokio::test]
async fn a_key_that_cannot_sign_changes_nothing_and_is_not_shown() {
    let (server, home) = (Server::new(), tempfile::tempdir().expect("a folder"));
    printed("ssh-keygen", home.path(), &["-q", "-t", "ed25519", "-N", "secret", "-f", "key"]);
    let locked = std::fs::read_to_string(home.path().join("key")).expect("a key");
    let no_key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nnothing\n-----END PGP PRIVATE KEY BLOCK-----\n".to_owned();
    for key in [locked, no_key] {
        let refused = |failure: Failure| {
            let said = failure.render();
            assert!(said.contains("cannot be used") && said.contains("repository.committer.signingKey"), "{said}");
            assert!(!said.contains(key.lines().nth(1).unwrap_or("-")) || key.lines().nth(1) == Some(""), "{said}");
        };
        let published =
            publish(&access(&server, &key), &rendered(), Renewal::Keep, "Render the hub", soon(), anything).await;
        refused(published.expect_err("it cannot sign"));
    }
    assert_eq!(server.commits(), 0);
}
