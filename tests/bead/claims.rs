//! What people order in the claims repository: it comes as far as beads offer it, and goes only by hand.

use std::fs;

use backstack_testbed::Repository;
use serde_json::{Value, json};

use super::fixture::{Bead, TEXT, definition};
use super::scope::DOCUMENT;
use crate::hub::fixture::{Hub, Run, TESTBED, eventually, started};
use crate::hub::installed::Kind;

const SHEET: &str =
    "apiVersion: paper.example.org/v1\nkind: Sheet\nmetadata: {name: NAME, namespace: team-a}\nspec: {text: a}\n";
const SETTING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: team-a}\n";
const NOTHING: &str = "none.backstack.dev/None";

/// A hub with a claims repository.
struct Claiming {
    hub: Hub,
    claims: Repository,
}

impl Claiming {
    fn on(hub: Hub) -> Self {
        let claims = TESTBED.repository().expect("a repository");
        hub.kubectl(&["create", "namespace", "team-a"]);
        let claiming = Self { hub, claims };
        claiming.name_claims();
        claiming
    }

    fn name_claims(&self) {
        let claims = format!("  claims:\n    repository: {{url: '{}'}}\n    namespaces: [team-*]\n", self.claims.url());
        self.hub.edit_document(|text| format!("{}\n{claims}", text.trim_end()));
    }

    fn forget_claims(&self) {
        self.hub.edit_document(|text| text.split("  claims:").next().expect("the first part").to_owned());
    }

    /// Runs an action of the hub with these further lines in its step.
    fn run(&self, action: &str, more: &str) -> Run {
        let step = self.hub.step(action).replace("file: hub.yaml", &format!("file: hub.yaml\n        {more}"));
        Run::of(started(self.hub.command(&self.hub.bundle(), action), &step))
    }

    fn upgrade(&self) -> Run {
        self.run("upgrade", "claims: {pull: {username: {env: GIT_PULL_USERNAME}, password: {env: GIT_PULL_PASSWORD}}}")
    }

    /// Writes, or takes away, files of the claims repository. Answers the commit.
    fn order(&self, files: &[(&str, Option<&str>)]) -> String {
        let edit = |clone: &std::path::Path| {
            for (path, text) in files {
                let file = clone.join(path);
                fs::create_dir_all(file.parent().expect("a folder")).expect("the folder");
                match text {
                    Some(text) => fs::write(&file, text).expect("written"),
                    None => fs::remove_file(&file).expect("removed"),
                }
            }
        };
        self.claims.commit(edit).expect("pushed")
    }

    fn has(&self, kind: &str, name: &str) -> bool {
        !self.hub.kubectl(&["get", kind, name, "-n", "team-a", "-o", "name", "--ignore-not-found"]).is_empty()
    }

    #[track_caller]
    fn eventually(&self, what: &str, look: impl Fn() -> bool) {
        self.hub.eventually_synced("claims", what, look);
    }

    fn status(&self) -> Value {
        let status: Value = serde_json::from_str(&self.hub.answer_in_json("status")).expect("JSON");
        status["claims"].clone()
    }

    /// The kinds that a project allows.
    fn kinds(project: &Value) -> Vec<String> {
        let list = project["spec"]["namespaceResourceWhitelist"].as_array().expect("a list").clone();
        list.iter().map(|it| format!("{}/{}", it["group"], it["kind"]).replace('"', "")).collect()
    }

    fn allowed(&self) -> Vec<String> {
        Self::kinds(&self.hub.object("appproject", "claims").expect("the project"))
    }

    fn claims(&self) -> Value {
        self.hub.object("application", "claims").expect("the Application")
    }
}

/// The bead of `scope`, whose kind has a namespace.
fn paper(hub: &Hub) -> Bead<'_> {
    let bead = Bead::new(hub, "paper").with("acceptPrivileges: true");
    bead.edit("app/deployment.yaml", |text| text.replace("\"${ parameters.replicas }\"", "1"));
    bead.edit("bead.yaml", |_| DOCUMENT.to_owned());
    bead.edit("apis/sheets.yaml", |_| definition("Sheet", "sheets", "paper.example.org", "Namespaced", TEXT));
    bead
}

