//! The rules about files: Hub documents, locks, images.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use backstack::files::sha256;
use serde_json::json;

use super::fixture::{BUNDLE, DOCUMENT, LOCK, bundle, found, found_in, nothing, only, results, sent, with, write};
use crate::support::Mixin;

#[test]
fn downloads_that_are_not_there_are_told_once_however_a_step_names_the_file() {
    let folder = bundle(&with("file: hub.yaml", "file: ./hub.yaml"));
    let run = Mixin::new("lint .").folder(folder.path()).run();
    assert_eq!(run.stderr.matches("not looked at: 2 downloads that are not there").count(), 1, "{}", run.stderr);
}

#[test]
fn the_file_of_a_step() {
    only(&found(&with("file: hub.yaml", "file: other.yaml")).drain(..1).collect::<Vec<_>>(), 103, "`other.yaml`");
    let sized = with("file: hub.yaml", "file: \"hub-${ bundle.parameters.size }.yaml\"");
    let folder = bundle(&sized);
    write(folder.path(), "hub-small.yaml", DOCUMENT);
    let one_is_missing = found_in(&folder);
    only(&one_is_missing, 103, "`hub-large.yaml` when the parameter `size` is `large`");
    assert!(
        one_is_missing[0].1.starts_with("porter.yaml:20:13: install[0].backstack.hub.file: "),
        "{one_is_missing:?}"
    );
    write(folder.path(), "hub-large.yaml", &DOCUMENT.replace("3.6.1", "x"));
    only(&found_in(&folder), 104, "hub-large.yaml:5:21: `spec.argocd.version` is `x`");
    write(folder.path(), "hub-large.yaml", DOCUMENT);
    nothing(&found_in(&folder));
    only(&found(&sized.replace("enum: [small, large]", "default: hup")), 103, "`hub-hup.yaml` when");
    nothing(&found(&sized.replace(", enum: [small, large]", "")));
}

/// What an installation cannot do without is an error, unless it depends on a parameter.
#[test]
fn a_missing_file_is_an_error_where_it_is_needed() {
    let level = |porter_yaml: &str, missing: &str| {
        let folder = bundle(porter_yaml);
        write(folder.path(), "hub-small.yaml", DOCUMENT);
        fs::remove_file(folder.path().join(missing)).expect("removed");
        let found = results(folder.path(), &sent(porter_yaml));
        found.iter().find(|it| it["Code"] == "backstack-103").expect("found")["Level"].clone()
    };
    let (error, warning) = (json!(0), json!(2));
    assert_eq!(level(BUNDLE, "hub.yaml"), error);
    assert_eq!(level(BUNDLE, "lock.yaml"), error);
    let sized = with("file: hub.yaml", "file: \"hub-${ bundle.parameters.size }.yaml\"");
    assert_eq!(
        level(&sized.replace("upgrade:\n- backstack:\n    hub: {", "status:\n- backstack:\n    hub: {"), "hub.yaml"),
        warning
    );
}

#[test]
fn the_document_is_read_and_its_place_told() {
    let folder = bundle(BUNDLE);
    write(folder.path(), "hub.yaml", "kind: Hub\nspec: {argocd: {version: x}}\n");
    let findings = results(folder.path(), &sent(BUNDLE));
    assert_eq!(findings[0]["Code"], "backstack-104");
    let place = json!({"Action": "install", "Mixin": "backstack", "StepNumber": 1, "StepDescription": "Make the hub"});
    assert_eq!(findings[0]["Location"], place);
    assert!(format!("{findings:?}").contains("hub.yaml:2:26: `spec.argocd.version` is `x`"), "{findings:?}");
}

