//! The rules about bead steps and the documents that they name.

use std::fs;
use std::os::unix::fs::symlink;

use super::fixture::{bead_bundle, found_in, nothing, only, write};
use crate::support::{Mixin, data};

const BUNDLE: &str = "\
schemaVersion: 1.0.1
name: good
version: 0.1.0
registry: localhost:5000
mixins:
- backstack
parameters:
- {name: size, type: integer}
credentials:
- {name: kubeconfig, path: /home/nonroot/.kube/config, applyTo: [install, upgrade, uninstall]}
- {name: token, env: TOKEN}
- {name: key, path: /cnab/app/key.json, applyTo: [install, upgrade]}
images: {}
install:
- backstack:
    bead:
      file: bead.yaml
      parameters: {size: \"${ bundle.parameters.size }\"}
      secrets: {creds: {key.json: {file: /cnab/app/key.json}, token: {env: TOKEN}}}
      repository: {push: {password: {env: TOKEN}}}
    timeout: 5m
upgrade:
- backstack:
    bead:
      parameters: {size: 1}
      secrets: {creds: {key.json: {file: /cnab/app/key.json}, token: {env: TOKEN}}}
    timeout: 5m
help:
- backstack: {bead: {}, timeout: 1m}
uninstall:
- backstack: {bead: {}, timeout: 5m}
";

const DOCUMENT: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: x}
spec:
  version: 0.1.0
  parameters:
  - {name: size, type: integer}
  - {name: more, type: string, default: a}
  secrets:
  - {name: creds, namespace: x, keys: [key.json, token]}
  application: {namespace: x, manifests: app}
";

const LOCK: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets: []\n";

fn found(old: &str, new: &str) -> Vec<(u64, String)> {
    assert!(BUNDLE.contains(old), "{old}");
    found_in(&bead_bundle(&BUNDLE.replacen(old, new, 1), DOCUMENT))
}

fn found_with(old: &str, new: &str) -> Vec<(u64, String)> {
    assert!(DOCUMENT.contains(old), "{old}");
    found_in(&bead_bundle(BUNDLE, &DOCUMENT.replacen(old, new, 1)))
}

/// Also where parameters have no value yet, as here.
#[test]
fn a_manifest_of_a_kind_that_is_going_is_told_with_the_version_that_ends_it() {
    let document = DOCUMENT.replace("manifests: app}\n", "manifests: app}\n  kyverno: {policies: policies}\n");
    let folder = bead_bundle(BUNDLE, &document);
    let policy = |version: &str, kind: &str| {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p}}\nspec: {{rules: []}}\n");
        write(folder.path(), "policies/p.yaml", &text);
    };
    policy("kyverno.io/v1", "ClusterPolicy");
    only(
        &found_in(&folder),
        143,
        "policies/p.yaml:1:1: ClusterPolicy p: Kyverno deprecates it since 1.19, 1.20 neither",
    );
    policy("policies.kyverno.io/v1", "ValidatingPolicy");
    nothing(&found_in(&folder));
}

#[test]
fn a_text_that_is_no_image_is_told_where_it_stands() {
    let folder = bead_bundle(BUNDLE, DOCUMENT);
    let pod = |image: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: a, image: \"{image}\"}}]}}\n"
        );
        write(folder.path(), "app/a.yaml", &text);
    };
    let said = |image: &str| {
        let run = Mixin::new("bundle images").arg(folder.path()).args(["--param", "size=1"]).run().exits(0);
        run.stderr.contains(&format!("`{image}` is no reference to an image"))
    };
    for image in ["Team/App:1", "registry.example.org/a/b:1.0+build", "${IMAGE}"] {
        pod(image);
        only(
            &found_in(&folder),
            144,
            &format!("app/a.yaml:4:38: spec.containers[0].image: Pod p: `{image}` is no reference to an image"),
        );
        assert!(said(image), "{image}");
    }
    // What the installation gives is not known here.
    for image in ["registry.example.org/a@sha256:${ parameters.size }", "registry.example.org/a:1"] {
        pod(image);
        nothing(&found_in(&folder));
    }
    assert!(!said("registry.example.org/a:1"));
}

