//! The way back from an upgrade that went wrong, on real servers; `UPDATE=1` writes what a run says to docs/way-back.md.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::bead::fixture::Bead;
use crate::hub::fixture::{self, Hub, started};
use crate::hub::installed::Kind;
use crate::support::page::Page;
use crate::support::{Mixin, PorterHome, Run, data};

const PAGE: &str = "docs/way-back.md";
/// A health check by which nothing is ever well.
const BAD: &str = "    config: {resource.customizations.health.apps_Deployment: \"return {status = 'Degraded', message = 'never well'}\"}\n";

/// A hub, the shipped bundle as the page has it, and what was said.
struct Way {
    hub: Hub,
    page: Page,
}

impl Way {
    fn new() -> Self {
        let hub = Hub::installed(Kind::Plain);
        fs::copy(data("bundles/hubs/existing/porter.yaml"), hub.bundle().join("porter.yaml")).expect("copied");
        symlink(hub.bundle(), hub.folder.path().join("hub")).expect("linked");
        fs::copy(hub.cluster.kubeconfig(), hub.folder.path().join("hub.kubeconfig")).expect("copied");
        let mut page = Page::default();
        page.call(&hub.repository.url(), "https://git.example.org/me/hub.git");
        Self { hub, page }
    }

    /// Plays the bundle, and writes down what it says.
    fn play(&mut self, line: &str, code: i32) -> Run {
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        let home = PorterHome::new().mixin("backstack", &program);
        let mut run = Mixin::new("bundle run").folder(self.hub.folder.path());
        for word in line.split_whitespace() {
            let url = format!("repository={}", self.hub.repository.url());
            run = run.arg(if word.starts_with("repository=") { &url } else { word });
        }
        for (name, value) in self.hub.credentials() {
            run = run.env(name, value);
        }
        let run = run.env("PORTER_HOME", home.path()).with_path().run().exits(code);
        self.page.write_down(&format!("backstack bundle run {line}"), &run.stderr, code);
        run
    }

    /// What the cluster remembers of proven commits.
    fn proven(&self) -> Vec<Value> {
        let record = self.hub.object("configmap", "backstack-proven").expect("the record");
        serde_json::from_str(record["data"]["proven.json"].as_str().expect("a text")).expect("JSON")
    }

    /// The commits with a note in git.
    fn noted(&self) -> Vec<String> {
        let dir = self.hub.repository.dir();
        let listed = Command::new("git").arg("-C").arg(dir).args(["notes", "--ref=backstack", "list"]).output();
        let listed = String::from_utf8(listed.expect("git").stdout).expect("text");
        listed.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect()
    }
}

const UPGRADE: &str = "upgrade hub --param repository=https://git.example.org/me/hub.git --cred kubeconfig=hub.kubeconfig \
                       --cred git-push-username=GIT_PUSH_USERNAME --cred git-push-password=GIT_PUSH_PASSWORD";

/// The hub is proven, an upgrade breaks it, and `back` brings back what was proven; what others have put into the repository
/// stays. The page says what every command does.
#[test]
#[ignore = "needs the testbed"]
fn an_upgrade_that_went_wrong_is_taken_back_and_proven() {
    let mut way = Way::new();
    let installed = way.hub.commits()[0].clone();
    assert_eq!(way.proven().iter().map(|it| &it["revision"]).collect::<Vec<_>>(), [installed.as_str()]);
    assert_eq!(way.noted(), [installed.as_str()]);
    let refused = way.play(&format!("{UPGRADE} --param back=true"), 3);
    refused.says("no commit before").says(&installed);

    // Since then a bead has come.
    Bead::new(&way.hub, "hello").run("install").expect(0);
    way.page.tell("An upgrade with a setting that makes nothing well, in the version after:");
    way.hub.edit_document(|text| text.replacen("  argocd:\n", &format!("  argocd:\n{BAD}"), 1));
    way.play(&format!("{UPGRADE} --param timeout=45s"), 4).says("was not reached within 45 s");
    let broken = way.hub.commits()[0].clone();
    assert_ne!(broken, installed);
    way.hub.commit(|folder| fs::write(folder.join("NOTES.md"), "of people\n").expect("written"));

    let head = way.hub.commits()[0].clone();
    let step =
        way.hub.step("diff").replace("file: hub.yaml", "file: hub.yaml\n        back: true\n        format: json");
    let told = fixture::Run::of(started(way.hub.command(&way.hub.bundle(), "diff"), &step)).expect(0).says(&installed);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let settings = json!({"what": "argocd/configmap-argocd-cm.yaml", "change": "update"});
    let files = told["git"]["files"].as_array().expect("files");
    assert!(files.contains(&settings) && files.len() == 3, "{told:#}");
    let object = told["cluster"]["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .find(|it| it["what"] == "ConfigMap argocd/argocd-cm");
    assert_eq!(object.expect("the settings")["change"], "update", "{told:#}");
    assert_eq!(way.hub.commits()[0], head, "nothing was written");

    way.page.tell("What was proven comes back:");
    way.play(&format!("{UPGRADE} --param back=true"), 0).says(&installed).says("Argo CD heals drift");
    let back = way.hub.commits()[0].clone();
    assert_eq!(way.hub.files(&["NOTES.md"]), "of people\n");
    assert!(way.hub.files(&["beads/hello"]).contains("name: hello"));
    assert!(!way.hub.files(&["argocd"]).contains("never well"));
    let remembered: Vec<Value> = way.proven().iter().map(|it| it["revision"].clone()).collect();
    assert_eq!(remembered, [back.as_str()], "one render, remembered by the last commit with it");
    assert!(way.noted().contains(&back) && !way.noted().contains(&broken));

    way.page.tell("Run again, it goes no further back:");
    way.play(&format!("{UPGRADE} --param back=true"), 0).says("is brought back already").says("no change");
    assert_eq!(way.hub.commits()[0], back);

    way.page.tell("The same bundle, mended, without `back`:");
    way.hub.edit_document(|text| text.replace("Degraded", "Healthy"));
    way.play(&format!("{UPGRADE} --param back=false"), 0);
    assert_eq!(way.proven().len(), 2);
    std::mem::take(&mut way.page).agrees_with_part_of(PAGE);
}
