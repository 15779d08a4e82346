//! What a password is refused for.

use std::time::{Duration, Instant};

use backstack::git::Access;
use backstack::publish::read_tree;
use backstack_testbed::git::Credential;
use serde_json::{Value, json};

use super::fixture::{Forged, is_told, wait};

#[test]
#[ignore = "needs the testbed"]
fn a_protected_branch_is_told_and_who_is_let_through_pushes() {
    let forged = Forged::new();
    let owner = forged.by_password(&forged.owner);
    forged.push(&owner).expect("not protected yet");
    forged.protect(&json!({"enable_push": false}));
    let remedy = "let the account or deploy key that pushes through the protection";
    forged.is_told(&owner, "the branch is protected", remedy);
    forged.protect(&json!({"enable_push": true, "protected_file_patterns": "argocd/**"}));
    let upgraded = forged.push(&owner); // of other files alone
    upgraded.unwrap_or_else(|failure| panic!("{}", failure.render()));

    // Nobody but one deploy key.
    let only_keys = json!({
        "enable_push": true,
        "enable_push_whitelist": true,
        "push_whitelist_usernames": [],
        "push_whitelist_deploy_keys": true,
        "protected_file_patterns": "",
    });
    forged.protect(&only_keys);
    forged.is_told(&owner, "the branch is protected", remedy);
    forged.push(&forged.by_key(&forged.deploy_key(false))).unwrap_or_else(|failure| panic!("{}", failure.render()));
}

#[test]
#[ignore = "needs the testbed"]
fn a_login_a_right_and_a_repository_that_are_missing_are_told_apart() {
    let forged = Forged::new();
    let owner = forged.by_password(&forged.owner);
    forged.push(&owner).expect("the first commit");
    let wrong = Credential { password: "not-the-password".to_owned(), ..forged.owner.clone() };
    forged.is_told(&forged.by_password(&wrong), "authentication failed", "check the user name and password");

    let other = forged.gitea.account().expect("an account");
    let by_other = forged.by_password(&other);
    let unseen = "there is no such repository, or the credential may not see it";
    forged.is_told(&by_other, unseen, "create the repository");
    forged.ask("PUT", &format!("/collaborators/{}", other.username), &json!({"permission": "read"}));
    forged.is_told(&by_other, "the credential may read and not write", "an account the role");
    forged.ask("PUT", &format!("/collaborators/{}", other.username), &json!({"permission": "write"}));
    forged.push(&by_other).expect("a collaborator");

    // Under another name it is found: the forge sends there.
    forged.ask("PATCH", "", &json!({"name": "renamed"}));
    forged.push(&owner).expect("by its former name");
    let renamed = format!("repos/{}/renamed", forged.owner.username);
    forged.gitea.ask(&forged.owner, "PATCH", &renamed, &json!({"archived": true})).expect("archived");
    forged.is_told(&owner, "nobody can write to the repository", "name another repository");
    forged.gitea.ask(&forged.owner, "DELETE", &renamed, &Value::Null).expect("deleted");
    forged.is_told(&owner, unseen, "create the repository");

    let branch = Access { branch: "refs/heads/main".to_owned(), ..owner };
    let deadline = Instant::now() + Duration::from_secs(60);
    let failure = wait(read_tree(&branch, deadline)).expect_err("no name of a branch");
    is_told(&failure, "is not the name of a branch", "without `refs/heads/`");
}
