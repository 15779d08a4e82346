//! The whole hub in one bundle, played as porter-runtime would: Backstage, Argo CD, Crossplane and Kyverno come by one
//! command, and go by one.

use std::fs;
use std::path::PathBuf;

use backstack_testbed::Cluster;
use serde_json::{Value, json};

use super::fixture::{Hub, copy_bundle, eventually};
use super::installed::Kind;
use crate::support::{Mixin, PorterHome, Run};

const FILES: &[&str] = &[
    "hub.yaml",
    "lock.yaml",
    "porter.yaml",
    "crossplane.yaml",
    "kyverno.yaml",
    "backstage/bead.yaml",
    "backstage/app/config.yaml",
    "backstage/app/deployment.yaml",
    "backstage/catalog/catalog-info.yaml",
];
const IMAGE: &str = "image=registry.example.org/backstage:1.0.0";
const TOKEN: &str = "reads-the-hub-repository";
const ACCEPTED: &str = "accept-privileges=true";

const APPLICATIONS: [&str; 8] = [
    "argocd",
    "bead-backstage",
    "bead-backstage-application",
    "bead-crossplane",
    "bead-crossplane-application",
    "bead-kyverno",
    "bead-kyverno-application",
    "root",
];

/// What others run on the cluster.
const SHOP: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: registry.example.org/shop:1}]}
";
const OTHER_BEAD: &str = "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: other}
spec: {version: 0.1.0, application: {namespace: other, manifests: app}}
";
const POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [ConfigMap], namespaces: [default]}}]}
    validate:
      failureAction: Audit
      message: a setting needs the label team
      pattern: {metadata: {labels: {team: '?*'}}}
";

/// The bundle beside a cluster, and the repository that goes with it.
pub fn beside(cluster: Cluster) -> Hub {
    let repository = cluster.repository().clone();
    let hub = Hub { cluster, repository, folder: tempfile::tempdir().expect("a folder") };
    copy_bundle("hubs/back", FILES, &hub.bundle());
    hub
}

/// Installs all of it, as far as it is not there, beside a shop of others.
pub fn install(hub: &Hub) -> Run {
    hub.apply(SHOP);
    play(hub, "install", &[IMAGE, ACCEPTED], TOKEN).exits(0)
}

