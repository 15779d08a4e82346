//! The bead `webapp` from 0.1.0, whose policies are of the kind that Kyverno gives up, to today's, with something ordered meanwhile.
//! What is different in `gke` is different in the same way; its provider runs nowhere here.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bead::fixture::Bead;
use crate::bead::webapp::{ACTIONS, Copied, order};
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// The policies of 0.1.0.
const POLICIES: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: webapp-image}
spec:
  background: true
  rules:
  - name: image
    match: {any: [{resources: {kinds: [webapp.backstack.dev/v1alpha1/WebApp]}}]}
    validate:
      failureAction: \"${ parameters.policy-action }\"
      message: An image may only come from ${ parameters.images }
      pattern:
        spec: {image: \"${ parameters.images }\"}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: webapp-replicas}
spec:
  background: true
  rules:
  - name: replicas
    match: {any: [{resources: {kinds: [webapp.backstack.dev/v1alpha1/WebApp]}}]}
    validate:
      failureAction: \"${ parameters.policy-action }\"
      message: An application may have ${ parameters.max-replicas } pods at most
      pattern:
        spec: {replicas: \"<=${ parameters.max-replicas }\"}
";
/// The label of the role by which Kyverno reported then.
const REPORTS: &str = "{rbac.authorization.k8s.io/aggregate-to-view: \"true\", rbac.kyverno.io/aggregate-to-background-controller: \"true\", \
                       rbac.kyverno.io/aggregate-to-reports-controller: \"true\"}";

/// Has the bundle be what 0.1.0 was, as far as it gets to a hub.
fn make_old(bead: &Bead) {
    let replace = |file: &str, pairs: &[(&str, &str)]| {
        bead.edit(file, |text| {
            pairs.iter().fold(text, |text, (now, then)| {
                assert!(text.contains(now), "{file} has no {now}");
                text.replace(now, then)
            })
        });
    };
    replace(
        "bead.yaml",
        &[
            ("version: 0.2.0", "version: 0.1.0"),
            ("[Audit, Deny]", "[Audit, Enforce]"),
            ("kyverno: \">=1.17\"", "kyverno: \">=1.13\""),
            ("{group: policies.kyverno.io, kind: ValidatingPolicy,", "{group: kyverno.io, kind: ClusterPolicy,"),
        ],
    );
    replace("app/roles.yaml", &[("{rbac.authorization.k8s.io/aggregate-to-view: \"true\"}", REPORTS)]);
    bead.edit("policies/applications.yaml", |_| POLICIES.to_owned());
    fs::remove_file(bead.bundle().join("policies/reports.yaml")).expect("today's role");
}

fn uid(object: Option<Value>) -> Value {
    object.expect("there")["metadata"]["uid"].clone()
}

/// Says that something has ended, also when it has failed: who waits for it would wait for ever.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long after its beginning something that no policy lets through was let through while this was done.
fn let_through<T>(hub: &Hub, order: &str, done: impl FnOnce() -> T) -> (T, Vec<Duration>) {
    let has_ended = AtomicBool::new(false);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut times = Vec::new();
            while !has_ended.load(Ordering::Relaxed) {
                if hub.refusal(order).is_empty() {
                    times.push(started.elapsed());
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            times
        });
        let done = {
            let _ends = Ends(&has_ended);
            done()
        };
        (done, watch.join().expect("it looks"))
    })
}

#[test]
#[ignore = "needs older versions"]
fn policies_move_to_the_kinds_of_today_and_guard_all_the_while() {
    let hub = Hub::installed(Kind::Whole);
    hub.kubectl(&["create", "namespace", "team-a"]);
    hub.edit_document(|text| format!("{}\n{ACTIONS}", text.trim_end()));
    hub.run("upgrade").expect(0);
    let old = Copied::beside(&hub);
    let today = old.bead.settings.clone();
    make_old(&old.bead);
    let old = Copied { bead: old.bead.with(&today.replace("policy-action: Deny", "policy-action: Enforce")), ..old };
    old.bead.run("install").expect(0);
    let order = |image: &str| order(&old.bead, image, "2");
    let wrong = order("docker.io/library/nginx:1");
    eventually("the policies of before decide", || hub.refusal(&wrong).contains("An image may only come from"));
    hub.apply(&order("registry.example.org/team/web:1.0.0"));
    eventually("a Deployment is made", || old.object("deployment").is_some());
    let (ordered, made) = (uid(old.object("webapp")), uid(old.object("deployment")));

    fs::remove_dir_all(old.bead.bundle()).expect("the bundle of before");
    let now = Copied::beside(&hub);
    // The word for what refuses is another one; what would go is named, and nothing has happened.
    now.bead.run("upgrade").expect(3).says("ClusterPolicy webapp-image").says("nothing was written");
    let named = "mayRemove: [ClusterPolicy.kyverno.io/webapp-image, ClusterPolicy.kyverno.io/webapp-replicas]";
    let now = Copied { bead: now.bead.with(&format!("{today}\n{named}")), ..now };
    let (run, times) = let_through(&hub, &wrong, || now.bead.run("upgrade"));
    run.expect(0);
    assert!(times.is_empty(), "what no policy lets through was let through: {times:?}");

    assert_eq!(hub.kubectl(&["get", "clusterpolicies", "-o", "name"]), "");
    let policies = hub.kubectl(&["get", "validatingpolicies", "-o", "jsonpath={.items[*].metadata.name}"]);
    assert_eq!(policies, "webapp-image webapp-replicas");
    let role: Value =
        serde_json::from_str(&hub.kubectl(&["get", "clusterrole", "webapp-view", "-o", "json"])).expect("JSON");
    assert_eq!(role.pointer("/metadata/labels/rbac.kyverno.io~1aggregate-to-reports-controller"), None, "{role:#}");
    assert_eq!((uid(now.object("webapp")), uid(now.object("deployment"))), (ordered, made));
    eventually("the policies of today decide", || hub.refusal(&wrong).contains("An image may only come from"));
    now.bead.run("verify").expect(0);
    assert_eq!(now.object("webapp").expect("ordered")["spec"]["replicas"], json!(2));
}