#[test]
#[ignore = "needs the testbed"]
fn what_is_ordered_comes_as_far_as_beads_offer_it_and_goes_only_by_hand() {
    let it = Claiming::on(Hub::installed(Kind::Crossplane));
    let hub = &it.hub;
    let sheet = |name: &str| SHEET.replace("NAME", name);

    // An Application without a commit is no reason for the hub to wait.
    it.upgrade().expect(0).says("has no commit yet").says("credential of the claims: written for Argo CD");
    assert_eq!(it.allowed(), [NOTHING]);
    let secret = hub.kubectl(&["get", "secret", "claims-repository", "-n", "argocd", "-o", "jsonpath={.data.project}"]);
    assert_eq!(secret, "Y2xhaW1z", "`claims` in base64");

    let bead = paper(hub);
    bead.run("install").expect(0);
    let commit = hub.commits().remove(0);
    let changed = hub.repository.dir();
    let changed =
        std::process::Command::new("git").arg("-C").arg(changed).args(["show", "--name-only", &commit]).output();
    let changed = String::from_utf8(changed.expect("git starts").stdout).expect("text");
    for file in ["root/projects/claims.yaml", "root/apps/bead-paper.yaml"] {
        assert!(changed.contains(file), "{file} in one commit:\n{changed}");
    }
    assert_eq!(it.allowed(), ["paper.example.org/Sheet", NOTHING]);

    let at = it.order(&[("team-a/one.yaml", Some(&sheet("one"))), (".github/check.yaml", Some(SETTING))]);
    it.eventually("a claim becomes an object", || it.has("sheets", "one"));
    eventually("Argo CD tells of it", || it.claims()["status"]["sync"]["status"] == "Synced");
    let status = it.status();
    assert_eq!(status["revision"], json!(at));
    assert_eq!((&status["total"], &status["notReady"]), (&json!(1), &json!(1)), "{status:#}");
    assert_eq!(status["kinds"]["Sheet.paper.example.org"], json!({"total": 1, "notReady": 1}));

    // One forbidden object holds up every claim, is told, and holds up nothing of the hub.
    it.order(&[("team-a/x.yaml", Some(SETTING)), ("team-a/two.yaml", Some(&sheet("two")))]);
    let cause = "resource :ConfigMap is not permitted in project claims";
    it.eventually("the project refuses it", || {
        it.status()["refused"] == json!([{"object": "ConfigMap team-a/x", "cause": cause}])
    });
    assert!(!it.has("sheets", "two") && !it.has("configmap", "x"));
    hub.run("status").expect(0).says(&format!("! ConfigMap team-a/x: {cause}")).says("Sheet team-a/two: it is ordered");
    it.upgrade().expect(0);
    hub.run("verify").expect(0);

    // A file that is gone takes nothing along, and holds up no other.
    it.order(&[("team-a/x.yaml", None), ("team-a/one.yaml", None)]);
    it.eventually("the other one comes", || it.has("sheets", "two"));
    eventually("it is told", || it.status()["withoutFile"] == json!(["Sheet team-a/one"]));
    assert!(it.has("sheets", "one"));

    // Neither does the loss of the claims themselves, once somebody has named it.
    it.forget_claims();
    let commits = hub.commits();
    hub.run("upgrade").expect(3).says("Application argocd/claims: nobody would manage its 2 objects any more");
    assert_eq!(hub.commits(), commits);
    it.run("upgrade", "mayRemove: [claims]").expect(0);
    assert!(hub.object("application", "claims").is_none() && hub.object("appproject", "claims").is_none());
    assert!(it.has("sheets", "one") && it.has("sheets", "two"));
    it.name_claims();
    it.upgrade().expect(0);
    it.eventually("they are taken up again", || it.status()["total"] == 2);

    let url = it.claims.url();
    bead.run("uninstall").expect(3).says("Sheet team-a/one").says(&format!("its file is in {url} at "));
    hub.run("uninstall").expect(3).says("Sheet team-a/two").says("Bead paper");

    it.order(&[("team-a/two.yaml", None), ("README.md", Some("nothing is ordered\n"))]);
    it.eventually("no file is left", || it.status()["withoutFile"].as_array().is_some_and(|it| it.len() == 2));
    bead.run("uninstall").expect(3).says("Sheet team-a/two");
    hub.kubectl(&["delete", "sheets", "one", "two", "-n", "team-a"]);
    it.eventually("nothing is left to tell", || {
        it.status()["total"] == 0 && it.claims()["status"]["sync"]["status"] == "Synced"
    });
    bead.run("uninstall").expect(0);
    assert_eq!(it.allowed(), [NOTHING], "nothing, and not everything");
    it.upgrade().expect(0);
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_goes_without_what_was_ordered_only_when_that_is_named() {
    let it = Claiming::on(Hub::installed(Kind::Plain));
    let hub = &it.hub;
    it.upgrade().expect(0);
    hub.commit(|clone| {
        let file = clone.join("root/projects/claims.yaml");
        let text = fs::read_to_string(&file).expect("the project");
        let text = text.replace("    kind: None\n", "    kind: None\n  - group: ''\n    kind: ConfigMap\n");
        fs::write(file, text).expect("written");
    });
    hub.eventually_synced("root", "people allow something", || it.allowed().len() == 2);
    it.order(&[("x.yaml", Some(SETTING))]);
    it.eventually("a claim becomes an object", || it.has("configmap", "x"));
    eventually("Argo CD tells of it", || it.claims()["status"]["sync"]["status"] == "Synced");

    hub.run("uninstall").expect(3).says("ConfigMap team-a/x: somebody has ordered it in the claims repository");
    assert!(hub.object("application", "claims").is_some(), "nothing was removed");

    hub.kubectl(&[
        "patch",
        "application",
        "claims",
        "-n",
        "argocd",
        "--type",
        "merge",
        "-p",
        r#"{"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}}"#,
    ]);
    let named = "mayRemove: [ConfigMap/team-a/x]";
    it.run("uninstall", named).expect(3).says("would make Argo CD delete everything that was ordered");
    hub.kubectl(&[
        "patch",
        "application",
        "claims",
        "-n",
        "argocd",
        "--type",
        "merge",
        "-p",
        r#"{"metadata": {"finalizers": null}}"#,
    ]);

    it.run("uninstall", named).expect(0).says("nothing of the hub is left");
    assert!(it.has("configmap", "x"), "it stays");
}
