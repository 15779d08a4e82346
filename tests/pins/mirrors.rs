//! A mirror that is given is asked first, also by the Go tool.

use std::process::Command;

use super::fixture::{GoProxy, Web, folder, lock};
use backstack::files::sha256;

const MODULE: &str = "example.org/thing";
const CONTENT: &str = "kind: ConfigMap\n";

fn item(more: &str) -> String {
    let digest = sha256(CONTENT.as_bytes());
    let size = CONTENT.len();
    lock(&format!(
        "- name: thing\n  type: manifest\n  version: 1.1.0\n  sha256: {digest}\n  size: {size}\n  module: {{module: {MODULE}@v1.1.0, path: a.yaml}}\n{more}"
    ))
}

/// The host of the proxy that the Go tool has by itself.
fn usual_proxy() -> String {
    let told = Command::new("go").args(["env", "GOPROXY"]).env("GOPROXY", "").env("GOENV", "off").output().expect("go");
    let all = String::from_utf8(told.stdout).expect("text");
    let first = all.split([',', '|', '\n']).next().and_then(|it| it.strip_prefix("https://"));
    first.expect("a server").to_owned()
}

fn publish(proxy: &GoProxy, versions: &[&str]) {
    for version in versions {
        proxy.publish(MODULE, version, &[("a.yaml", CONTENT)]);
    }
}

#[test]
fn what_only_a_mirror_has_comes_from_there() {
    let (web, own, theirs) = (Web::new(), GoProxy::new(), GoProxy::new());
    publish(&theirs, &["v1.1.0"]);
    theirs.serve(&web, &format!("/all/{}", usual_proxy()));
    let bundle = folder(&[("lock.yaml", &item(""))]);
    own.call("vendor .", bundle.path()).exits(1).says("the Go tool does not get");
    let line = format!("vendor . --mirror {}/all", web.url());
    own.call(&line, bundle.path()).exits(0).says("from Go module example.org/thing@v1.1.0");
    assert!(bundle.path().join("assets/thing.yaml").is_file());
}

#[test]
fn a_mirror_tells_versions_before_the_proxies_that_are_set() {
    let (web, own, theirs) = (Web::new(), GoProxy::new(), GoProxy::new());
    publish(&own, &["v1.1.0", "v1.1.1"]);
    publish(&theirs, &["v1.1.0", "v1.1.2"]);
    let bundle = folder(&[("lock.yaml", &item(""))]);
    own.call("outdated -C .", bundle.path()).exits(0).says("1.1.1");
    let line = format!("outdated --mirror {}/all", web.url());
    // What the mirror does not have, those have.
    own.call(&line, bundle.path()).exits(0).says("1.1.1");
    theirs.serve(&web, &format!("/all/{}", usual_proxy()));
    own.call(&line, bundle.path()).exits(0).says("1.1.2");
}

/// An address of its own is asked before the Go tool, though that would have it, too.
#[test]
fn a_mirror_has_an_address_before_the_go_tool() {
    let (web, own) = (Web::new(), GoProxy::new());
    publish(&own, &["v1.1.0"]);
    let bundle = folder(&[("lock.yaml", &item("  url: https://charts.example.org/thing.yaml\n"))]);
    web.put("/all/charts.example.org/thing.yaml", CONTENT);
    let line = format!("vendor . --mirror {}/all", web.url());
    own.call(&line, bundle.path()).exits(0).says("/all/charts.example.org/thing.yaml");
}

#[test]
fn what_belongs_together_is_demanded_by_each_verb() {
    let own = GoProxy::new();
    let bundle = folder(&[("lock.yaml", &item(""))]);
    for verb in ["vendor .", "outdated", "pin --upgrade thing", "pin image a.example.org/a:1.0.0"] {
        let says =
            |more: &str, words: &str| _ = own.call(&format!("{verb} {more}"), bundle.path()).exits(2).says(words);
        says("--mirror-login LOGIN", "--mirror-login is given without --mirror");
        says("--allow-insecure", "--allow-insecure is given without a login");
    }
}

#[test]
fn the_folder_is_named_alike_by_all() {
    let own = GoProxy::new();
    publish(&own, &["v1.1.0"]);
    let bundle = folder(&[("lock.yaml", &item(""))]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let at = bundle.path().display();
    for option in ["-C", "--dir"] {
        own.call(&format!("vendor {option} {at} thing"), elsewhere.path()).exits(0).says("verified");
        own.call(&format!("vendor {option} {at} other"), elsewhere.path())
            .exits(2)
            .says("pins nothing by the name `other`");
        own.call(&format!("outdated {option} {at}"), elsewhere.path()).exits(0).says("1 pin, outdated: 0");
        own.call(&format!("pin {option} {at} --upgrade thing"), elsewhere.path()).exits(0).says("nothing newer");
        let run = own.call(&format!("lint {option} {at}"), elsewhere.path()).exits(2);
        assert!(run.stdout.contains(&format!("{at}/porter.yaml")), "{}", run.stdout);
    }
    own.call(&format!("outdated . -C {at}"), elsewhere.path()).exits(2);
    let empty = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    own.call("vendor -C . thing", empty.path()).exits(2).says("it pins no downloads");
    own.call(&format!("vendor {at} thing"), elsewhere.path()).exits(0);
}
