//! A repository on the testbed's forge, as a team has one.

use std::time::{Duration, Instant};

use backstack::git::{Access, GitCredential};
use backstack::publish::{Renewal, publish};
use backstack::render::hub::render;
use backstack::report::{Failure, Outcome};
use backstack_testbed::Gitea;
use backstack_testbed::git::Credential;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::hub::fixture::TESTBED;
use crate::hub_repository::fixture::hub;
use crate::hub_repository::publish::anything;
use crate::support::sshd::new_key;

/// An empty, private repository of an account of its own.
pub struct Forged {
    pub gitea: Gitea,
    pub owner: Credential,
    /// The runs of a test push something new each.
    runs: std::cell::Cell<u32>,
}

/// Its name.
const NAME: &str = "hub";

impl Forged {
    pub fn new() -> Self {
        let gitea = TESTBED.gitea().expect("a forge");
        let owner = gitea.account().expect("an account");
        gitea.ask(&owner, "POST", "user/repos", &json!({"name": NAME, "private": true})).expect("a repository");
        Self { gitea, owner, runs: std::cell::Cell::default() }
    }

    /// Its address for passwords.
    pub fn http(&self) -> String {
        format!("{}/{}/{NAME}.git", self.gitea.url(), self.owner.username)
    }

    /// Its address for keys.
    pub fn ssh(&self) -> String {
        format!("{}/{}/{NAME}.git", self.gitea.ssh, self.owner.username)
    }

    /// Asks the forge about the repository, as its owner.
    pub fn ask(&self, method: &str, path: &str, document: &Value) -> Value {
        let path = format!("repos/{}/{NAME}{path}", self.owner.username);
        self.gitea.ask(&self.owner, method, &path, document).expect("the forge does it")
    }

    /// Protects the branch; or changes how.
    pub fn protect(&self, how: &Value) {
        let mut rule = how.clone();
        rule["rule_name"] = json!("main");
        let rules = self.ask("GET", "/branch_protections", &Value::Null);
        if rules.as_array().expect("a list").is_empty() {
            self.ask("POST", "/branch_protections", &rule);
        } else {
            self.ask("PATCH", "/branch_protections/main", &rule);
        }
    }

    /// A new key that lets into this repository alone.
    pub fn deploy_key(&self, read_only: bool) -> String {
        let (private, public) = new_key(&["-t", "ed25519", "-N", ""]);
        let title = if read_only { "reads" } else { "writes" };
        self.ask("POST", "/keys", &json!({"title": title, "key": public.trim(), "read_only": read_only}));
        private
    }

    /// The repository by somebody's password.
    pub fn by_password(&self, who: &Credential) -> Access {
        let credential = GitCredential {
            username: Some(who.username.clone()),
            password: Some(SecretString::from(who.password.clone())),
            ..GitCredential::default()
        };
        Access::new(&self.http(), "main", Some(credential))
    }

    /// The repository by a key.
    pub fn by_key(&self, key: &str) -> Access {
        let credential = GitCredential {
            ssh_private_key: Some(SecretString::from(key.to_owned())),
            known_hosts: Some(self.gitea.known_hosts.clone()),
            ..GitCredential::default()
        };
        Access::new(&self.ssh(), "main", Some(credential))
    }

    /// Pushes what nobody has pushed before.
    pub fn push(&self, access: &Access) -> Outcome<()> {
        self.runs.set(self.runs.get() + 1);
        let mut tree = render(&hub()).expect("renders").tree;
        tree.insert(format!("run-{}", self.runs.get()), "new").expect("free");
        let deadline = Instant::now() + Duration::from_secs(120);
        wait(publish(access, &tree, Renewal::Keep, "Render the hub", deadline, anything)).map(drop)
    }

    /// Demands that a push is refused in these words; the hint has others.
    #[track_caller]
    pub fn is_told(&self, access: &Access, reason: &str, hint: &str) {
        is_told(&self.push(access).expect_err("refused"), reason, hint);
    }
}

/// Demands that a failure has these words, and its hint others.
#[track_caller]
pub fn is_told(failure: &Failure, reason: &str, hint: &str) {
    assert!(failure.message.ends_with(reason), "{}", failure.render());
    assert!(failure.hint.as_ref().is_some_and(|it| it.contains(hint)), "{}", failure.render());
}

/// Waits for it.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