/// As `bead check` says it.
#[test]
fn a_link_in_a_folder_of_the_bead_is_told() {
    let folder = bead_bundle(BUNDLE, DOCUMENT);
    symlink("../bead.yaml", folder.path().join("app/link.yaml")).expect("linked");
    let words = "app/link.yaml is neither a file nor a folder";
    let hint = "links are not followed: put the file itself there, or take it out";
    let found = found_in(&folder);
    only(&found, 122, words);
    assert!(found[0].1.contains(hint), "{found:?}");
    Mixin::new("bead check").folder(folder.path()).run().exits(2).says(words).says(hint);
}

#[test]
fn nothing_is_found_in_good_bead_bundles() {
    nothing(&found_in(&bead_bundle(BUNDLE, DOCUMENT)));
    for bundle in fs::read_dir(data("bundles/beads")).expect("a folder").map(|it| it.expect("read").path()) {
        let run = Mixin::new("lint").arg(&bundle).run();
        assert_eq!(run.stdout, "0 errors, 0 warnings\n", "{}", bundle.display());
    }
    let folder = tempfile::tempdir().expect("a folder");
    Mixin::new("bead new x .").folder(folder.path()).run().exits(0);
    assert_eq!(Mixin::new("lint").arg(folder.path()).run().stdout, "0 errors, 0 warnings\n");
}

#[test]
fn files_and_folders_are_there() {
    only(
        &found("file: bead.yaml", "file: other.yaml").drain(..1).collect::<Vec<_>>(),
        103,
        "`bead.file` is `other.yaml`",
    );
    only(&found_with("manifests: app", "manifests: apps"), 103, "names the folder `apps`");
    only(&found_with("version: 0.1.0", "version: x"), 104, "bead.yaml:5:12: `spec.version` is `x`");
}

#[test]
fn the_content_is_what_a_check_lets_pass() {
    let document = DOCUMENT.replace("{name: size, type: integer}", "{name: size, type: integer, default: 1}");
    let folder = bead_bundle(BUNDLE, &document);
    write(folder.path(), "app/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: other}\n");
    only(&found_in(&folder), 122, "app/b.yaml:1:1: ConfigMap c: the bead may not write into the namespace other");
    write(folder.path(), "app/b.yaml", "a: [\n");
    only(&found_in(&folder), 122, "app/b.yaml:");
    let folder = bead_bundle(BUNDLE, &document);
    write(folder.path(), "app/a.yaml", "");
    only(&found_in(&folder), 122, "has no manifest");
    write(folder.path(), "bead.yaml", DOCUMENT);
    nothing(&found_in(&folder)); // it may depend on the value of a parameter
}

#[test]
fn entities_are_looked_at_whatever_the_parameters_are() {
    let folder = bead_bundle(BUNDLE, &format!("{DOCUMENT}  backstage: {{entities: catalog}}\n"));
    let entity = |name: &str| {
        let metadata = format!("apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: {name}}}\n");
        write(folder.path(), "catalog/catalog-info.yaml", &format!("{metadata}spec: {{owner: a}}\n"));
        found_in(&folder)
    };
    only(&entity("12"), 122, "catalog/catalog-info.yaml:3:18: `metadata.name` is a number");
    nothing(&entity("x"));
}

#[test]
fn the_step_fits_the_document() {
    only(&found("{size: 1}", "{siza: 1, size: 1}"), 120, "the bead has no parameter `siza`");
    only(&found("{size: 1}", "{}"), 121, "needs the parameter `size`");
    nothing(&found("{size: 1}", "\"${ bundle.custom.all }\""));
    only(&found(", token: {env: TOKEN}}}", "}}"), 121, "the Secret `creds` lacks token");
    only(&found(", token: {env: TOKEN}}}", ", token: {env: TOKEN}, tokem: {env: TOKEN}}}"), 120, "no key `tokem`");
    let secrets = "      secrets: {creds: {key.json: {file: /cnab/app/key.json}, token: {env: TOKEN}}}\n";
    only(&found(secrets, ""), 121, "the bead needs the Secret `creds`");
    only(&found("secrets: {creds:", "secrets: {other: {a: {env: TOKEN}}, creds:"), 120, "no Secret `other`");
}

