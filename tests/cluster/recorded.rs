//! What a record and a state mean for a removal where they were not written together: no cluster is needed for it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use backstack::engine::kubeconfig_without_login;
use backstack_testbed::opentofu::OpenTofu;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::hub::fixture::TESTBED;
use crate::support::{Mixin, Run};

const LINEAGE: &str = "0e9f0000-0000-4000-8000-000000000001";

/// A bundle whose module holds one resource and makes no cluster, and the folder for what is kept.
struct Bundle(TempDir);

impl Bundle {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["module", "state", "bin"] {
            fs::create_dir(root.path().join(name)).expect("a folder");
        }
        let real = OpenTofu::ensure().expect("OpenTofu is built");
        symlink(real.program, root.path().join("bin/tofu")).expect("linked");
        let bundle = Self(root);
        bundle.module("resource \"terraform_data\" \"hub\" {}\n");
        bundle
    }

    fn module(&self, text: &str) {
        fs::write(self.0.path().join("module/main.tf"), text).expect("written");
    }

    fn kept(&self, name: &str) -> PathBuf {
        self.0.path().join("state").join(name)
    }

    /// Writes the record, with this in it.
    fn record(&self, more: &Value) {
        let mut record = json!({
            "format": 1, "by": "opentofu", "installation": "test", "phase": "standing", "fromNothing": true,
            "since": "2026-01-01T00:00:00Z", "madeAs": LINEAGE,
        });
        record.as_object_mut().expect("a mapping").extend(more.as_object().expect("fields").clone());
        fs::write(self.kept("cluster.json"), record.to_string()).expect("written");
    }

    /// Writes a state with these resources.
    fn state(&self, names: &[&str]) {
        let resource = |name: &&str| {
            json!({
                "mode": "managed", "type": "terraform_data", "name": name,
                "provider": "provider[\"terraform.io/builtin/terraform\"]",
                "instances": [{"schema_version": 0, "attributes": {"id": name}}],
            })
        };
        let resources: Vec<Value> = names.iter().map(resource).collect();
        let state = json!({
            "version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": LINEAGE, "outputs": {}, "resources": resources,
        });
        fs::write(self.kept("terraform.tfstate"), state.to_string()).expect("written");
    }

    /// How many resources the state holds.
    fn held(&self) -> usize {
        let text = fs::read(self.kept("terraform.tfstate")).expect("a state");
        let state: Value = serde_json::from_slice(&text).expect("JSON");
        state["resources"].as_array().expect("a list").len()
    }

    fn phase(&self) -> String {
        let text = fs::read(self.kept("cluster.json")).expect("a record");
        let record: Value = serde_json::from_slice(&text).expect("JSON");
        record["phase"].as_str().expect("a phase").to_owned()
    }

    fn run(&self, action: &str, more: &Value) -> Run {
        self.run_within("60s", action, more)
    }

    fn run_within(&self, timeout: &str, action: &str, more: &Value) -> Run {
        let kubeconfig = self.0.path().join("kubeconfig");
        let mut cluster = json!({"opentofu": {"module": "module"}, "state": "state", "kubeconfig": kubeconfig});
        cluster.as_object_mut().expect("a mapping").extend(more.as_object().expect("fields").clone());
        let step = json!({action: [{"backstack": {"cluster": cluster, "timeout": timeout}}]});
        let path = format!("{}:/usr/bin:/bin", self.0.path().join("bin").display());
        Mixin::new(action).env("PATH", path).folder(self.0.path()).stdin(step.to_string()).run()
    }
}

/// A run that was torn apart may have made what no state holds, however much of the rest it holds.
#[test]
#[ignore = "needs the testbed"]
fn what_a_torn_run_has_left_goes_only_when_what_is_missing_is_given_up() {
    let bundle = Bundle::new();
    let named = json!({"mayRemove": ["state"]});
    for names in [&["hub"][..], &[]] {
        bundle.record(&json!({"phase": "making"}));
        bundle.state(names);
        let refused = bundle.run("uninstall", &json!({})).exits(3).says("a run was torn apart");
        refused.says("to destroy just what it holds: `mayRemove: [state]`");
        assert_eq!((bundle.phase().as_str(), bundle.held()), ("making", names.len()));
        bundle.run("uninstall", &named).exits(0);
        assert_eq!((bundle.phase().as_str(), bundle.held()), ("destroyed", 0));
    }
}