#[test]
fn the_lock_is_held_against_document_and_assets() {
    let lint = |lock: &str, document: &str| {
        let folder = bundle(BUNDLE);
        write(folder.path(), "lock.yaml", lock);
        write(folder.path(), "hub.yaml", document);
        write(folder.path(), "assets/argocd.yaml", "");
        found_in(&folder)
    };
    nothing(&lint(LOCK, DOCUMENT));
    only(
        &lint(LOCK, &DOCUMENT.replace("3.6.1", "3.6.2")),
        115,
        "hub.yaml:5:21: spec.argocd.version: the version of Argo CD is `3.6.2`",
    );
    only(&lint(LOCK, &DOCUMENT.replace("locked: a", "path: x")), 116, "lock.yaml:8:9: assets[1].name: no document");
    let slip = lint(LOCK, &DOCUMENT.replace("locked: a}", "locked: aa}"));
    assert!(slip[0].0 == 115 && slip[0].1.contains("did you mean `a`?") && slip[1].0 == 116, "{slip:#?}");
    only(&lint(&LOCK.replacen("sha256:e3b", "sha256:e3c", 1), DOCUMENT), 115, "the digest of assets/argocd.yaml is");
    let sized = LOCK.replacen("  sha256:", "  size: 7\n  sha256:", 1);
    only(&lint(&sized, DOCUMENT), 115, "the size of assets/argocd.yaml is `0`, not the one that is pinned");
    let folder = bundle(BUNDLE);
    let older = "image: quay.io/argoproj/argocd:v3.6.0\n";
    write(folder.path(), "assets/argocd.yaml", older);
    let digest = sha256(older.as_bytes());
    write(folder.path(), "lock.yaml", &LOCK.replacen(&sha256(b""), &digest, 1));
    only(
        &found_in(&folder),
        115,
        "assets[0].version: assets/argocd.yaml is of version 3.6.0, as `sha256` pins it, not of `3.6.1`",
    );
    let vendored = Mixin::new("vendor --check").folder(folder.path()).run();
    vendored.exits(1).says("argocd 3.6.1: what the digest pins is of version 3.6.0");
    the_variant_is_one_of_document_lock_and_asset();
    only(
        &lint(&LOCK.replacen("name: argocd", "name: argocb", 1), DOCUMENT).drain(..1).collect::<Vec<_>>(),
        115,
        "no manifest",
    );
    only(&lint("kind: Lock", DOCUMENT).drain(..1).collect::<Vec<_>>(), 104, "lock.yaml:1:1");
    let folder = bundle(BUNDLE);
    fs::remove_file(folder.path().join("lock.yaml")).expect("removed");
    only(&found_in(&folder), 103, "`lock.yaml`, which pins the downloads of `hub.yaml`");
}

fn the_variant_is_one_of_document_lock_and_asset() {
    let folder = bundle(BUNDLE);
    let manifest = "image: quay.io/argoproj/argocd:v3.6.1\nname: argocd-redis-ha-server\n";
    write(folder.path(), "assets/argocd.yaml", manifest);
    let standard = LOCK.replacen(&sha256(b""), &sha256(manifest.as_bytes()), 1);
    let available = standard.replacen("  version: 3.6.1\n", "  version: 3.6.1\n  variant: ha\n", 1);
    let lint = |lock: &str, argocd: &str| {
        write(folder.path(), "lock.yaml", lock);
        write(folder.path(), "hub.yaml", &DOCUMENT.replace("{version: 3.6.1}", argocd));
        found_in(&folder).into_iter().filter(|(code, _)| *code != 112).collect::<Vec<_>>()
    };
    let (plain, ha) = ("{version: 3.6.1}", "{version: 3.6.1, variant: ha}");
    nothing(&lint(&available, ha));
    only(
        &lint(&available, plain),
        115,
        "hub.yaml:5:11: spec.argocd.variant: the variant of Argo CD is `standard`, but lock.yaml pins `ha`",
    );
    assert!(lint(&available, plain)[0].1.contains("run `backstack vendor`; or write `variant: ha`"));
    only(
        &lint(&standard, plain),
        115,
        "assets[0].variant: assets/argocd.yaml is of variant ha, as `sha256` pins it, not of `standard`",
    );
    let vendored = Mixin::new("vendor --check").folder(folder.path()).run();
    vendored
        .exits(1)
        .says("argocd 3.6.1: what the digest pins is of variant ha, lock.yaml says standard")
        .says("hint: write `variant: ha` beside its digest in lock.yaml, and below `argocd` in hub.yaml");
    let slip = lint(&available, "{version: 3.6.1, variant: highly}");
    assert!(slip[0].0 == 104 && slip[0].1.contains("spec.argocd.variant"), "{slip:#?}");
}

#[test]
fn a_patch_is_held_against_the_manifest_that_is_there() {
    let folder = bundle(BUNDLE);
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: argocd-server}\nspec: {replicas: 1}\n";
    write(folder.path(), "lock.yaml", &LOCK.replacen(&sha256(b""), &sha256(manifest.as_bytes()), 1));
    let lint = |name: &str| {
        let patch = format!("{{target: {{kind: Deployment, name: {name}}}, patch: 'spec: {{replicas: 2}}'}}");
        let argocd = format!("{{version: 3.6.1, patches: [{patch}]}}");
        write(folder.path(), "hub.yaml", &DOCUMENT.replace("{version: 3.6.1}", &argocd));
        found_in(&folder).into_iter().filter(|(code, _)| *code != 112).collect::<Vec<_>>()
    };
    nothing(&lint("argocd-sever")); // not vendored, not checked
    write(folder.path(), "assets/argocd.yaml", manifest);
    nothing(&lint("argocd-server"));
    only(&lint("argocd-sever"), 104, "spec.argocd.patches[0]: Argo CD's manifest has no Deployment argocd-sever");
}