#[test]
fn secrets_are_references_that_are_declared() {
    for secret in ["hunter2-hunter2", "{env: \"hunter2-hunter2!\"}", "{file: \"-----BEGIN KEY-----\\nhunter2\"}"] {
        let found = found(", token: {env: TOKEN}", &format!(", token: {secret}"));
        only(&found, 109, "bead.secrets.creds.token");
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    }
    only(&found("push: {password: {env: TOKEN}}", "push: {password: hunter2}"), 109, "bead.repository.push.password");
    only(&found(", token: {env: TOKEN}", ", token: {env: TOKENS}"), 111, "`bead.secrets.creds.token.env`");
    only(&found("file: /cnab/app/key.json", "file: /cnab/app/kay.json"), 111, "did you mean `/cnab/app/key.json`?");
    only(&found("json, applyTo: [install, upgrade]", "json, applyTo: [install]"), 110, "leaves out `upgrade`");
    let pasted = found(", token: {env: TOKEN}", ", token: {env: \"${ bundle.credentials.token }\"}");
    only(&pasted, 105, "bead.secrets.creds.token.env");
    let elsewhere = found("applyTo: [install, upgrade, uninstall]", "applyTo: [install, upgrade]");
    only(&elsewhere, 110, "the cluster of `bead` needs the credential `kubeconfig`");
}

#[test]
fn upgrade_and_uninstall_cover_the_bead() {
    only(
        &found("uninstall:\n- backstack: {bead: {}", "uninstall:\n- backstack: {cluster: {existing: {}}"),
        107,
        "no step for the bead",
    );
    let hub = "uninstall:\n- backstack: {cluster: {existing: {}}, timeout: 5m}\n- backstack: {bead: {}";
    only(&found("uninstall:\n- backstack: {bead: {}", hub), 113, "the cluster before the bead");
}

#[test]
fn the_lock_pins_the_chart_of_the_bead() {
    let chart = DOCUMENT.replace("manifests: app", "chart: {locked: c}");
    let folder = bead_bundle(BUNDLE, &chart);
    only(&found_in(&folder), 103, "`lock.yaml`, which pins the downloads of `bead.yaml`");
    write(folder.path(), "lock.yaml", LOCK);
    only(&found_in(&folder), 115, "bead.yaml:11:47: spec.application.chart.locked: lock.yaml pins no chart `c`");
    let digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let pin = |name: &str| format!("\n- {{name: {name}, type: chart, version: 1.0.0, sha256: \"{digest}\"}}");
    write(folder.path(), "lock.yaml", &LOCK.replace(" []", &pin("c")));
    nothing(&found_in(&folder));
    write(folder.path(), "assets/c/Chart.yaml", "name: c\n");
    only(&found_in(&folder), 115, "the digest of assets/c is");
    fs::remove_dir_all(folder.path().join("assets")).expect("removed");
    write(folder.path(), "lock.yaml", &LOCK.replace(" []", &(pin("c") + &pin("d"))));
    only(&found_in(&folder), 116, "uses the pin `d`");
}

#[test]
fn the_chart_for_spokes_is_looked_at_like_that_of_the_hub() {
    let lint = |chart: &str| {
        let folder = bead_bundle(
            BUNDLE,
            &format!("{DOCUMENT}  spokes: {{application: {{namespace: x, chart: {{{chart}}}}}}}\n"),
        );
        write(folder.path(), "lock.yaml", LOCK);
        found_in(&folder)
    };
    only(&lint("locked: c"), 115, "spec.spokes.application.chart.locked: lock.yaml pins no chart `c`");
    only(
        &lint("repository: 'https://charts.example.org', name: c, version: '*'"),
        124,
        "spec.spokes.application.chart: the chart is the newest",
    );
}

#[test]
fn images_of_a_bead_are_declared_with_a_digest() {
    let document = DOCUMENT.replace("{name: size, type: integer}", "{name: size, type: integer, default: 1}");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {containers: [{image: 'r.example.org/a:1'}]}\n";
    let lint = |images: &str, document: &str| {
        let folder = bead_bundle(&BUNDLE.replace("images: {}\n", images), document);
        write(folder.path(), "app/a.yaml", pod);
        found_in(&folder)
    };
    only(&lint("", &document), 112, "of the images that `bead.yaml` names, r.example.org/a:1 is not declared");
    let declared = "images:\n  a: {repository: r.example.org/a, tag: '1'}\n";
    only(&lint(declared, &document), 112, "r.example.org/a:1 names no digest");
    let digest = format!("images:\n  a: {{repository: r.example.org/a, digest: 'sha256:{}'}}\n", "a".repeat(64));
    nothing(&lint(&digest, &document));
    nothing(&lint("images: {}\n", &document));
    nothing(&lint("", DOCUMENT)); // its parameters are not known here
}
