//! Images and packages, by what their registry has under a tag.

use std::fs;

use serde_json::json;

use super::fixture::{GoProxy, Web, folder, read};

const BEAD: &str = "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: thing}
spec:
  version: 0.1.0
  description: a thing
  parameters:
  - name: digest
    description: the digest
    type: string
  application: {namespace: thing, manifests: app}
  crossplane:
    providers:
    - package: HOST/provider:v1.0.0@sha256:0000000000000000000000000000000000000000000000000000000000000000 # one
    functions:
    - package: \"HOST/function:v1.0.0@${ parameters.digest }\"
";

fn web() -> (Web, String, String) {
    let web = Web::new();
    let plain = json!({"mediaType": "application/vnd.oci.image.layer.v1.tar"});
    let package =
        json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "annotations": {"io.crossplane.xpkg": "base"}});
    for tag in ["1.0.0", "1.0.3", "1.2.0", "13-slim"] {
        web.push("team/app", tag, &plain, tag.as_bytes());
    }
    let image = web.push("team/app", "1.1.0", &plain, b"image");
    web.push("provider", "v1.0.0", &package, b"old");
    let provider = web.push("provider", "v1.1.0", &package, b"provider");
    web.push("function", "v1.1.0", &package, b"function");
    (web, image, provider)
}

#[test]
fn an_image_is_pinned_wherever_it_is_named() {
    let (web, digest, _) = web();
    let none = GoProxy::new();
    let host = web.host();
    let porter = format!(
        "name: x\ndockerfile: own.Dockerfile\nimages:\n  app: # ours\n    description: app\n    repository: {host}/team/app\n    tag: \"1.0.0\"\n"
    );
    let dockerfile =
        format!("FROM {host}/team/app:1.0.0 AS base\nFROM {host}/team/app:13-slim\nCOPY --from=base /a /b\n");
    let hub = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: hub}}\nspec:\n  argocd: {{version: 3.6.1}}\n  components:\n  - name: a\n    \
         namespace: a\n    chart: {{path: charts/a}}\n    images:\n    - image: '{host}/team/app:1.0.0' # here\n      values: {{repository: image}}\n"
    );
    let bundle = folder(&[("hub.yaml", &hub), ("porter.yaml", &porter), ("own.Dockerfile", &dockerfile)]);
    none.call(&format!("pin image {host}/team/app:1.1.0"), bundle.path()).exits(0).says(&digest);
    assert_eq!(read(&bundle, "hub.yaml"), hub.replace("app:1.0.0", &format!("app:1.1.0@{digest}")));
    let pinned = porter.replace("\"1.0.0\"\n", &format!("\"1.1.0\"\n    digest: {digest}\n"));
    assert_eq!(read(&bundle, "porter.yaml"), pinned);
    let pinned = dockerfile.replace("app:1.0.0", &format!("app:1.1.0@{digest}"));
    assert_eq!(read(&bundle, "own.Dockerfile"), pinned, "a tag of another kind is another image");
    none.call(&format!("pin image {host}/team/app:1.1.0"), bundle.path()).exits(0).says("nothing was changed");

    let run = none.call("outdated", bundle.path()).exits(0);
    run.says("`13-slim` is no version, and no digest is pinned").says("1.1.0   -      1.2.0  -");
    none.call("pin --upgrade app --minor", bundle.path()).exits(0);
    assert!(read(&bundle, "own.Dockerfile").contains("app:1.2.0@sha256:"), "{}", read(&bundle, "own.Dockerfile"));
}

#[test]
fn an_empty_tag_or_digest_is_filled() {
    let (web, digest, _) = web();
    let (none, host) = (GoProxy::new(), web.host());
    let porter = |tag: &str, digest: &str| {
        format!(
            "name: x\nimages:\n  app:\n    repository: {host}/team/app\n    tag:{tag}\n    digest:{digest} # of it\n"
        )
    };
    let pinned = format!(" {digest}");
    for (tag, old) in [(" 1.0.0", ""), (" 1.0.0", " null"), ("", pinned.as_str())] {
        let bundle = folder(&[("porter.yaml", &porter(tag, old))]);
        none.call(&format!("pin image {host}/team/app:1.1.0"), bundle.path()).exits(0);
        assert_eq!(read(&bundle, "porter.yaml"), porter(" 1.1.0", &pinned));
    }
}

#[test]
fn one_image_with_two_tags_is_two_pins() {
    let (web, _, _) = web();
    let (none, host) = (GoProxy::new(), web.host());
    let porter = folder(&[
        ("porter.yaml", "dockerfile: Dockerfile\n"),
        ("Dockerfile", &format!("FROM {host}/team/app:1.2.0 AS base\nFROM {host}/team/app:1.0.0\n")),
    ]);
    none.call("pin --upgrade --all", porter.path()).exits(0).says("app 1.2.0: nothing newer was found");
    let pinned = read(&porter, "Dockerfile");
    let start = format!("FROM {host}/team/app:1.2.0 AS base\nFROM {host}/team/app:1.0.3@sha256:");
    assert!(pinned.starts_with(&start), "{pinned}");
}