#[test]
fn an_operation_that_does_not_fit_is_told_in_its_line() {
    let folder = bundle(BUNDLE);
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: argocd-server}\nspec: {replicas: 1}\n";
    write(folder.path(), "lock.yaml", &LOCK.replacen(&sha256(b""), &sha256(manifest.as_bytes()), 1));
    write(folder.path(), "assets/argocd.yaml", manifest);
    let patch = "\n    version: 3.6.1\n    patches:\n    - target: {kind: Deployment}\n      patch: |\n        \
                 - {op: replace, path: /spec/replicas, value: 2}\n        - {op: remove, path: /spec/nothing}";
    write(folder.path(), "hub.yaml", &DOCUMENT.replace(" {version: 3.6.1}", patch));
    let found: Vec<_> = found_in(&folder).into_iter().filter(|(code, _)| *code != 112).collect();
    only(
        &found,
        104,
        "hub.yaml:11:11: spec.argocd.patches[0]: Deployment argocd-server: operation 1 of the patch: `/spec/nothing`",
    );
}

#[test]
fn a_text_that_is_no_image_is_told_in_values_and_patches() {
    let folder = bundle(BUNDLE);
    let argocd = " \n    version: 3.6.1\n    patches:\n    - target: {kind: Deployment, name: a}\n      patch: |\n        \
                  spec: {containers: [{image: r.example.org/a:1}, {image: Team/App:1}]}\n    \
                  - target: {kind: Deployment, name: b}\n      patch: |\n        - {op: remove, path: /a}\n        \
                  - {op: replace, path: /containers/0/image, value: 'b:1+x'}\n        \
                  - {op: add, path: /containers/-, value: {name: c, image: 'https://r.example.org/c:1'}}";
    let values = "\n  - name: a\n    namespace: a\n    chart: {locked: a}\n    values:\n      image: Team/Of-The-Chart\n      objects:\n      \
                  - {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{image: '${IMAGE}'}]}}\n      \
                  - {apiVersion: kyverno.io/v1, kind: Policy, metadata: {name: p}, spec: {containers: [{image: '*:latest'}]}}";
    let text = DOCUMENT.replace(" {version: 3.6.1}", argocd);
    let text = text.replace("\n  - {name: a, namespace: a, chart: {locked: a}}", values);
    write(folder.path(), "hub.yaml", &text);
    let found: Vec<String> = found_in(&folder).into_iter().filter(|(code, _)| *code == 144).map(|(_, it)| it).collect();
    let expected = [
        "hub.yaml:23:86: spec.components[0].values.objects[0].spec.containers[0].image: Pod p: `${IMAGE}` is no reference",
        "hub.yaml:10:58: spec.argocd.patches[0].patch.spec.containers[1].image: Deployment a: `Team/App:1` is no reference",
        "hub.yaml:14:52: spec.argocd.patches[1].patch[1].value: Deployment b: `b:1+x` is no reference",
        "hub.yaml:15:59: spec.argocd.patches[1].patch[2].value.image: Deployment b: `https://r.example.org/c:1` is no reference",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for expected in expected {
        assert!(found.iter().any(|it| it.starts_with(expected)), "{expected} in {found:#?}");
    }
}

#[test]
fn images_are_declared_with_a_version() {
    let manifest = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'r.example.org/a:v1'}, {image: b}]}\n";
    let folder = bundle(&with("images: {}\n", ""));
    nothing(&found_in(&folder)); // not vendored, not checked
    write(folder.path(), "assets/argocd.yaml", manifest);
    let lint = |images: &str| {
        write(folder.path(), "porter.yaml", &with("images: {}\n", images));
        let found = found_in(&folder);
        found.into_iter().filter(|(code, _)| *code == 112).collect::<Vec<_>>()
    };
    let none = lint("");
    only(&none, 112, "docker.io/library/b is not declared, r.example.org/a:v1 is not declared");
    assert!(none[0].1.contains("`backstack bundle images`"), "{none:#?}");
    let a = "  a: {repository: r.example.org/a, tag: v1}\n";
    let b = "  b: {repository: b}\n";
    only(&lint(&format!("images:\n{a}")), 112, "b is not declared");
    only(&lint(&format!("images:\n{a}{b}")), 112, "names, docker.io/library/b names no version");
    write(folder.path(), "assets/argocd.yaml", &manifest.replace("image: b", "image: 'b:1'"));
    nothing(&lint(&format!("images:\n{a}{}", b.replace("b}", "b, tag: '1'}"))));
    nothing(&lint("images: {}\n"));
    let package = "values: {objects: [{apiVersion: pkg.crossplane.io/v1, kind: Provider, spec: {package: 'r.example.org/p:v1'}}]}";
    write(
        folder.path(),
        "hub.yaml",
        &DOCUMENT.replace("chart: {locked: a}}", &format!("chart: {{locked: a}}, {package}}}")),
    );
    let declared = format!("images:\n{a}{}", b.replace("b}", "b, tag: '1'}"));
    only(&lint(&declared), 112, "r.example.org/p:v1 is not declared");
    // A tag of somebody else's manifest is pinned with it; one of our own document may be another image tomorrow.
    only(&lint(&format!("{declared}  p: {{repository: r.example.org/p, tag: v1}}\n")), 112, "p:v1 names no digest");
    let digest = format!("sha256:{}", "a".repeat(64));
    nothing(&lint(&format!("{declared}  p: {{repository: r.example.org/p, digest: '{digest}'}}\n")));
}

