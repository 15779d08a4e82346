//! SIGTERM in every phase, then the same action again: the hub ends as if nothing had happened.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::fixture::{Hub, eventually, managers};
use crate::signals::{IN_TIME, end_of, process_ids_with, processes_with, send};

#[test]
#[ignore = "needs the testbed"]
fn an_install_interrupted_in_every_phase_ends_in_the_same_state() {
    let hub = Hub::with_crossplane();
    let uid = hub.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    for phase in ["cluster", "render", "commit", "apply", "sync", "release"] {
        hub.clear_outputs();
        hub.terminate_at("install", phase).expect(143).says("error: interrupted\nhint: run the same again");
        assert_eq!(hub.output("cluster-uid"), uid, "{phase}");
        if let Some(commit) = hub.commits().first() {
            assert_eq!(&hub.output("revision"), commit, "{phase}");
        }
    }
    hub.run("install").expect(0);
    assert_eq!(hub.commits().len(), 1, "one commit, however often it was tried");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert!(proof["canaryHealedMs"].is_u64(), "the run that finishes the handover has probed it: {proof:#}");
    let root = hub.object("application", "root").expect("root");
    assert!(!managers(&root).contains(&"backstack".to_owned()));

    hub.terminate_at("uninstall", "freeze").expect(143);
    hub.run("install").expect(0); // a change of mind: automated sync is on again
    let root = hub.object("application", "root").expect("root");
    assert_eq!(root["spec"]["syncPolicy"]["automated"]["enabled"], true);

    for phase in ["guard", "freeze", "remove"] {
        hub.terminate_at("uninstall", phase).expect(143);
    }
    hub.run("uninstall").expect(0);
    assert!(hub.kubectl(&["get", "namespace", "argocd", "--ignore-not-found"]).is_empty());
}

/// The server takes the push and does not come back from its hook.
#[test]
#[ignore = "needs the testbed"]
fn a_push_that_stalls_ends_with_the_run() {
    let hub = Hub::plain();
    let stall = format!("sleep 8{}", std::process::id()); // a day or so, and no other test's
    let hook = hub.repository.dir().join("hooks/pre-receive");
    fs::write(&hook, format!("#!/bin/sh\n{stall}\nexit 1\n")).expect("a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a program");

    let mut child = hub.start("install", &[], None);
    eventually("the push is in the hook", || !processes_with(&stall).is_empty());
    assert!(!processes_with(&hub.repository.url()).is_empty(), "git waits for the server");
    send("TERM", &child);
    let (status, took) = end_of(&mut child);
    assert_eq!(status.code(), Some(143));
    assert!(took < IN_TIME, "{took:?}");
    assert_eq!(processes_with(&hub.repository.url()), [""; 0], "git and its helpers are gone");
    assert!(!hub.output("cluster-uid").is_empty());
    for id in process_ids_with(&stall) {
        std::process::Command::new("kill").arg(id).status().expect("kill");
    }
    eventually("the hook is over", || processes_with(&stall).is_empty());
    assert!(hub.kubectl(&["get", "namespace", "argocd", "--ignore-not-found"]).is_empty(), "nothing was applied");

    fs::remove_file(&hook).expect("no hook");
    hub.run("install").expect(0);
    assert_eq!(hub.commits().len(), 1);
}
