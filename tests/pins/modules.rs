//! What Go modules carry: Argo CD's manifests, charts in source trees.

use tempfile::TempDir;

use super::fixture::{GoProxy, folder, lock, read};
use backstack::files::{Tree, sha256};
use backstack::vendor::AssetContent;

const ARGOCD: &str = "example.org/argo-cd/v3";

fn manifest(version: &str) -> String {
    format!("kind: Deployment\nspec:\n  image: quay.io/argoproj/argocd:v{version}\n")
}

fn proxy() -> GoProxy {
    let proxy = GoProxy::new();
    for version in ["3.6.0", "3.6.1", "3.6.2", "3.7.0"] {
        proxy.publish(ARGOCD, &format!("v{version}"), &[("install.yaml", &manifest(version))]);
    }
    proxy.publish("example.org/argo-cd/v4", "v4.0.0", &[("install.yaml", &manifest("4.0.0"))]);
    proxy
}

fn item(version: &str) -> String {
    let digest = sha256(manifest(version).as_bytes());
    format!(
        "- name: argocd # ours\n  type: manifest\n  version: \"{version}\"\n  sha256: '{digest}'\n  size: {}\n  \
         module: {{module: {ARGOCD}@v{version}, path: install.yaml}}\n",
        manifest(version).len()
    )
}

const HUB: &str = "# the hub\napiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: hub}\nspec:\n  argocd: {version: '3.6.1'} # why\n";

fn hub() -> TempDir {
    folder(&[("hub.yaml", HUB), ("lock.yaml", &lock(&item("3.6.1")))])
}

#[test]
fn a_version_moves_in_lock_and_document_and_nothing_else_does() {
    let (proxy, hub) = (proxy(), hub());
    let run = proxy.call("pin argocd@3.6.2", hub.path()).exits(0);
    run.says("argocd 3.6.1 -> 3.6.2, from Go module").says("h1:").says("`sha256sum` tells it");
    assert_eq!(read(&hub, "lock.yaml"), lock(&item("3.6.2")));
    assert_eq!(read(&hub, "hub.yaml"), HUB.replace("3.6.1", "3.6.2"));
    proxy.call("pin argocd@3.6.2", hub.path()).exits(0).says("nothing was changed: all of it is pinned so already");
    proxy.call("vendor .", hub.path()).exits(0);
    proxy.call("pin argocd@v4.0.0", hub.path()).exits(0);
    assert!(
        read(&hub, "lock.yaml").contains("module: example.org/argo-cd/v4@v4.0.0, path"),
        "{}",
        read(&hub, "lock.yaml")
    );
    assert_eq!(read(&hub, "hub.yaml"), HUB.replace("3.6.1", "4.0.0"));
}

#[test]
fn what_is_not_fixed_is_refused_with_what_would_be() {
    let (proxy, hub) = (proxy(), hub());
    for (wanted, newest) in [("3.6", "3.6.2"), ("^3", "3.7.0"), ("latest", "4.0.0"), ("3.6.x", "3.6.2")] {
        let run = proxy.call(&format!("pin argocd@{wanted}"), hub.path()).exits(2);
        run.says(&format!("the newest that fits is {newest}"));
    }
    proxy.call("pin argocd@newer!", hub.path()).exits(2).says("`newer!` is no version of argocd");
    proxy.call("pin argocd", hub.path()).exits(2).says("`argocd` names no version");
    proxy.call("pin argocdd@3.6.2", hub.path()).exits(2).says("did you mean `argocd`?");
    proxy.call("pin", hub.path()).exits(2).says("pin what?");
    proxy.call("pin argocd@3.6.9", hub.path()).exits(1).says("failed to get argocd 3.6.9; nothing was changed");
    assert_eq!((read(&hub, "lock.yaml"), read(&hub, "hub.yaml")), (lock(&item("3.6.1")), HUB.to_owned()));
}

/// The very first thing that people do to a hub: the version everywhere, and the digest nowhere.
#[test]
fn a_version_that_was_changed_by_hand_is_told_and_mended_by_permission() {
    let (proxy, hub) = (proxy(), hub());
    let by_hand = lock(&item("3.6.1")).replace("3.6.1", "3.6.0");
    std::fs::write(hub.path().join("lock.yaml"), &by_hand).expect("written");
    std::fs::write(hub.path().join("hub.yaml"), HUB.replace("3.6.1", "3.6.0")).expect("written");
    let run = proxy.call("pin argocd@3.6.0", hub.path()).exits(3);
    run.says("upstream has other content of argocd 3.6.0 than lock.yaml pins").says("--repin");
    assert_eq!(read(&hub, "lock.yaml"), by_hand);
    proxy.call("pin argocd@3.6.0 --repin", hub.path()).exits(0);
    assert_eq!(read(&hub, "lock.yaml"), lock(&item("3.6.0")));
}

