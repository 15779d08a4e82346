//! A bead on its spokes: how a version gets there, what one that does not answer holds up, and how it leaves them.

use serde_json::Value;

use super::crowd::{Crowd, Member};
use super::fixture::{Guest, run};
use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// A bead with a greeting for its spokes, in this version.
fn greet(bead: &Bead<'_>, version: &str, greeting: &str, waves: &str) {
    bead.edit("bead.yaml", |text| {
        let head = text.split("  version:").next().expect("the head").to_owned();
        format!(
            "{head}  version: {version}\n  application: {{namespace: web, manifests: here}}\n  spokes:\n    labels: {{env: \
             test}}\n    application: {{namespace: web, manifests: spoke}}\n{waves}"
        )
    });
    bead.edit("here/hello.yaml", |_| greeting_of("here", version));
    bead.edit("spoke/greeting.yaml", |_| greeting.to_owned());
}

fn greeting_of(name: &str, text: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{text: \"{text}\"}}\n")
}

/// The text of the greeting on a spoke; empty where it is not there.
fn greeting_on(spoke: &Member) -> String {
    spoke.kubectl(&["get", "configmap", "greeting", "-n", "web", "-o", "jsonpath={.data.text}", "--ignore-not-found"])
}

fn uid(hub: &Hub, spoke: &Member) -> String {
    let live = hub.object("application", &format!("spoke-{}.web", spoke.name)).expect("its Application");
    live["metadata"]["uid"].as_str().expect("a UID").to_owned()
}

fn label(hub: &Hub, spoke: &Member, label: &str) {
    hub.kubectl(&["label", "secret", &format!("spoke-{}", spoke.name), "-n", "argocd", "--overwrite", label]);
}

/// The rows of the bead's state, by name of the spoke.
fn row(state: &Value, spoke: &Member) -> Value {
    let rows = state["spokes"].as_array().expect("rows");
    rows.iter().find(|it| it["name"] == spoke.name.as_str()).expect("a row").clone()
}

const WAVES: &str = "    waves: {label: ring, order: [canary]}\n";

#[test]
#[ignore = "needs the testbed"]
fn a_version_comes_to_spokes_wave_by_wave_and_a_broken_one_ends_at_the_first() {
    let hub = Hub::installed(Kind::Plain);
    let crowd = Crowd::of(2);
    let [canary, other] = &crowd.members[..] else { panic!("two") };
    let bead = Bead::new(&hub, "web");
    greet(&bead, "0.1.0", &greeting_of("greeting", "one"), WAVES);

    // Nobody to come to is no error.
    bead.run("install").expect(0).says("bead web comes to no spoke: none is ready with env: test");

    crowd.register(&hub);
    label(&hub, canary, "ring=canary");
    let commits = hub.commits().len();
    bead.run("install").expect(0).says("wave canary: 1 of 1 have it").says("wave rest: 1 of 1 have it");
    assert_eq!(hub.commits().len(), commits, "git has had all of it");
    assert_eq!((greeting_on(canary), greeting_on(other)), ("one".to_owned(), "one".to_owned()));
    let state = bead.output("bead-state");
    assert_eq!((&row(&state, canary)["wave"], &row(&state, other)["wave"]), (&"canary".into(), &"rest".into()));
    assert_eq!(row(&state, canary)["health"], "Healthy");
    assert_eq!(row(&state, canary).get("answers"), None, "of that an installation says nothing");
    let uids = (uid(&hub, canary), uid(&hub, other));

    // A broken version: the server of the spoke refuses it.
    let broken = "apiVersion: v1\nkind: Service\nmetadata: {name: broken}\nspec: {ports: [{port: 99999}]}\n";
    greet(&bead, "0.2.0", &[&greeting_of("greeting", "two"), broken].join("---\n"), WAVES);
    let run = bead.run("upgrade").expect(1).says("bead web did not come to 1 of 1 spoke of wave canary");
    let run = run.says(&format!("spoke {}", canary.name)).says("Service broken");
    run.says(&format!("wave rest stays at the version that it has: spoke {}", other.name));
    assert_eq!(greeting_on(other), "one", "it was not asked to change");
    bead.run("status").expect(0).says("wave rest has not got the version of bead web that the first wave has");

    // The next version mends it, in two commits.
    greet(&bead, "0.3.0", &greeting_of("greeting", "three"), WAVES);
    let commits = hub.commits().len();
    bead.run("upgrade").expect(0).says("wave canary: 1 of 1 have it").says("wave rest: 1 of 1 have it");
    assert_eq!(hub.commits().len(), commits + 2, "one for each wave");
    assert_eq!((greeting_on(canary), greeting_on(other)), ("three".to_owned(), "three".to_owned()));

    // From ring to ring, and out of all that the bead is for: nothing is made anew, nothing goes.
    let workload = |spoke: &Member| {
        spoke.kubectl(&["get", "configmap", "greeting", "-n", "web", "-o", "jsonpath={.metadata.uid}"])
    };
    let before = (workload(canary), workload(other));
    label(&hub, other, "ring=canary");
    let at = |spoke: &Member| {
        hub.object("application", &format!("spoke-{}.web", spoke.name)).expect("it")["spec"]["source"]["path"].clone()
    };
    eventually("it follows the folder of its new ring", || at(other) == at(canary));
    for spoke in &crowd.members {
        label(&hub, spoke, "env-");
    }
    bead.run("verify").expect(0).says("comes to no spoke").says("its Application stays and follows git");
    assert_eq!((uid(&hub, canary), uid(&hub, other)), uids);
    assert_eq!((workload(canary), workload(other)), before);
}