#[test]
fn the_image_of_the_bundle_is_pinned() {
    let named = with("images: {}", "images: {}\ndockerfile: template.Dockerfile");
    let pinned = format!("debian:13-slim@sha256:{}", "a".repeat(64));
    let lint = |dockerfile: &str| {
        let folder = bundle(&named);
        write(folder.path(), "template.Dockerfile", dockerfile);
        found_in(&folder)
    };
    nothing(&lint(&format!("FROM {pinned}\nRUN true\n")));
    only(&lint("FROM debian:13-slim\n"), 123, "template.Dockerfile:1:6: debian:13-slim has no digest");
    only(
        &lint(&format!("# syntax=docker/dockerfile:1\nFROM {pinned}\n")),
        123,
        "template.Dockerfile:1:10: docker/dockerfile:1 has no digest",
    );
    only(
        &lint(&format!("FROM {pinned}\nRUN --mount=type=bind,from=busybox:1,target=/x true\n")),
        123,
        "2:28: busybox:1 has",
    );
}

#[test]
fn only_files_of_the_bundle_are_read() {
    let outside = tempfile::tempdir().expect("a folder");
    write(outside.path(), "other", "FROM a-line-of-others\n");
    let other = outside.path().join("other");
    for (link, target) in [("link", other.as_path()), ("endless", Path::new("/dev/zero")), ("up", Path::new("../x"))] {
        let folder = bundle(&with("images: {}", &format!("images: {{}}\ndockerfile: {link}")));
        symlink(target, folder.path().join(link)).expect("linked");
        let found = found_in(&folder);
        only(&found, 123, &format!("`{link}` cannot be read, so the images in it are not looked at"));
        assert!(!found[0].1.contains("a-line-of-others"), "{found:?}");
    }
    for name in [other.display().to_string(), "../other".to_owned(), "/dev/zero".to_owned(), "missing".to_owned()] {
        only(&found(&with("images: {}", &format!("images: {{}}\ndockerfile: {name}"))), 123, "cannot be read");
    }
    for (file, code) in [("hub.yaml", 103), ("lock.yaml", 103)] {
        let folder = bundle(BUNDLE);
        fs::remove_file(folder.path().join(file)).expect("removed");
        symlink(&other, folder.path().join(file)).expect("linked");
        let found = found_in(&folder);
        only(&found, code, "it is outside of the bundle's folder");
        assert!(!found[0].1.contains("a-line-of-others"), "{found:?}");
    }
    // A link within the folder is a file of it.
    let folder = bundle(&with("images: {}", "images: {}\ndockerfile: link"));
    write(folder.path(), "docker/file", "FROM debian\n");
    symlink("docker/file", folder.path().join("link")).expect("linked");
    only(&found_in(&folder), 123, "link:1:6: debian has no digest");
}

#[test]
fn a_chart_that_can_be_another_one_tomorrow() {
    let lint = |chart: &str| {
        let folder = bundle(BUNDLE);
        let document = format!("{DOCUMENT}  - {{name: b, namespace: b, chart: {chart}}}\n");
        write(folder.path(), "hub.yaml", &document);
        found_in(&folder)
    };
    only(
        &lint("{repository: 'http://charts.example.org', name: b, version: '*'}"),
        124,
        "hub.yaml:8:36: spec.components[1].chart: the chart is the newest that http://charts.example.org has of `*`",
    );
    let oci = "oci: 'oci://r.example.org', name: b, version: 1.0.0";
    only(&lint(&format!("{{{oci}}}")), 124, "oci://r.example.org has under the version 1.0.0");
    nothing(&lint(&format!("{{{oci}, digest: 'sha256:{}'}}", "a".repeat(64))));
    only(
        &lint("{repository: 'https://charts.example.org', name: b, version: 1.0.0, digest: 'sha256:0'}"),
        104,
        "`spec.components[1].chart.digest` is `sha256:0`",
    );
}