#[test]
fn what_upstream_calls_by_another_version_is_not_pinned() {
    let (proxy, hub) = (proxy(), hub());
    proxy.publish(ARGOCD, "v3.6.3", &[("install.yaml", &manifest("3.6.2"))]);
    let run = proxy.call("pin argocd@3.6.3", hub.path()).exits(1);
    run.says("what it has is of version 3.6.2");
    assert_eq!(read(&hub, "lock.yaml"), lock(&item("3.6.1")));
}

#[test]
fn nothing_is_written_where_one_file_cannot_be() {
    use std::os::unix::fs::symlink;
    let (proxy, hub, other) = (proxy(), hub(), tempfile::tempdir().expect("a folder"));
    // The lock is elsewhere, where nothing can be made beside it.
    std::fs::rename(hub.path().join("lock.yaml"), other.path().join("lock.yaml")).expect("moved");
    symlink(other.path().join("lock.yaml"), hub.path().join("lock.yaml")).expect("linked");
    proxy.call("pin argocd@3.6.2", hub.path()).exits(0);
    assert!(hub.path().join("lock.yaml").is_symlink(), "the file is replaced, not the link");
    assert_eq!(std::fs::read_to_string(other.path().join("lock.yaml")).expect("there"), lock(&item("3.6.2")));
    let broken = HUB.replace("metadata: {name: hub}", "metadata: {nam: hub}");
    std::fs::write(hub.path().join("hub.yaml"), &broken).expect("written");
    proxy.call("pin argocd@3.6.1", hub.path()).exits(2).says("hub.yaml:4");
    assert_eq!(read(&hub, "hub.yaml"), broken);
}

#[test]
fn upgrades_go_as_far_as_they_are_asked_to() {
    let proxy = proxy();
    for (how, version) in [("", "3.6.2"), ("--minor", "3.7.0"), ("--major", "4.0.0")] {
        let hub = hub();
        let run = proxy.call(&format!("pin --upgrade argocd {how}"), hub.path()).exits(0);
        run.says(&format!("argocd 3.6.1 -> {version}"));
        assert_eq!(read(&hub, "hub.yaml"), HUB.replace("3.6.1", version));
        proxy.call(&format!("pin --upgrade --all {how}"), hub.path()).exits(0).says("nothing newer was found");
    }
    proxy.call("pin --upgrade", hub().path()).exits(2).says("--upgrade of what?");
    proxy.call("pin --upgrade argo", hub().path()).exits(2).says("nothing is pinned by the name `argo`");
}

#[test]
fn what_is_outdated_is_told_in_every_form() {
    let (proxy, hub) = (proxy(), hub());
    let run = proxy.call("outdated", hub.path()).exits(0);
    assert_eq!(run.stdout, "", "a table is for people");
    run.says("NAME    KIND      PINNED  PATCH  MINOR  MAJOR  AT\nargocd  manifest  3.6.1   3.6.2  3.7.0  4.0.0  lock.yaml:5\n")
        .says("1 pin, outdated: 1; not looked at: 0");
    let json = proxy.call("outdated -o json", hub.path()).exits(0).json();
    assert_eq!((&json["pins"][0]["minor"], &json["pins"][0]["outdated"]), (&"3.7.0".into(), &true.into()));
    assert_eq!(json["notLookedAt"], serde_json::json!([]));
    assert_eq!(proxy.call("outdated -o name", hub.path()).exits(0).stdout, "argocd\n");
    proxy.call("outdated --exit-code", hub.path()).exits(5).says("outdated: 1 of 1 pin");
    proxy.call("pin argocd@4.0.0", hub.path()).exits(0);
    proxy.call("outdated --exit-code", hub.path()).exits(0);
}

/// The tool that nobody can ask knows nothing: neither that there is something newer nor that there is not.
#[test]
fn what_cannot_be_asked_is_not_up_to_date() {
    let (proxy, hub) = (GoProxy::new(), hub());
    let run = proxy.call("outdated --exit-code", hub.path()).exits(0);
    run.says("not looked at: argocd 3.6.1 (lock.yaml:5)").says("0 pins, outdated: 0; not looked at: 1");
    let json = proxy.call("outdated -o json", hub.path()).exits(0).json();
    assert_eq!((json["pins"].as_array().map(Vec::len), &json["notLookedAt"][0]["name"]), (Some(0), &"argocd".into()));
    let before = read(&hub, "lock.yaml");
    let run = proxy.call("pin --upgrade --all", hub.path()).exits(0).says("not looked at");
    run.says("nothing was changed; not looked at: 1\n");
    assert_eq!(read(&hub, "lock.yaml"), before);
}

