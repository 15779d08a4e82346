//! A disaster, rehearsed on a second cluster.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::disaster::secrets::Safe;
use crate::hub::fixture::{Hub, Run, TESTBED, lease, started};
use crate::hub::installed::Kind;

fn rehearse(hub: &Hub, scratch: &Hub, more: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
    command
        .args(["rehearse", "--output", "json", "--scratch"])
        .arg(scratch.cluster.kubeconfig())
        .args(more)
        .env("KUBECONFIG", hub.cluster.kubeconfig())
        .env("BACKSTACK_PACE", "4")
        .current_dir(hub.folder.path());
    Run::of(started(command, ""))
}

/// The scratch cluster gets the hub, and neither the repository nor the hub is written to.
#[test]
#[ignore = "needs the testbed"]
fn a_rehearsal_says_what_a_disaster_would_cost_and_writes_nothing_to_the_hub() {
    let hub = Hub::installed(Kind::Component);
    let scratch = Hub::of_cluster(lease(TESTBED.lease()), &[]);
    rehearse(&hub, &hub, &[]).expect(3).says("is the hub itself");

    hub.apply(
        "{apiVersion: v1, kind: Secret, metadata: {name: webhook, namespace: argocd}, stringData: {token: a-token-of-people}}
---
apiVersion: v1
kind: Secret
metadata: {name: spoke-a, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repo-creds, backstack.dev/spoke: a}}
stringData: {type: git, url: 'https://nowhere.example.org'}
",
    );
    rehearse(&hub, &scratch, &["--bring", "argocd/nothing"]).expect(2).says("the export has no such Secret");
    let (commits, written) = (hub.commits(), hub.written());
    let run = rehearse(&hub, &scratch, &[]).expect(0);
    let report: Value = serde_json::from_str(&run.stdout).expect("the report is JSON");
    assert_eq!((hub.commits(), hub.written()), (commits, written), "nothing is written to the hub");
    let branches = Command::new("git").arg("-C").arg(hub.repository.dir()).args(["branch", "--list"]).output();
    assert_eq!(String::from_utf8(branches.expect("git starts").stdout).expect("text").lines().count(), 1);

    assert_eq!(report["proven"], true, "{report:#}");
    assert!(report["objects"]["same"].as_u64().is_some_and(|it| it > 60), "{report:#}");
    for none in ["differing", "missing", "extra"] {
        assert_eq!(report["objects"][none], serde_json::json!([]), "{report:#}");
    }
    // Only what Argo CD reads git by is there; every other Secret stays, and is told.
    let held_back = report["heldBack"].as_array().expect("a list");
    for name in ["argocd/argocd-secret", "argocd/spoke-a", "argocd/webhook"] {
        assert!(held_back.contains(&name.into()), "{name}: {report:#}");
    }
    assert!(!held_back.contains(&"argocd/hub-repository".into()), "{report:#}");
    assert!(scratch.object("secret", "hub-repository").is_some());
    for name in ["webhook", "spoke-a"] {
        assert!(scratch.object("secret", name).is_none(), "{name}");
    }
    let secret = |of: &Hub| of.object("secret", "argocd-secret").expect("there")["data"]["server.secretkey"].clone();
    assert_ne!(secret(&hub), secret(&scratch), "nobody logs in to both by one token");
    assert!(!run.stderr.contains("a-token-of-people"));

    // What is not the same is told by name, also when it is rehearsed again, and then by the file that is kept.
    let safe = Safe::new();
    let (key, file) = (safe.file("key.txt"), safe.file("hub.age"));
    let mut export = Command::new(env!("CARGO_BIN_EXE_backstack"));
    export.args(["secrets", "export", "--recipient", &safe.recipient, "--to"]).arg(&file);
    export.env("KUBECONFIG", hub.cluster.kubeconfig());
    Run::of(started(export, "")).expect(0);
    hub.kubectl(&["label", "serviceaccount", "argocd-server", "-n", "argocd", "set-by=hand"]);
    let (key, file) = (key.display().to_string(), file.display().to_string());
    let named = ["--secrets", &file, "--identity", &key, "--bring", "argocd/webhook"];
    let run = rehearse(&hub, &scratch, &named).expect(1);
    let run = run.says("differs: ServiceAccount argocd/argocd-server: metadata.labels.set-by");
    assert!(run.stderr.contains("argocd/webhook  created"), "{}", run.stderr);
    fs::write(&file, "nothing of age").expect("written");
    rehearse(&hub, &scratch, &["--secrets", &file, "--identity", &key]).expect(3);
}

/// Another implementation of age opens what we write, and we open what it writes.
#[test]
#[ignore = "needs the testbed"]
fn the_program_age_opens_an_export_and_we_open_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = "filippo.io/age/cmd/age@v1.2.1";
    let built = Command::new("go").args(["install", module]).env("GOBIN", folder.path()).output().expect("Go starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let age = folder.path().join("age");
    let hub = Hub::installed(Kind::Plain);
    let safe = Safe::new();
    let (key, file) = (safe.file("key.txt"), safe.file("hub.age"));
    let ours = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        command.args(args).env("KUBECONFIG", hub.cluster.kubeconfig());
        Run::of(started(command, ""))
    };
    let (key_text, file_text) = (key.display().to_string(), file.display().to_string());
    ours(&["secrets", "export", "--recipient", &safe.recipient, "--to", &file_text]).expect(0);
    let opened = Command::new(&age).args(["-d", "-i"]).arg(&key).arg(&file).output().expect("age starts");
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    let text: Value = serde_json::from_slice(&opened.stdout).expect("an export");
    assert_eq!(text["complete"], true);

    let plain = safe.file("plain.json");
    fs::write(&plain, &opened.stdout).expect("written");
    for armor in [&["-a"][..], &[]] {
        let sealed = Command::new(&age).args(armor).args(["-r", &safe.recipient, "-o"]).arg(&file).arg(&plain).status();
        assert!(sealed.expect("age starts").success());
        ours(&["secrets", "import", "--identity", &key_text, &file_text]).expect(0).says("0 Secrets written");
    }
}
