//! Beads in the hands of Porter: those of this repository from their folders, and one with all four parts by its reference
//! in a registry.

use std::fs;
use std::path::Path;
use std::process::Command;

use backstack_testbed::{Cluster, Repository};
use serde_json::Value;

use super::fixture::Porter;
use crate::bead::four_parts::{self, NOTE, RIGHTS};
use crate::hub::fixture::eventually;

const ACCEPTED: [&str; 2] = ["--param", "accept-privileges=true"];

#[test]
#[ignore = "needs the testbed, and porter on PATH with a Docker engine"]
fn porter_runs_the_whole_life_of_beads() {
    let Some(mut porter) = Porter::find_with_engine("beads::porter_runs_the_whole_life_of_beads") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cluster = runtime.block_on(porter.testbed.lease()).expect("a cluster");
    let repository = porter.testbed.repository().expect("a repository");
    let hub = Hub { porter: &porter, cluster: &cluster, repository: &repository };
    porter.bind(&cluster, &repository);
    porter.build(false);
    porter.act(&["install", "hub"], &repository);
    // The hub has Crossplane of its own.
    let kyverno = porter.shipped_bead("kyverno");
    porter.lints_clean(&kyverno);
    porter.build_in(&kyverno, false);
    porter.act_in(&kyverno, &[&["install", "kyverno"], &ACCEPTED[..]].concat());
    hub.apply(RIGHTS);

    // Two versions, published; from then on nothing is known of the folder.
    let bundle = porter.new_bead("whole");
    four_parts::write(&bundle, &porter.testbed);
    porter.lints_clean(&bundle);
    let registry = format!("{}/beads", porter.testbed.registry());
    let publish = |porter: &Porter, version: &str| {
        edit(&bundle.join("porter.yaml"), "version: 0.1.0", &format!("version: {version}"));
        porter.build_in(&bundle, true);
        porter.run_in(&bundle, &["publish", "--registry", &registry, "--force"]);
        edit(&bundle.join("porter.yaml"), &format!("version: {version}"), "version: 0.1.0");
        format!("{registry}/bead-whole:v{version}")
    };
    let first = publish(&porter, "1.0.0");
    edit(&bundle.join("policies/team.yaml"), "the label team", "a team");
    let second = publish(&porter, "1.1.0");

    porter.go_away();
    porter.bind(&cluster, &repository);
    let hub = Hub { porter: &porter, cluster: &cluster, repository: &repository };
    let act = |action: &str, reference: &str| {
        let args = [action, "whole", "--reference", reference, "--force"];
        porter.act_in(&bundle, &[&args[..], &ACCEPTED[..]].concat())
    };
    act("install", &first);
    let state = porter.run(&["installation", "outputs", "show", "state", "-i", "whole"]);
    let state: Value = serde_json::from_str(state.trim()).expect("the state is JSON");
    let parts = state["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 5, "{state:#}");
    assert!(parts.iter().all(|part| part["sync"] == "Synced" && part["health"] == "Healthy"), "{state:#}");
    assert!(hub.git().contains("beads/whole/policies/"), "{}", hub.git());
    assert_eq!(hub.kubectl(&["get", "clusterpolicy", "whole-team", "-o", "name"]).lines().count(), 1);

    let said = act("upgrade", &second);
    assert!(!said.contains("no change"), "{said}");
    let message = "jsonpath={.spec.rules[0].validate.message}";
    assert_eq!(hub.kubectl(&["get", "clusterpolicy", "whole-team", "-o", message]), "a pod needs a team");

    // While somebody uses its API it stays; then it goes, and leaves nothing.
    hub.apply(NOTE);
    hub.kubectl(&["wait", "notes.whole.example.org/one", "-n", "default", "--for=condition=Ready", "--timeout=180s"]);
    let head = hub.head();
    let args = ["uninstall", "whole", "--reference", &second, "--force", "--credential-set", "hub"];
    let refused = porter.try_run_in(&bundle, &args);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(said.contains("Note default/one"), "{said}");
    assert_eq!(hub.head(), head, "a refused removal commits nothing");
    hub.kubectl(&["delete", "notes.whole.example.org/one", "-n", "default", "--timeout=180s"]);
    let composed = || hub.kubectl(&["get", "objects.kubernetes.m.crossplane.io", "-A", "-o", "name"]);
    eventually("what it had composed is gone", || composed().is_empty());
    porter.run_in(&bundle, &args);
    assert!(!hub.git().contains("beads/whole/"), "{}", hub.git());
    let applications = || hub.kubectl(&["get", "applications.argoproj.io", "-n", "argocd", "-o", "name"]);
    eventually("its Applications are gone", || !applications().contains("bead-whole"));
    assert_eq!(hub.kubectl(&["get", "clusterpolicy", "-o", "name"]), "");
}

fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("a file of the bundle");
    assert!(text.contains(old), "{old} in {}", file.display());
    fs::write(file, text.replacen(old, new, 1)).expect("a file of the bundle");
}

/// The hub that the beads are put on, seen from outside.
struct Hub<'p> {
    porter: &'p Porter,
    cluster: &'p Cluster,
    repository: &'p Repository,
}

impl Hub<'_> {
    #[track_caller]
    fn kubectl(&self, args: &[&str]) -> String {
        self.porter.kubectl(self.cluster, args, "")
    }

    #[track_caller]
    fn apply(&self, manifest: &str) {
        self.porter.kubectl(self.cluster, &["apply", "-f", "-"], manifest);
    }

    /// The files of the branch.
    fn git(&self) -> String {
        self.ask_git(&["ls-tree", "-r", "--name-only", "main"])
    }

    fn head(&self) -> String {
        self.ask_git(&["rev-parse", "main"])
    }

    fn ask_git(&self, args: &[&str]) -> String {
        let output = Command::new("git").arg("-C").arg(self.repository.dir()).args(args).output();
        String::from_utf8(output.expect("git starts").stdout).expect("text")
    }
}