const CHART: &str = "apiVersion: v2\nname: thing\nversion: 0.0.1\ndependencies:\n  - name: api\n    version: 1\n";
const BEAD: &str = "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: thing}
spec:
  version: 0.1.0
  description: a thing
  application:
    namespace: thing
    chart: {locked: thing}
    images:
    - image: r.example.org/thing/one:v1.0.0 # moves
      values: {repository: image.repository, tag: image.tag}
    - image: r.example.org/other:2.0.0
      values: {repository: other.repository, tag: other.tag}
";

/// A chart in a source tree takes another one from a module of its own, in the version that its `go.mod` needs; its images have its
/// version for a tag.
#[test]
fn what_goes_with_a_chart_moves_with_it() {
    let proxy = GoProxy::new();
    let mut digest = String::new();
    for (version, api) in [("v1.0.0", "v0.1.0"), ("v1.1.0", "v0.2.0")] {
        let go_mod = format!("module example.org/thing\n\nrequire example.org/api {api}\n");
        proxy.publish("example.org/thing", version, &[("go.mod", &go_mod), ("chart/Chart.yaml", CHART)]);
        let api_chart = format!("name: api\nversion: {api}\n");
        proxy.publish("example.org/api", api, &[("chart/Chart.yaml", &api_chart)]);
        let mut tree = Tree::default();
        tree.insert("Chart.yaml", CHART).expect("free");
        tree.insert("charts/api/Chart.yaml", api_chart.as_str()).expect("free");
        digest = AssetContent::Chart(tree).digest();
    }
    let item = |version: &str, api: &str, digest: &str| {
        format!(
            "- name: thing\n  type: chart\n  version: {version}\n  sha256: {digest}\n  module:\n    module: example.org/thing@v{version}\n    \
             path: chart\n  charts:\n  - name: api\n    module:\n      module: example.org/api@{api}\n      path: chart\n"
        )
    };
    let old = format!("sha256:{}", "0".repeat(64));
    let bead = folder(&[("bead.yaml", BEAD), ("lock.yaml", &lock(&item("1.0.0", "v0.1.0", &old)))]);
    let run = proxy.call("pin thing@1.1.0", bead.path()).exits(0);
    run.says("whether there is an image r.example.org/thing/one:v1.1.0").says("not moved  r.example.org/other:2.0.0");
    let pinned = read(&bead, "lock.yaml");
    assert!(pinned.starts_with(&lock(&item("1.1.0", "v0.2.0", &digest))) && pinned.contains("  size: "), "{pinned}");
    assert_eq!(read(&bead, "bead.yaml"), BEAD.replace("one:v1.0.0", "one:v1.1.0"));
    proxy.call("vendor .", bead.path()).exits(0);
}

#[test]
fn several_downloads_come_into_an_empty_lock() {
    let proxy = GoProxy::new();
    proxy.publish("github.com/argoproj/argo-cd/v3", "v3.6.2", &[("manifests/install.yaml", &manifest("3.6.2"))]);
    let chart = "apiVersion: v2\nname: cert-manager\nversion: 1.21.3\n";
    let files = [("deploy/charts/cert-manager/Chart.yaml", chart)];
    proxy.publish("github.com/cert-manager/cert-manager", "v1.21.3", &files);
    let hub = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    proxy.call("pin argocd@3.6.2 cert-manager@1.21.3", hub.path()).exits(0);
    let pinned = read(&hub, "lock.yaml");
    assert!(pinned.starts_with(&lock("- name: argocd\n")) && pinned.contains("\n- name: cert-manager\n"), "{pinned}");
    proxy.call("vendor .", hub.path()).exits(0).says("2 downloads are as lock.yaml pins them");
    std::fs::remove_file(hub.path().join("lock.yaml")).expect("removed");
    std::fs::write(hub.path().join("hub.yaml"), HUB).expect("written");
    proxy.call("pin argocd@3.6.2 cert-manager@1.21.3", hub.path()).exits(0);
    assert!(read(&hub, "lock.yaml").contains("\n- name: cert-manager\n"), "{}", read(&hub, "lock.yaml"));
}