/// `13-slim` is another image every week, and is meant to be.
#[test]
fn a_tag_that_moves_is_outdated_when_it_has_moved() {
    let (web, none) = (Web::new(), GoProxy::new());
    let (host, layer) = (web.host(), json!({}));
    let first = web.push("debian", "13-slim", &layer, b"first");
    let porter = folder(&[
        ("porter.yaml", "dockerfile: Dockerfile\n"),
        ("Dockerfile", &format!("FROM {host}/debian:13-slim\n")),
    ]);
    none.call(&format!("pin image {host}/debian:13-slim"), porter.path()).exits(0);
    assert_eq!(read(&porter, "Dockerfile"), format!("FROM {host}/debian:13-slim@{first}\n"));
    none.call("outdated --exit-code", porter.path()).exits(0).says("1 pin, outdated: 0; not looked at: 0");
    none.call("pin --upgrade --all", porter.path()).exits(0).says("the tag has the digest that is pinned");
    let second = web.push("debian", "13-slim", &layer, b"second");
    none.call("outdated --exit-code", porter.path()).exits(5).says(&format!("13-slim@{second}"));
    none.call("pin --upgrade debian", porter.path()).exits(0);
    assert_eq!(read(&porter, "Dockerfile"), format!("FROM {host}/debian:13-slim@{second}\n"));
}

#[test]
fn what_nothing_names_is_answered() {
    let (web, digest, _) = web();
    let none = GoProxy::new();
    let host = web.host();
    let bundle = folder(&[("bead.yaml", &BEAD.replace("HOST", &host))]);
    let run = none.call(&format!("pin image {host}/team/app:1.1.0"), bundle.path()).exits(0);
    assert_eq!(run.stdout, format!("{host}/team/app:1.1.0@{digest}\n"));
    run.says("nothing was changed");
    for text in ["", ":latest"] {
        let run = none.call(&format!("pin image {host}/team/app{text}"), bundle.path()).exits(2);
        run.says("the newest that fits is 1.2.0");
    }
    none.call(&format!("pin image {host}/team/none:1.0.0"), bundle.path()).exits(1).says("is answered with 404");
    none.call("pin image A:b:c", bundle.path()).exits(2).says("is no reference to an image");
}

#[test]
fn a_package_is_pinned_by_its_digest_or_that_of_a_parameter() {
    let (web, _, digest) = web();
    let none = GoProxy::new();
    let host = web.host();
    let bead = BEAD.replace("HOST", &host);
    let bundle = folder(&[("bead.yaml", &bead)]);
    let image = format!("pin package {host}/team/app:1.1.0");
    none.call(&image, bundle.path()).exits(1).says("and no Crossplane package");
    none.call(&format!("pin package {host}/provider:v1.0.0"), bundle.path())
        .exits(3)
        .says("is another one than it was");
    assert_eq!(read(&bundle, "bead.yaml"), bead);
    none.call(&format!("pin package {host}/provider:v1.1.0"), bundle.path()).exits(0);
    let zeros = "0".repeat(64);
    let pinned = bead.replace(&format!("provider:v1.0.0@sha256:{zeros}"), &format!("provider:v1.1.0@{digest}"));
    assert_eq!(read(&bundle, "bead.yaml"), pinned);
    let run = none.call(&format!("pin package {host}/function:v1.1.0"), bundle.path()).exits(0);
    run.says("its digest is that of a parameter: give it sha256:");
    assert_eq!(read(&bundle, "bead.yaml"), pinned.replace("function:v1.0.0@$", "function:v1.1.0@$"));
}

#[test]
fn a_mirror_has_every_registry_below_its_host() {
    let (web, none) = (Web::new(), GoProxy::new());
    let digest = web.push("all/r.example.org/team/app", "1.0.0", &json!({}), b"app");
    let bundle = folder(&[("bead.yaml", &BEAD.replace("HOST", "r.example.org"))]);
    let line = format!("pin image r.example.org/team/app:1.0.0 --mirror {}/all", web.url());
    assert_eq!(none.call(&line, bundle.path()).exits(0).stdout, format!("r.example.org/team/app:1.0.0@{digest}\n"));
    let open = "pin image r.example.org/team/app:1.0.0 --mirror http://m.example.org --netrc-file netrc";
    fs::write(bundle.path().join("netrc"), "machine m.example.org login me password planted-1\n").expect("written");
    none.call(open, bundle.path()).exits(3).says("would cross the network unencrypted");
}
