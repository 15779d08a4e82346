//! Objects and namespaces that are on their way out.

use std::thread;
use std::time::Duration;

use backstack_testbed::faults::{Answer, End, Fault, Rule};
use serde_json::{Value, json};

use super::bench::{Bench, LONG, SHORT, uninstall};
use super::set::Set;
use crate::hub::fixture::eventually;

/// A namespace that is going takes nothing new: it is waited for, and what comes after it is another one, in the same run.
#[test]
#[ignore = "needs the testbed"]
fn case_32_a_namespace_that_is_going_is_waited_for_and_made_anew() {
    let bench = Bench::new("going");
    let set = Set::of(&format!("{}-gone", bench.api.namespace));
    bench.api.kubectl(&["create", "namespace", &set.namespace]);
    let before = uid(&bench, &set.namespace);
    bench.api.kubectl(&["delete", "namespace", &set.namespace, "--wait=false"]);
    let outcome = bench.install_within(&set, SHORT);
    bench.fails(&set, outcome, &["Namespace", "it is being deleted", "(tried for 3 s)", "made anew"]);

    bench.proxy.forget();
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| bench.install(&set));
        waits_for(&bench, &set.namespace);
        finish(&bench, &set.namespace);
        run.join().expect("it ends")
    });
    outcome.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_ne!(uid(&bench, &set.namespace), before);
    bench.converges(&set);
}

/// What was applied before is applied once more, and never is a run said to have ended well without it.
#[test]
#[ignore = "needs the testbed"]
fn case_33_a_namespace_that_is_deleted_in_the_middle_is_made_anew_with_all_of_its_set() {
    let bench = Bench::new("middle");
    let set = Set::of(&format!("{}-gone", bench.api.namespace));
    bench.fail(away("/deployments/"));
    let (before, outcome) = thread::scope(|scope| {
        let run = scope.spawn(|| bench.install(&set));
        assert!(bench.proxy.has_struck(1, LONG), "the last object is on its way");
        let before = uid(&bench, &set.namespace);
        // As the controller of namespaces would, which takes away what is in it first.
        bench.api.kubectl(&["delete", "namespace", &set.namespace, "--wait=false"]);
        bench.api.kubectl(&["delete", "configmap", "--all", "-n", &set.namespace]);
        bench.proxy.mend();
        waits_for(&bench, &set.namespace);
        finish(&bench, &set.namespace);
        (before, run.join().expect("it ends"))
    });
    outcome.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_ne!(uid(&bench, &set.namespace), before);
    assert_eq!(bench.state(&set).len(), set.objects.len(), "I1: all of it is there");
    bench.converges(&set);
}

/// Nothing comes of it until the proxy is mended.
fn away(path: &str) -> Rule {
    Rule::all(Fault::Instead(End::Answer(Answer::status(503, "not now")))).of("PATCH").at(path)
}

fn uid(bench: &Bench, namespace: &str) -> String {
    bench.api.kubectl(&["get", "namespace", namespace, "-o", "jsonpath={.metadata.uid}"])
}

/// Until the run looks whether the namespace is gone.
fn waits_for(bench: &Bench, namespace: &str) {
    let look = format!("GET /api/v1/namespaces/{namespace}");
    eventually("it waits", || bench.proxy.seen().iter().filter(|it| it.line == look).count() >= 2);
}

/// What the controller of namespaces does, which does not run here.
fn finish(bench: &Bench, namespace: &str) {
    let live = bench.api.kubectl(&["get", "namespace", namespace, "-o", "json"]);
    let mut live: Value = serde_json::from_str(&live).expect("kubectl prints JSON");
    live["spec"]["finalizers"] = json!([]);
    // The run may have written it since.
    live["metadata"]["resourceVersion"].take();
    let body = super::bench::file(&live);
    let path = format!("/api/v1/namespaces/{namespace}/finalize");
    bench.api.kubectl(&["replace", "--raw", &path, "-f", body.path().to_str().expect("a path")]);
    // The run makes another one as soon as it can.
    let look = ["get", "namespace", namespace, "-o", "jsonpath={.metadata.uid}"];
    eventually("the namespace is gone", || {
        live["metadata"]["uid"] != *String::from_utf8_lossy(&bench.api.try_kubectl(&look).stdout)
    });
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

/// A kind whose definition goes takes nothing new. What it waits for is named, and when that is gone all is made anew.
#[test]
#[ignore = "needs the testbed"]
fn case_35_a_definition_that_is_going_is_waited_for_and_made_anew() {
    let bench = Bench::new("definition");
    let resource = format!("widgets.{}", group(&bench));
    let set = bench.set().with(definition(&bench)).with(widget(&bench, "one"));
    bench.install_directly(&set);
    let hold = |list: &str| {
        let patch = format!("{{\"metadata\": {{\"finalizers\": {list}}}}}");
        bench.api.kubectl(&["patch", &resource, "one", "--type=merge", "-p", &patch]);
    };
    hold(r#"["example.org/hold"]"#);
    bench.api.kubectl(&["delete", "crd", &resource, "--wait=false"]);
    let more = set.clone().with(widget(&bench, "two"));
    let outcome = bench.install_within(&more, SHORT);
    bench.fails(&more, outcome, &["it is being deleted", "/one [example.org/hold]", "Widget", "was not tried"]);

    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| bench.install(&more));
        hold("null");
        run.join().expect("it ends")
    });
    outcome.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(bench.state(&more).len(), more.objects.len() - 1, "all but the definition, which is not counted");
    bench.holds(&more);
    bench.api.kubectl(&["delete", "crd", &resource, "--wait=false"]);
}

/// Its objects go with it: a run that meets that says so, and the next one makes all of them anew.
#[test]
#[ignore = "needs the testbed"]
fn case_34_a_definition_that_is_deleted_takes_its_objects_along_and_the_next_run_makes_them_anew() {
    let bench = Bench::new("undefined");
    let resource = format!("widgets.{}", group(&bench));
    let set = bench.set().with(definition(&bench)).with(widget(&bench, "one")).with(widget(&bench, "two"));
    bench.fail(away("/widgets/two"));
    let outcome = thread::scope(|scope| {
        let run = scope.spawn(|| bench.install_within(&set, Duration::from_secs(10)));
        assert!(bench.proxy.has_struck(1, LONG), "the last object is on its way");
        bench.api.kubectl(&["delete", "crd", &resource]);
        bench.proxy.mend();
        run.join().expect("it ends")
    });
    let told = outcome.expect_err("I1: its objects are not there").render();
    assert!(told.contains("Widget") && told.contains("/two") && told.contains("hint:"), "{told}");
    bench.install(&set).unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert_eq!(bench.state(&set).len(), set.objects.len() - 1, "all but the definition, which is not counted");
    bench.holds(&set);
    bench.api.kubectl(&["delete", "crd", &resource, "--wait=false"]);
}

fn group(bench: &Bench) -> String {
    format!("{}.example.org", bench.api.namespace)
}

fn definition(bench: &Bench) -> Value {
    let group = group(bench);
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}]}})
}

fn widget(bench: &Bench, name: &str) -> Value {
    json!({"apiVersion": format!("{}/v1", group(bench)), "kind": "Widget", "spec": {"size": 1},
        "metadata": {"name": name, "namespace": bench.api.namespace}})
}
