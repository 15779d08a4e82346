//! Waits that are woken by a watch, and what is left of them where there is none.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use backstack::engine::{Changes, Cluster};
use backstack::object::ObjectRef;
use serde_json::Value;

use crate::support::Mixin;
use crate::support::fake_api::{Answer, FakeApi};
use crate::support::on_cluster::on_cluster;
use crate::support::shared_api::SharedApi;

/// What a test has at most; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(120);
/// A pause that is surely seen.
const PAUSE: Duration = Duration::from_millis(300);
const LIST: &str =
    r#"{"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": []}"#;

fn on<T>(kubeconfig: &Path, work: impl AsyncFnOnce(Cluster) -> T) -> T {
    on_cluster(kubeconfig, PATIENCE, work)
}

fn config_map(namespace: &str) -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(namespace), "watched")
}

/// A wait for this long ends by the pause alone.
async fn sits_out(changes: &mut Changes<'_>) -> bool {
    let began = Instant::now();
    changes.wait(PAUSE).await;
    began.elapsed() >= PAUSE
}

#[test]
fn where_a_watch_is_forbidden_or_broken_off_the_pauses_are_left() {
    for broken_off in [false, true] {
        let api = FakeApi::introduced(move |path| match path {
            _ if path.contains("watch=true") && broken_off => Answer::ok(""),
            _ if path.contains("watch=true") => {
                Answer("403 Forbidden", r#"{"kind": "Status", "code": 403}"#.to_owned())
            }
            _ => Answer::ok(LIST),
        });
        on(api.kubeconfig(), async |cluster| {
            let mut changes = Changes::of(&cluster, [config_map("a")]);
            let first = sits_out(&mut changes).await;
            assert_eq!(first, !broken_off, "one that has begun has the objects looked at");
            assert!(sits_out(&mut changes).await && sits_out(&mut changes).await);
        });
        let watches: Vec<String> = api.asked().into_iter().filter(|path| path.contains("watch=true")).collect();
        let once = "/api/v1/namespaces/a/configmaps?watch=true&resourceVersion=7&fieldSelector=metadata.name%3Dwatched";
        assert_eq!(watches, [once], "it is tried once");
    }
}

#[test]
#[ignore = "needs the testbed"]
fn a_change_ends_a_wait_and_one_of_something_else_does_not() {
    let api = SharedApi::namespaced("changes");
    let make = |name: &str, value: &str| {
        api.apply(&format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{a: '{value}'}}}}"));
    };
    make("watched", "1");
    on(api.kubeconfig(), async |cluster| {
        let other = ObjectRef::new("v1", "ConfigMap", Some(&api.namespace), "watched-too");
        for objects in [vec![config_map(&api.namespace)], vec![config_map(&api.namespace), other]] {
            let mut changes = Changes::of(&cluster, objects);
            let began = Instant::now();
            changes.wait(PATIENCE / 4).await; // until it has begun
            make("watched", &format!("{began:?}"));
            changes.wait(PATIENCE / 4).await;
            assert!(began.elapsed() < PATIENCE / 4, "told: {:?}", began.elapsed());
            make("another", &format!("{began:?}"));
            assert!(sits_out(&mut changes).await, "it is of nobody here");
        }
    });
}

#[test]
fn every_run_has_a_timeline_that_is_asked_for_also_one_that_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("timeline.json");
    let install = |api: &FakeApi, file: &Path| {
        let step = "install: [{backstack: {cluster: {existing: {}}, timeout: 1m}}]";
        Mixin::new("install --timeline").arg(file).env("KUBECONFIG", api.kubeconfig()).stdin(step).run()
    };
    let phases = || -> Vec<String> {
        let text = fs::read_to_string(&file).expect("a timeline");
        let timeline: Value = serde_json::from_str(&text).expect("JSON");
        let events = timeline["traceEvents"].as_array().expect("events").iter().filter(|it| it["ph"] == "X");
        events.filter_map(|it| Some(it["name"].as_str()?.to_owned())).collect()
    };
    let api = FakeApi::introduced(|_| Answer("404 Not Found", r#"{"kind": "Status", "code": 404}"#.to_owned()));
    install(&api, &file).exits(0);
    assert!(phases().contains(&"cluster".to_owned()), "{:?}", phases());
    install(&FakeApi::new(|_| Answer::ok("{}")), &file).exits(1);
    assert_eq!(phases(), ["the rest"]);
    install(&api, folder.path()).exits(1).says("cannot write the timeline");
}