#[test]
#[ignore = "needs the testbed"]
fn a_spoke_that_is_dead_is_named_and_holds_up_no_other() {
    let hub = Hub::installed(Kind::Plain);
    let mut crowd = Crowd::of(2);
    crowd.register(&hub);
    let bead = Bead::new(&hub, "web");
    greet(&bead, "0.1.0", &greeting_of("greeting", "one"), "");
    bead.run("install").expect(0).says("wave rest: 2 of 2 have it");
    bead.run("verify").expect(0).says("2 of 2 answer and have it");
    let state = bead.output("bead-state");
    assert!(crowd.members.iter().all(|it| row(&state, it)["answers"] == true), "{state:#}");

    let dead = crowd.members.pop().expect("two");
    let (name, port) = (dead.name.clone(), dead.gate.port());
    drop(dead.gate);
    let alive = &crowd.members[0];
    // With nothing new Argo CD calls it well, and verify does not.
    bead.run("verify").expect(1).says(&format!("spoke {name}: https://127.0.0.1:{port} does not answer"));
    let said = bead.output("bead-state")["spokes"].clone();
    let of_dead = said.as_array().into_iter().flatten().find(|it| it["name"] == name.as_str()).expect("a row");
    assert_eq!((&of_dead["answers"], &of_dead["health"]), (&false.into(), &"Healthy".into()), "{said:#}");

    greet(&bead, "0.2.0", &greeting_of("greeting", "two"), "");
    let run = bead.run("upgrade").expect(0).says("wave rest: 1 of 2 have it");
    run.says(&format!("warning: spoke {name} is passed over")).says("gave no answer and may have an older version");
    assert_eq!(greeting_on(alive), "two");

    // The way out: named first, and without a request to the dead one.
    bead.run("uninstall").expect(3).says("bead web is on 2 spokes").says("onSpokes: leave");
    let leaving = Bead { hub: &hub, name: "web", settings: "onSpokes: leave".to_owned(), timeout: "3m" };
    leaving.run("uninstall").expect(0).says("what it brought there stays");
    assert_eq!(greeting_on(alive), "two", "it stays");
    let left = hub.kubectl(&["get", "applications,applicationsets,appprojects", "-n", "argocd", "-o", "name"]);
    assert!(!left.contains("web"), "{left}");
}

#[test]
#[ignore = "needs the testbed"]
fn what_a_bead_brought_to_spokes_goes_with_it_when_that_is_named() {
    let hub = Hub::installed(Kind::Plain);
    let guest = Guest::whole();
    run(&hub, "install", &guest.as_spoke("east", "labels: {env: test}")).expect(0);
    let bead = Bead::new(&hub, "web");
    let state = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: state}\nspec:\n  replicas: 0\n  serviceName: state\n  \
                 selector: {matchLabels: {app: state}}\n  template:\n    metadata: {labels: {app: state}}\n    spec: \
                 {containers: [{name: a, image: 'registry.example.org/a:1'}]}\n";
    greet(&bead, "0.1.0", &[&greeting_of("greeting", "one"), state].join("---\n"), "");
    bead.run("install").expect(0).says("wave rest: 1 of 1 have it");

    // A version for no spokes leaves nothing behind without a word.
    bead.edit("bead.yaml", |text| text.split("  spokes:").next().expect("the head").replace("0.1.0", "0.2.0"));
    bead.run("upgrade").expect(3).says("bead web is on 1 spoke").says("spoke east: Application spoke-east.web");

    let deleting = |more: &str| {
        let settings = format!("onSpokes: delete\n{more}");
        Bead { hub: &hub, name: "web", settings, timeout: "4m" }
    };
    deleting("").run("upgrade").expect(3).says("StatefulSet web/state").says("would delete it on east");
    assert!(
        guest.kubectl(&["get", "configmaps", "-n", "web", "-o", "name"]).contains("greeting"),
        "nothing was removed"
    );
    deleting("mayRemove: [StatefulSet.apps/web/state]").run("upgrade").expect(0).says("what it brought there is gone");
    let left = guest.kubectl(&["get", "configmaps,statefulsets", "-n", "web", "-o", "name"]);
    assert!(!left.contains("greeting") && !left.contains("state"), "{left}");
    let left = hub.kubectl(&["get", "applications,applicationsets,appprojects", "-n", "argocd", "-o", "name"]);
    assert!(!left.contains("spokes-web") && !left.contains("east.web"), "{left}");
    assert!(left.contains("bead-web-application"), "the bead is still on the hub: {left}");
}