/// A run that has destroyed everything may have ended before it saw the end; what logs in there is gone with the state.
#[test]
#[ignore = "needs the testbed"]
fn an_end_that_nobody_has_seen_is_looked_for_by_the_next_run() {
    let bundle = Bundle::new();
    let kubeconfig = fs::read_to_string(TESTBED.shared_api().expect("an API server")).expect("a kubeconfig");
    let way = kubeconfig_without_login(&kubeconfig).expect("a way");
    let nobody = way.replace("https://127.0.0.", "https://127.255.0.");
    let destroyed = |way: &str| {
        bundle.state(&[]);
        bundle.record(&json!({"phase": "destroying", "origin": "made", "uid": "u", "way": way}));
    };
    destroyed(&way);
    bundle.run_within("25s", "uninstall", &json!({})).exits(4).says("still answers");
    assert_eq!(bundle.phase(), "destroying");
    bundle.run("uninstall", &json!({"mayRemove": ["cluster"]})).exits(0).says("not looked at, as the step says");
    assert_eq!(bundle.phase(), "destroyed");
    destroyed(&nobody);
    bundle.run("uninstall", &json!({})).exits(0).says("the cluster answers no more");
    assert_eq!(bundle.phase(), "destroyed");
}

/// OpenTofu that is killed has not ended by itself: its state may lack something, and the record keeps that in mind.
#[test]
#[ignore = "needs the testbed"]
fn a_killed_apply_is_no_unfinished_one() {
    let bundle = Bundle::new();
    let killed = "resource \"terraform_data\" \"hub\" {\n  provisioner \"local-exec\" {\n    command = \"kill -9 $PPID; sleep 5\"\n  }\n}\n";
    bundle.module(killed);
    bundle.run("install", &json!({})).exits(1).says("it was killed, and what it was at may be missing in its state");
    assert_eq!(bundle.phase(), "making");
    bundle.run("uninstall", &json!({})).exits(3).says("a run was torn apart");
}

/// Without a record a state may be of what somebody imported, or of what this installation has made.
#[test]
#[ignore = "needs the testbed"]
fn a_state_without_a_record_is_not_called_somebody_elses() {
    let bundle = Bundle::new();
    bundle.state(&["hub"]);
    bundle.run("uninstall", &json!({})).exits(3).says("no record says").says("mayRemove: [state]");
    bundle.run("uninstall", &json!({"mayRemove": ["state"]})).exits(0).says("it is left standing");
    assert_eq!(bundle.held(), 1, "nothing was destroyed");
}

/// The cluster was in the state, also where its last upgrade has failed.
#[test]
#[ignore = "needs the testbed"]
fn an_emptied_state_is_lost_whatever_the_last_run_came_to() {
    let bundle = Bundle::new();
    bundle.state(&[]);
    for phase in ["standing", "unfinished"] {
        bundle.record(&json!({"phase": phase, "origin": "made", "uid": "u"}));
        bundle.run("uninstall", &json!({})).exits(3).says("the state holds nothing, and the cluster was in it");
        assert_eq!(bundle.phase(), phase);
    }
}

/// To forget the own state is not to work on that of another installation.
#[test]
#[ignore = "needs the testbed"]
fn a_state_of_another_is_never_changed() {
    let bundle = Bundle::new();
    bundle.record(&json!({"origin": "made", "uid": "u", "madeAs": "another"}));
    bundle.state(&["hub", "precious"]);
    let named = json!({"mayRemove": ["state", "terraform_data.precious"]});
    bundle.run("upgrade", &named).exits(3).says("the state is another one").says("nothing was changed");
    assert_eq!((bundle.phase().as_str(), bundle.held()), ("standing", 2));
    bundle.run("uninstall", &named).exits(0).says("it is forgotten, as the step says");
    assert_eq!(bundle.held(), 2, "nothing was destroyed");
}

/// What the module did make beside a cluster that was adopted is not left without a word.
#[test]
#[ignore = "needs the testbed"]
fn what_was_made_beside_an_adopted_cluster_is_told() {
    let bundle = Bundle::new();
    bundle.record(&json!({"origin": "adopted", "uid": "u"}));
    bundle.state(&["hub"]);
    bundle.run("uninstall", &json!({})).exits(3).says("terraform_data.hub").says("hint: `onUninstall: leave`");
    bundle.run("uninstall", &json!({"onUninstall": "leave"})).exits(0);
    assert_eq!((bundle.phase().as_str(), bundle.held()), ("standing", 1));
    bundle.state(&[]);
    bundle.run("uninstall", &json!({"mayRemove": ["state"]})).exits(0).says("`mayRemove` names state");
}

/// A removal says of the first step what the last one takes: the cluster by its name.
#[test]
#[ignore = "needs the testbed"]
fn a_cluster_without_a_kubeconfig_is_gone_for_a_removal_that_names_it() {
    let bundle = Bundle::new();
    bundle.record(&json!({"origin": "made", "uid": "u"}));
    bundle.state(&["hub"]);
    let connect = json!({"connectOnly": true});
    bundle.run("uninstall", &connect).exits(1).says("`mayRemove: [cluster]`");
    let named = json!({"connectOnly": true, "mayRemove": ["cluster"]});
    bundle.run("uninstall", &named).exits(0).says("the steps that follow take nothing off it");
}
