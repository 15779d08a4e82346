//! A set ten times as large as that of any hub: what an object of it costs in requests and in memory, and what becomes of it in the
//! middle.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bench::Bench;
use super::crash::{Point, Way, is_killed, peak_of_install};
use super::set::Set;

const OBJECTS: usize = 1000;
/// A smaller one beside it, by which the memory of an object is known from that of the program.
const FEW: usize = 100;
/// What is asked beside the objects: who the server is, and what there is of the set.
const BESIDE: usize = OBJECTS / 50;
/// What is in an object, in bytes; large enough to be seen where it is held twice.
const CONTENT: usize = 4096;
/// What an object may add to what a run holds, in KiB: itself as a value, its name, the metadata that is live, and no answer. It adds
/// 11; held twice it would add 18.
const MOST_OF_AN_OBJECT: usize = 15;

/// Half of them are there when it is killed. The next run looks for those that are missing and sends each of them once, and changes none
/// that is as it should be; what it asks and what it holds beside is little more than the objects themselves.
#[test]
#[ignore = "needs the testbed"]
fn case_66_a_thousand_objects_are_a_request_each_and_a_run_that_is_killed_half_way_is_finished_by_the_next() {
    let bench = Bench::new("thousand");
    let few = many(&format!("{}-few", bench.api.namespace), FEW);
    let least = peak_of_install(&bench, &few);

    let set = many(&bench.api.namespace, OBJECTS);
    // Before the first write each of them is looked for, since what is not in the list may have lost its label alone.
    let half_way = Point { way: Way::Install, after: OBJECTS + OBJECTS / 2, has_effect: true };
    assert!(is_killed(&bench, half_way, &set), "it was done before");
    let half = versions(&bench);
    assert!((OBJECTS / 4..OBJECTS).contains(&half.len()), "{} objects are there half way", half.len());

    bench.proxy.forget();
    let most = peak_of_install(&bench, &set);
    let seen = bench.proxy.seen();
    println!("{} requests, {} of {OBJECTS} half way, {least} KiB and {most} KiB", seen.len(), half.len());
    let looked_for = OBJECTS - half.len();
    assert!(seen.len() <= OBJECTS + looked_for + BESIDE, "{} requests for {OBJECTS} objects", seen.len());
    let mut written: BTreeMap<&str, usize> = BTreeMap::new();
    for it in seen.iter().filter(|it| it.line.starts_with("PATCH ")) {
        *written.entry(it.line.as_str()).or_default() += 1;
    }
    assert_eq!((written.len(), written.values().max()), (OBJECTS, Some(&1)), "each is sent once");
    let all = versions(&bench);
    assert_eq!(all.len(), OBJECTS - 1, "the namespace aside");
    let again: Vec<&String> =
        half.iter().filter(|(name, version)| all.get(*name) != Some(version)).map(|it| it.0).collect();
    assert_eq!(again, [""; 0], "what was there is not written anew");
    bench.holds(&set);

    let grown = most.saturating_sub(least);
    let objects = OBJECTS - FEW;
    assert!(grown >= objects * CONTENT / 1024, "{grown} KiB are less than {objects} objects take");
    assert!(grown <= objects * MOST_OF_AN_OBJECT, "{grown} KiB for {objects} objects");
}

/// A namespace and what is in it, all of it part of the same, as the manifest of a hub is.
fn many(namespace: &str, count: usize) -> Set {
    let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    let labels = json!({"app.kubernetes.io/part-of": "thousand"});
    let object = |number: usize| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"content": "x".repeat(CONTENT)},
            "metadata": {"name": format!("object-{number:04}"), "namespace": namespace, "labels": labels}})
    };
    let objects = std::iter::once(space).chain((1..count).map(object)).collect();
    Set { namespace: namespace.to_owned(), objects }
}

/// The version of each object that is there.
fn versions(bench: &Bench) -> BTreeMap<String, String> {
    let namespace = bench.api.namespace.as_str();
    let label = "app.kubernetes.io/part-of=thousand";
    let text = bench.api.kubectl(&["get", "configmaps", "-n", namespace, "-l", label, "-o", "json"]);
    let list: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
    let version = |it: &Value| {
        let [name, version] =
            ["name", "resourceVersion"].map(|at| it["metadata"][at].as_str().unwrap_or_default().to_owned());
        (name, version)
    };
    list["items"].as_array().expect("a list").iter().map(version).collect()
}
