//! What is wrong with a command line, and a cluster that has no hub.

use serde_json::json;

use crate::support::fake_api::{Answer, FakeApi};
use crate::support::{Mixin, refused};

#[test]
fn a_mistake_of_the_command_line_is_told_before_any_cluster_is_asked() {
    for (line, said) in [
        ("status --output sarif", "there is no form `sarif`"),
        ("verify --output name", "`--output` takes table, json, yaml"),
        ("diff --output name", "`--output` takes table, json, yaml, markdown"),
        ("wait --output markdown", "`--output` takes table, json, yaml, name"),
        ("status --file x", "--file has no effect here"),
        ("wait --action x", "--action has no effect here"),
        ("wait --timeout soon", "--timeout: `soon` is not a duration"),
        ("diff --timeout 0s", "--timeout: it gives no time at all"),
        ("wait --revision main", "--revision: `main` is no whole commit"),
        ("wait --bead a --application b", "cannot be used with"),
    ] {
        refused(line, said);
    }
}

#[test]
fn a_cluster_without_a_hub_is_told_with_what_to_do() {
    let empty = || FakeApi::introduced(|_| Answer("404 Not Found", r#"{"kind": "Status", "code": 404}"#.to_owned()));
    // An Application of people that is called so is none either.
    let root = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "root", "namespace": "argocd", "uid": "2"}, "spec": {"project": "default"}});
    let of_people = FakeApi::introduced(move |_| Answer::ok(root.to_string()));
    for api in [empty(), of_people] {
        for verb in ["status --exit-code", "verify", "diff --exit-code", "wait"] {
            let run = Mixin::new(verb).arg("--kubeconfig").arg(api.kubeconfig()).run();
            assert_eq!(run.code, 1, "{verb}: {}", run.stderr);
            for said in [
                "cluster    v1.37.2 at http://127.0.0.1:",
                ", context c",
                "error: there is no hub on the cluster at",
                "hint: ",
            ] {
                assert!(run.stderr.contains(said), "{verb}: `{said}` is not in {}", run.stderr);
            }
            assert_eq!(run.stdout, "", "{verb}");
        }
    }
}
