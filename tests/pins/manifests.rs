//! Images and packages that stand in manifests and in values: they are asked for as all others are, or told.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::fixture::{GoProxy, Web, folder, read};
use crate::support::write;

const BEAD: &str = "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: thing}
spec:
  version: 0.1.0
  parameters:
  - {name: image, type: string}
  application: {namespace: thing, manifests: app}
";

const MANIFESTS: &str = "apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: a, image: 'HOST/team/app:1.0.0'} # one
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec:
  containers:
  - name: b
    image: HOST/team/app:1.0.0
  - {name: c, image: \"${ parameters.image }\"}
---
apiVersion: pkg.crossplane.io/v1
kind: Provider
metadata: {name: p}
spec: {package: HOST/provider:v1.0.0}
";

fn web() -> (Web, String) {
    let web = Web::new();
    let package = json!({"annotations": {"io.crossplane.xpkg": "base"}});
    for tag in ["1.0.0", "1.0.3"] {
        web.push("team/app", tag, &json!({}), tag.as_bytes());
    }
    let newest = web.push("team/app", "1.2.0", &json!({}), b"newest");
    web.push("provider", "v1.0.0", &package, b"old");
    web.push("provider", "v1.1.0", &package, b"new");
    (web, newest)
}

fn bead(host: &str) -> TempDir {
    let bead = folder(&[("bead.yaml", BEAD)]);
    write(bead.path(), "app/a.yaml", &MANIFESTS.replace("HOST", host));
    bead
}

#[test]
fn what_manifests_name_is_asked_for_and_the_rest_told() {
    let (web, _) = web();
    let (none, bead) = (GoProxy::new(), bead(&web.host()));
    let run = none.call("outdated", bead.path()).exits(0);
    run.says("looked at  2 pins, outdated: 2; not looked at: 1")
        .says("app/a.yaml:6")
        .says("not looked at: ${ parameters.image } (app/a.yaml:15): a parameter gives it");
    let told: Value = serde_json::from_str(&none.call("outdated -o json", bead.path()).exits(0).stdout).expect("JSON");
    let pins: Vec<_> =
        told["pins"].as_array().expect("a list").iter().map(|it| (&it["kind"], &it["patch"], &it["minor"])).collect();
    assert_eq!(
        pins,
        [(&json!("image"), &json!("1.0.3"), &json!("1.2.0")), (&json!("package"), &Value::Null, &json!("v1.1.0"))]
    );
    assert_eq!(told["notLookedAt"][0]["why"], "a parameter gives it");
    fs::remove_dir_all(bead.path().join("app")).expect("removed");
    none.call("outdated", bead.path()).exits(0).says("not looked at: app (app): it cannot be read as manifests");
}

#[test]
fn a_file_of_several_manifests_is_moved_as_a_whole() {
    let (web, newest) = web();
    let (host, none) = (web.host(), GoProxy::new());
    let bead = bead(&host);
    let run = none.call("pin --upgrade --all --minor", bead.path()).exits(0);
    run.says("${ parameters.image } (app/a.yaml:15): a parameter gives it");
    let moved = fs::read_to_string(bead.path().join("app/a.yaml")).expect("there");
    let as_before = MANIFESTS.replace("HOST", &host).replace("app:1.0.0", &format!("app:1.2.0@{newest}"));
    let (apps, package) = moved.split_once("spec: {package: ").expect("a package");
    assert!(as_before.starts_with(apps), "{moved}");
    assert!(package.starts_with(&format!("{host}/provider:v1.1.0@sha256:")) && package.ends_with("}\n"), "{moved}");
    none.call("outdated --exit-code", bead.path()).exits(0).says("outdated: 0; not looked at: 1");
    none.call("pin --upgrade --all --minor", bead.path()).exits(0).says("nothing was changed; not looked at: 1");
}

/// Which keys a chart has is not known, so none is made up.
#[test]
fn an_image_in_parts_is_told_and_written_where_its_digest_has_a_place() {
    let (web, newest) = web();
    let (host, none) = (web.host(), GoProxy::new());
    let hub = |image: &str| {
        format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: hub}}\nspec:\n  argocd: {{version: 3.6.1}}\n  components:\n  - name: a\n    \
             namespace: a\n    chart: {{path: charts/a}}\n    values:\n      image: {image}\n"
        )
    };
    let call = |image: &str, line: &str| {
        let bundle = folder(&[("hub.yaml", &hub(image))]);
        let run = none.call(line, bundle.path()).exits(0);
        (run, read(&bundle, "hub.yaml"))
    };
    let upgrade = "pin --upgrade --all --minor";
    let plain = format!("{{repository: {host}/team/app, tag: 1.0.0}}");
    call(&plain, "outdated").0.says("looked at  1 pin, outdated: 1; not looked at: 0").says("hub.yaml:11");
    let (run, text) = call(&plain, upgrade);
    run.says(&format!("hub.yaml:11: it is written in parts, for a chart: give it the tag 1.2.0@{newest}"));
    assert_eq!(text, hub(&plain));
    let zeros = format!("sha256:{}", "0".repeat(64));
    for place in [
        "{repository: HOST/team/app, tag: TAG@DIGEST}",
        "{registry: HOST, repository: team/app, tag: TAG, digest: DIGEST}",
    ] {
        let with = |tag: &str, digest: &str| place.replace("HOST", &host).replace("TAG", tag).replace("DIGEST", digest);
        assert_eq!(call(&with("1.0.0", &zeros), upgrade).1, hub(&with("1.2.0", &newest)));
    }
    // A digest alone leaves the tag that is there.
    let by_digest = format!("pin image {host}/team/app@{newest}");
    let moving = |tag: &str| format!("{{repository: {host}/team/app, tag: {tag}}}");
    assert_eq!(
        call(&moving(&format!("latest@{zeros}")), &by_digest).1,
        hub(&moving(&format!("latest@{newest}"))),
        "the tag stays"
    );
    call(&moving("latest"), &by_digest).0.says(&format!("give it the tag latest@{newest}"));
    // Where a digest is missing there is a place for it all the same.
    for empty in [" ", " ~ "] {
        let with = |tag: &str, digest: &str| format!("{{repository: {host}/team/app, digest:{digest}, tag: {tag}}}");
        assert_eq!(call(&with("1.0.0", empty), upgrade).1, hub(&with("1.2.0", &format!(" {newest} "))));
    }
    let (run, _) = call("{repository: team/app, tag: 1.0.0}", "outdated");
    run.says("looked at  0 pins, outdated: 0; not looked at: 1")
        .says("not looked at: team/app:1.0.0 (hub.yaml:11): the chart may have its registry");
    let (run, _) = call("{tag: 1.0.0}", "outdated");
    run.says("looked at  0 pins, outdated: 0; not looked at: 1")
        .says("not looked at: :1.0.0 (hub.yaml:11): the chart has its repository");
}

/// What stands in several places is changed where it is written, and nowhere else.
#[test]
fn an_image_by_an_alias_moves_with_what_it_stands_for_or_is_told() {
    let (web, newest) = web();
    let (host, none) = (web.host(), GoProxy::new());
    let bead = folder(&[("bead.yaml", BEAD)]);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    uses: &a {host}/team/app:1.0.0\nspec:\n  containers:\n  \
         - name: a\n    image: *a\n  - name: b\n    image: &b {host}/team/app:1.0.0 # b\n  - name: c\n    image: *b\n"
    );
    write(bead.path(), "app/a.yaml", &pod);
    let run = none.call("pin --upgrade --all --minor", bead.path()).exits(0);
    let run = run.says(&format!(
        "not moved  app/a.yaml:10: it stands here by an alias of line 6: make it {host}/team/app:1.2.0@"
    ));
    assert!(!run.stderr.contains("app/a.yaml:14"), "{}", run.stderr);
    let moved = fs::read_to_string(bead.path().join("app/a.yaml")).expect("there");
    assert_eq!(moved, pod.replace("app:1.0.0 # b", &format!("app:1.2.0@{newest} # b")));
}
