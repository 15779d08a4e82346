//! A branch that takes signed commits alone.

use std::fs;
use std::path::Path;
use std::process::Command;

use backstack::document::SecretRef;
use backstack::git::{Access, Committer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::fixture::Forged;
use crate::support::sshd::new_key;
use crate::support::{is_on_path, skipped};

/// A branch that takes them of its owner alone.
fn forged() -> Forged {
    let forged = Forged::new();
    forged.protect(&json!({"enable_push": true, "require_signed_commits": true}));
    forged
}

/// The repository, where commits are of the owner and signed with a key.
fn signing(forged: &Forged, key: &str) -> Access {
    let written = backstack::document::Committer {
        name: "Platform Bot".to_owned(),
        email: format!("{}@example.org", forged.owner.username),
        signing_key: Some(SecretRef { env: Some("KEY".to_owned()), file: None }),
    };
    let committer = Committer::resolve(&written, |_| Ok(Some(Zeroizing::new(key.to_owned())))).expect("a key");
    Access { committer, ..forged.by_password(&forged.owner) }
}

/// What a program prints, which has to end well.
fn printed(program: &str, home: &Path, args: &[&str]) -> String {
    let run = Command::new(program).args(args).current_dir(home).env("GNUPGHOME", home).output().expect("it starts");
    assert!(run.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("text")
}

/// Registers a key of SSH with the account of the owner, and proves that it is theirs, which has no API.
fn register(forged: &Forged, private: &str, public: &str) {
    let Forged { gitea, owner, .. } = forged;
    let key = gitea.ask(owner, "POST", "user/keys", &json!({"title": "signs", "key": public.trim()})).expect("a key");
    let home = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).expect("writable");
    write("key", private);
    printed("chmod", home.path(), &["600", "key"]);
    let token = gitea.ask_for_text(owner, "user/gpg_key_token").expect("a token");
    write("token", &token);
    printed("ssh-keygen", home.path(), &["-q", "-Y", "sign", "-n", "gitea", "-f", "key", "token"]);

    let page = |path: &str, fields: &[&str]| {
        let address = format!("{}{path}", gitea.url());
        let fields: Vec<&str> = fields.iter().flat_map(|field| ["--data-urlencode", field]).collect();
        let always =
            ["--silent", "--show-error", "--fail", "--cookie", "jar", "--cookie-jar", "jar", "--output", "page"];
        printed("curl", home.path(), &[&always[..], &fields, &[&address]].concat());
    };
    write("jar", "");
    write("password", &owner.password);
    page("/user/login", &[&format!("user_name={}", owner.username), "password@password"]);
    let fingerprint = format!("fingerprint={}", key["fingerprint"].as_str().expect("a fingerprint"));
    page(
        "/user/settings/keys",
        &["type=verify_ssh", "title=signs", "content=none", &fingerprint, "signature@token.sig"],
    );
}

#[test]
#[ignore = "needs the testbed"]
fn an_unsigned_commit_is_refused_and_one_signed_by_a_known_key_of_ssh_is_not() {
    let forged = forged();
    let unsigned = forged.by_password(&forged.owner);
    let field = "`repository.committer.signingKey`";
    forged.is_told(&unsigned, "the server refuses the commit, and does not say why", field);
    let (private, public) = new_key(&["-t", "ed25519", "-N", ""]);
    let signing = signing(&forged, &private);
    forged.is_told(&signing, "the server refuses the commit, and does not say why", "a key that the host knows");
    register(&forged, &private, &public);
    forged.push(&signing).unwrap_or_else(|failure| panic!("{}", failure.render()));
    forged.is_told(&unsigned, "the server refuses the commit, and does not say why", field);
    let verification = head(&forged)["commit"]["verification"].clone();
    assert_eq!(verification["verified"], true, "{verification:#}");
}

#[test]
#[ignore = "needs the testbed"]
fn a_commit_signed_by_a_known_key_of_openpgp_is_taken() {
    if !is_on_path("gpg") {
        return skipped("a_commit_signed_by_a_known_key_of_openpgp_is_taken", "`gpg` is not on PATH");
    }
    let forged = forged();
    let home = tempfile::tempdir().expect("a folder");
    let batch = ["--batch", "--no-tty", "--quiet", "--passphrase", ""];
    let identity = format!("Platform Bot <{}@example.org>", forged.owner.username);
    printed(
        "gpg",
        home.path(),
        &[&batch[..], &["--quick-generate-key", &identity, "ed25519", "sign", "never"]].concat(),
    );
    let private = printed("gpg", home.path(), &[&batch[..], &["--armor", "--export-secret-keys"]].concat());
    let public = printed("gpg", home.path(), &["--armor", "--export"]);
    printed("gpgconf", home.path(), &["--kill", "gpg-agent"]);
    let signing = signing(&forged, &private);
    forged.is_told(&signing, "the server refuses the commit, and does not say why", "a key that the host knows");
    let document = json!({"armored_public_key": public});
    forged.gitea.ask(&forged.owner, "POST", "user/gpg_keys", &document).expect("a key");
    forged.push(&signing).unwrap_or_else(|failure| panic!("{}", failure.render()));
    let verification = head(&forged)["commit"]["verification"].clone();
    assert_eq!(verification["verified"], true, "{verification:#}");
}

/// The commit that the branch is at, as the forge sees it.
fn head(forged: &Forged) -> Value {
    forged.ask("GET", "/git/commits/main", &Value::Null)
}
