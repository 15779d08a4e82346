//! Objects and namespaces that are on their way out.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::bench::{Bench, LONG, SHORT, uninstall};
use super::set::Set;
use crate::hub::fixture::eventually;

/// A namespace that is going takes nothing new: that is told, and what comes after it is another one.
#[test]
#[ignore = "needs the testbed"]
fn case_32_a_namespace_that_is_going_is_told_and_the_next_run_makes_it_anew() {
    let bench = Bench::new("going");
    let namespace = format!("{}-gone", bench.api.namespace);
    let set = Set::of(&namespace);
    bench.api.kubectl(&["create", "namespace", &namespace]);
    let uid = || bench.api.kubectl(&["get", "namespace", &namespace, "-o", "jsonpath={.metadata.uid}"]);
    let before = uid();
    bench.api.kubectl(&["delete", "namespace", &namespace, "--wait=false"]);
    let outcome = bench.install_within(&set, SHORT);
    bench.fails(&set, outcome, &["because it is being terminated", "(tried for 3 s)"]);
    finish(&bench, &namespace);
    bench.converges(&set);
    assert_ne!(uid(), before);
}

/// What the controller of namespaces does, which does not run here.
fn finish(bench: &Bench, namespace: &str) {
    let live = bench.api.kubectl(&["get", "namespace", namespace, "-o", "json"]);
    let mut live: Value = serde_json::from_str(&live).expect("kubectl prints JSON");
    live["spec"]["finalizers"] = json!([]);
    let body = super::bench::file(&live);
    let path = format!("/api/v1/namespaces/{namespace}/finalize");
    bench.api.kubectl(&["replace", "--raw", &path, "-f", body.path().to_str().expect("a path")]);
    eventually("the namespace is gone", || !bench.api.try_kubectl(&["get", "namespace", namespace]).status.success());
}

/// What holds it is named, and nothing is stripped of it; when it is let go the next run ends it.
#[test]
#[ignore = "needs the testbed"]
fn case_58_what_a_finalizer_holds_is_named_and_the_next_removal_ends_it() {
    let bench = Bench::new("held");
    let set = bench.set();
    bench.install_directly(&set);
    let finalizers = |list: &str| {
        let patch = format!("{{\"metadata\": {{\"finalizers\": {list}}}}}");
        bench.api.kubectl(&["patch", "configmap", "b", "--type=merge", "-p", &patch]);
    };
    finalizers(r#"["example.org/hold"]"#);
    let failure = uninstall(bench.way(), &set, SHORT).expect_err("one of them is held");
    let told = failure.render();
    assert!(told.contains("/b") && told.contains("finalizers example.org/hold") && told.contains("hint:"), "{told}");
    assert_eq!(bench.state(&set).len(), 2, "the namespace and what is held: {:#?}", bench.state(&set));
    bench.holds(&set);

    let removed = thread::scope(|scope| {
        let run = scope.spawn(|| uninstall(bench.way(), &set, LONG));
        finalizers("null");
        run.join().expect("it ends")
    });
    removed.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(bench.state(&set).len(), 1, "the namespace stays");
    bench.holds(&set);
}

/// A kind whose definition goes takes nothing new. What it waits for is not hidden, and when it is gone all is made anew.
#[test]
#[ignore = "needs the testbed"]
fn case_35_a_definition_that_is_going_is_told_and_the_next_run_makes_it_anew() {
    let bench = Bench::new("definition");
    let group = format!("{}.example.org", bench.api.namespace);
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}]}});
    let widget = |name: &str| {
        json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "spec": {"size": 1},
            "metadata": {"name": name, "namespace": bench.api.namespace}})
    };
    let set = bench.set().with(crd).with(widget("one"));
    bench.install_directly(&set);
    let resource = format!("widgets.{group}");
    let hold = |list: &str| {
        let patch = format!("{{\"metadata\": {{\"finalizers\": {list}}}}}");
        bench.api.kubectl(&["patch", &resource, "one", "--type=merge", "-p", &patch]);
    };
    hold(r#"["example.org/hold"]"#);
    bench.api.kubectl(&["delete", "crd", &resource, "--wait=false"]);
    let more = set.clone().with(widget("two"));
    eventually("the definition takes nothing new", || {
        let said = bench.api.try_apply(&widget("probe").to_string(), &["--dry-run=server"]);
        said.is_err_and(|said| said.contains("terminating") || said.contains("not allowed"))
    });
    let outcome = bench.install_within(&more, Duration::from_secs(4));
    bench.fails(&more, outcome, &["Widget", "/two", "(tried for 4 s)"]);
    hold("null");
    eventually("the definition is gone", || !bench.api.try_kubectl(&["get", "crd", &resource]).status.success());
    let outcome = bench.install(&more);
    outcome.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(bench.state(&more).len(), more.objects.len() - 1, "all but the definition, which is not counted");
    bench.holds(&more);
    bench.api.kubectl(&["delete", "crd", &resource, "--wait=false"]);
}
