//! The parameters of a bundle on their way to a bead: what gets lost there is silently a default.

use super::fixture::{bead_bundle, found_in, nothing, only, write};
use crate::support::Mixin;

const BUNDLE: &str = "\
schemaVersion: 1.0.1
name: good
version: 0.1.0
registry: localhost:5000
mixins:
- backstack
parameters:
- {name: replicas, type: integer, default: 1}
- {name: size, type: string}
credentials:
- {name: kubeconfig, path: /home/nonroot/.kube/config}
images: {}
install:
- backstack:
    bead: {parameters: {replicas: \"${ bundle.parameters.replicas }\", size: \"${ bundle.parameters.size }\"}}
    timeout: 5m
upgrade:
- backstack:
    bead: {parameters: {replicas: \"${bundle.parameters.replicas}\", size: small}}
    timeout: 5m
diff:
- backstack:
    bead: {parameters: {replicas: 2, size: small}}
    timeout: 5m
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
  - {name: replicas, type: integer, default: 1}
  - {name: size, type: string}
  application: {namespace: x, manifests: app}
";

fn found(porter_yaml: &str, document: &str) -> Vec<(u64, String)> {
    found_in(&bead_bundle(porter_yaml, document))
}

#[track_caller]
fn found_with(old: &str, new: &str) -> Vec<(u64, String)> {
    assert!(BUNDLE.contains(old), "{old}");
    found(&BUNDLE.replacen(old, new, 1), DOCUMENT)
}

#[test]
fn a_step_that_leaves_out_what_others_give_is_told_with_them() {
    nothing(&found(BUNDLE, DOCUMENT));
    let words = "diff[0].backstack.bead.parameters: the parameter `replicas` is the bead's default here, and is given by install[0], upgrade[0]";
    let lost = found_with("{replicas: 2, size: small}", "{size: small}");
    only(&lost, 146, words);
    assert!(lost[0].1.contains("as there: `replicas: \"${ bundle.parameters.replicas }\"`"), "{lost:?}");
    // Where none is given at all, too.
    let lost = found_with("{parameters: {replicas: \"${bundle.parameters.replicas}\", size: small}}", "{}");
    assert_eq!(lost.iter().map(|it| it.0).collect::<Vec<_>>(), [146, 121], "{lost:?}");
    // What stands behind a template is not known, and whoever removes a bead reads its parameters in git.
    nothing(&found_with("{replicas: 2, size: small}", "\"${ bundle.custom.all }\""));
}

#[test]
fn a_parameter_without_a_default_is_an_error_where_it_is_not_given() {
    for (old, new, action) in [
        ("{replicas: 2, size: small}", "{replicas: 2}", "diff"),
        (", size: small}}\n    timeout: 5m\ndiff", "}}\n    timeout: 5m\ndiff", "upgrade"),
    ] {
        only(
            &found_with(old, new),
            121,
            &format!("{action}[0].backstack.bead.parameters: the bead needs the parameter `size`"),
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    Mixin::new("bead new x .").folder(folder.path()).run().exits(0);
    let document = std::fs::read_to_string(folder.path().join("bead.yaml")).expect("there");
    write(
        folder.path(),
        "bead.yaml",
        &document.replacen("  parameters:\n", "  parameters:\n  - {name: size, type: string}\n", 1),
    );
    let run = Mixin::new("lint .").folder(folder.path()).run().exits(2);
    assert!(run.stdout.contains("error[backstack-121]"), "{}", run.stdout);
}

#[test]
fn a_parameter_that_nothing_uses_is_told() {
    let more = |line: &str| BUNDLE.replacen("credentials:", &format!("{line}\ncredentials:"), 1);
    let unused = "- {name: zone, type: string}";
    only(&found(&more(unused), DOCUMENT), 147, "parameters[2]: no step uses the parameter `zone`");
    for line in [
        "- {name: zone, type: string, path: /cnab/app/zone}",
        "- {name: zone, type: string, env: ZONE_OF_OTHERS}",
        "- {name: https-proxy, type: string}",
        "- {name: zone, type: string}\ncustom: {of: \"${ bundle.parameters.zone }\"}",
    ] {
        nothing(&found(&more(line), DOCUMENT));
    }
    // Another mixin may read its variable; a bead cannot.
    let with_exec = |text: &str| text.replacen("mixins:\n", "mixins:\n- exec\n", 1);
    nothing(&found(&with_exec(&more(unused)), DOCUMENT));
    let bead = DOCUMENT.replacen("parameters:\n", "parameters:\n  - {name: zone, type: string, default: a}\n", 1);
    let lost = found(&with_exec(&more(unused)), &bead);
    only(&lost, 147, "hand it to the bead, under `bead.parameters`: `zone: \"${ bundle.parameters.zone }\"`");
}

#[test]
fn bundle_and_bead_declare_a_parameter_alike() {
    let replicas = "{name: replicas, type: integer, default: 1}";
    let other = |declared: &str| found(&BUNDLE.replacen(replicas, declared, 1), DOCUMENT);
    only(
        &other("{name: replicas, type: string, default: '1'}"),
        148,
        "porter.yaml:8:26: parameters[0].type: `replicas` is declared as string, and by the bead as integer (bead.yaml:7)",
    );
    let planted = other("{name: replicas, type: integer, default: 47110815}");
    only(
        &planted,
        148,
        "parameters[0].default: `replicas` has another default than the bead declares for it (bead.yaml:7)",
    );
    assert!(!format!("{planted:?}").contains("47110815"), "{planted:?}");
    nothing(&other("{name: replicas, type: integer, default: 1.0}"));
    nothing(&other("{name: replicas, type: integer}"));
    // Where a text is only a part of what is given, the bundle makes something else of it.
    let part = BUNDLE.replace("size: \"${ bundle.parameters.size }\"", "size: \"a-${ bundle.parameters.size }\"");
    nothing(&found(&part.replace("size, type: string", "size, type: integer"), DOCUMENT));
}