/// A `$PORTER_HOME` with the program as its mixin, which looks at git and Argo CD more often than in a release.
fn porter_home() -> PorterHome {
    PorterHome::new().mixin("backstack", &format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack")))
}

fn outputs(hub: &Hub) -> PathBuf {
    hub.folder.path().join("outputs")
}

/// An output of the last action that had it.
fn output(hub: &Hub, name: &str) -> Value {
    let text = fs::read_to_string(outputs(hub).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Plays an action of the bundle with these parameters.
fn play(hub: &Hub, action: &str, parameters: &[&str], token: &str) -> Run {
    let home = porter_home();
    let mut run = Mixin::new("bundle run")
        .arg(action)
        .arg(hub.bundle())
        .arg("--outputs-dir")
        .arg(outputs(hub))
        .env("PORTER_HOME", home.path())
        .with_path()
        .env("DATABASE", ":memory:")
        .env("FORGE", token);
    for (name, value) in hub.credentials() {
        run = run.env(name, value);
    }
    let repository = format!("repository={}", hub.repository.url());
    let catalog = "catalog=https://git.example.org/me/hub/blob/main/backstage/beads/*.yaml";
    let shared = [repository.as_str(), catalog, "base-url=https://backstage.example.org"];
    for parameter in shared.iter().chain(parameters) {
        run = run.arg("--param").arg(parameter);
    }
    let kubeconfig = format!("kubeconfig={}", hub.cluster.kubeconfig().display());
    for credential in [
        kubeconfig.as_str(),
        "git-push-username=GIT_PUSH_USERNAME",
        "git-push-password=GIT_PUSH_PASSWORD",
        "git-pull-username=GIT_PULL_USERNAME",
        "git-pull-password=GIT_PULL_PASSWORD",
        "database-connection=DATABASE",
        "forge-token=FORGE",
    ] {
        run = run.arg("--cred").arg(credential);
    }
    run.run()
}

/// The Applications of the cluster that are Synced and Healthy.
fn well(hub: &Hub) -> Vec<String> {
    let line = "{range .items[*]}{.metadata.name} {.status.sync.status} {.status.health.status}{\"\\n\"}{end}";
    let all = hub.kubectl(&["get", "applications", "-n", "argocd", "-o", &format!("jsonpath={line}")]);
    all.lines().filter_map(|line| line.strip_suffix(" Synced Healthy")).map(str::to_owned).collect()
}

/// What a later step would refuse is known before the first one writes.
fn refuses_beforehand(hub: &Hub) {
    play(hub, "install", &["image=Registry/Backstage", ACCEPTED], TOKEN).exits(2).says("image");
    play(hub, "install", &[IMAGE, ACCEPTED], "").exits(2).says("the Secret backstage has no value for forge-token");
    play(hub, "install", &[IMAGE], TOKEN).exits(3).says("bead crossplane asks for").says("accept-privileges=true");
    play(hub, "diff", &[IMAGE], TOKEN).exits(0);
    assert_eq!(output(hub, "kyverno-diff")["differs"], true);
    assert_eq!((hub.commits(), hub.written()), (vec![], vec![]), "nothing was written");
}

#[test]
#[ignore = "needs the testbed"]
fn the_whole_hub_comes_by_one_command() {
    let (hub, ()) = Hub::installed_under(Kind::Back, refuses_beforehand);
    assert_eq!(well(&hub), APPLICATIONS);
    assert_eq!(output(&hub, "handover")["holds"], true);
    assert_eq!(output(&hub, "revision"), hub.commits()[0].as_str());

    // Nothing is left to do, and of what works on the cluster only the shop is told to be that of others.
    let commits = hub.commits();
    let run = play(&hub, "upgrade", &[IMAGE, ACCEPTED], TOKEN).exits(0);
    let run = run.says("no change").says("this cluster is not the hub's alone");
    assert_eq!(hub.commits(), commits, "{}", run.stderr);
    let told: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("  namespace ")).collect();
    assert_eq!(told, ["  namespace shop: 1 Deployment"], "{}", run.stderr);
}

#[test]
#[ignore = "needs the testbed"]
fn the_whole_hub_goes_by_one_command_when_nothing_of_others_depends_on_it() {
    let hub = Hub::installed(Kind::Back);
    eventually("the snapshot is at rest", || {
        play(&hub, "status", &[], TOKEN).exits(0);
        output(&hub, "status")["status"] == "Ready"
    });
    assert_eq!(output(&hub, "status")["others"], json!([{"namespace": "shop", "workloads": {"Deployment": 1}}]));
    play(&hub, "verify", &[], TOKEN).exits(0);
    let run = play(&hub, "diff", &[IMAGE], TOKEN).exits(0);
    for name in ["diff", "crossplane-diff", "kyverno-diff", "backstage-diff"] {
        assert_eq!(output(&hub, name)["differs"], false, "{name}: {}", run.stderr);
    }

    // While something of others depends on any of it nothing goes, not even what nobody depends on.
    let commits = hub.commits();
    hub.apply(OTHER_BEAD);
    let run = play(&hub, "uninstall", &[], TOKEN).exits(3).says("Bead other: it is on this hub");
    assert!(!run.stderr.contains("bead-backstage"), "its own beads are none of others: {}", run.stderr);
    hub.kubectl(&["delete", "bead", "other"]);
    hub.apply(POLICY);
    play(&hub, "uninstall", &[], TOKEN).exits(3).says("ClusterPolicy team: its kind belongs to the bead");
    hub.kubectl(&["delete", "clusterpolicy", "team"]);
    assert_eq!(hub.commits(), commits);
    let left = hub.kubectl(&["get", "applications", "-n", "argocd", "-o", "name"]);
    assert_eq!(left.lines().count(), APPLICATIONS.len(), "nothing was removed: {left}");

    let run = play(&hub, "uninstall", &[], TOKEN).exits(0).says("nothing of the hub is left on the cluster");
    gone(&hub, &run.stderr);
    play(&hub, "uninstall", &[], TOKEN).exits(0).says("nothing of bead kyverno: nothing to remove");
}

/// Nothing but definitions and namespaces is left, and what others run.
fn gone(hub: &Hub, told: &str) {
    let pods = hub.kubectl(&["get", "pods", "-A", "-o", "jsonpath={.items[*].metadata.namespace}"]);
    assert_eq!(pods, "shop shop");
    let webhooks = "validatingwebhookconfigurations,mutatingwebhookconfigurations";
    assert_eq!(hub.kubectl(&["get", webhooks, "-o", "name"]), "", "{told}");
    assert_eq!(hub.kubectl(&["get", "secrets", "-n", "backstage", "-o", "name"]), "");
    let definitions = hub.kubectl(&["get", "crd", "-o", "json"]);
    let definitions: Value = serde_json::from_str(&definitions).expect("kubectl prints JSON");
    let groups = definitions["items"].as_array().expect("a list").iter().map(|it| it["spec"]["group"].as_str());
    assert!(groups.flatten().all(|group| group != "argoproj.io" && group != "backstack.dev"));
}
