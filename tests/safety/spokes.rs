//! What runs on spokes.

use backstack::engine::{Cluster, Deadline};
use backstack::guard::{Dropped, losses_of};
use backstack::object::ObjectRef;
use backstack::spec::Existing;
use serde_json::Value;

use crate::hub::fixture::{Hub, PATIENCE, Run, eventually};
use crate::hub::installed::Kind;
use crate::spoke::beaded::{Guest, bring, run};
use crate::spoke::crowd::Crowd;

const DELETE: &str = "onUninstall: delete";

fn is_synced(hub: &Hub) -> bool {
    let live = hub.object("application", "spoke-east.web").unwrap_or_default();
    live["status"]["sync"]["status"] == "Synced" && live["status"]["health"]["status"] == "Healthy"
}

/// Whether the hub has an object.
fn has(hub: &Hub, kind: &str, name: &str) -> bool {
    hub.object(kind, name).is_some()
}

/// Its Applications are let go of without the finalizer by which Argo CD deletes, before the registration goes; who comes again
/// takes over what is there. A registration that somebody deletes and puts back does as little. Argo CD deletes there only when
/// the step says `delete`, and names each Secret, volume, namespace, `StatefulSet`, and object of a controller.
#[test]
#[ignore = "needs the testbed"]
fn what_runs_on_a_spoke_runs_on_when_it_is_taken_out_and_comes_back_and_is_deleted_only_where_the_step_says_so() {
    let hub = Hub::installed(Kind::Plain);
    let guest = Guest::new("east");
    let east = &guest.member;
    hub.apply(&east.secret().to_string());
    bring(&hub, &["web".to_owned()]);
    eventually("the bead is on the spoke", || is_synced(&hub));
    eventually("its pods run", || {
        let phases = east.kubectl(&["get", "pods", "-n", "web", "-o", "jsonpath={.items[*].status.phase}"]);
        phases == "Running Running"
    });
    let state = |hub: &Hub| {
        hub.object("secret", "spoke-east").map(|it| it["metadata"]["labels"]["backstack.dev/spoke-state"].clone())
    };
    let before = east.running("web");

    run(&hub, "uninstall", "east", "onUninstall: refuse").expect(3).says("spoke-east.web: 3 objects").says("leave");
    assert_eq!(state(&hub), Some(Value::from("ready")), "a refusal changes nothing");
    run(&hub, "uninstall", "east", "onUninstall: leave").expect(0).says("spoke-east.web: 3 objects on east");
    assert!(!has(&hub, "application", "spoke-east.web") && !has(&hub, "secret", "spoke-east"));
    assert_eq!(east.running("web"), before, "everything runs on");
    run(&hub, "uninstall", "east", "onUninstall: leave").expect(0).says("is not registered");

    hub.apply(&east.secret().to_string());
    eventually("it is back", || is_synced(&hub));
    assert_eq!(east.running("web"), before, "it is taken over as it is");
    hub.kubectl(&["delete", "secret", "spoke-east", "-n", "argocd"]);
    hub.eventually_synced("spoke-east.web", "Argo CD has lost the spoke", || {
        let live = hub.object("application", "spoke-east.web").expect("it stays");
        live["status"]["conditions"][0]["type"] == "InvalidSpecError"
    });
    hub.apply(&east.secret().to_string());
    hub.eventually_synced("spoke-east.web", "Argo CD has found it again", || is_synced(&hub));
    assert_eq!(east.running("web"), before, "nothing was deleted or made anew");

    run(&hub, "uninstall", "east", DELETE)
        .expect(3)
        .says("Secret web/creds: Application spoke-east.web would delete it on east");
    assert_eq!(state(&hub), Some(Value::from("ready")), "a refusal changes nothing");
    hub.apply(OF_A_PERSON);
    let names = "onUninstall: delete, mayRemove: [Secret/web/creds]";
    run(&hub, "uninstall", "east", names).expect(3).says("Application argocd/shop: somebody else has it deploy there");
    hub.kubectl(&["delete", "application", "shop", "-n", "argocd"]);
    run(&hub, "uninstall", "east", names).expect(0).says("not looked at").says("1 Applications, and what they brought");
    assert_eq!(east.kubectl(&["get", "deployments,secrets", "-n", "web", "-o", "name"]), "");
    east.kubectl(&["get", "namespace", "web"]);
}

/// A hub's removal counts its spokes. Where the step names each, its registration goes, and
/// what comes to it is let go of before:
/// on the spoke nothing changes.
#[test]
#[ignore = "needs the testbed"]
fn a_hub_with_spokes_stays_until_each_is_named_and_its_removal_changes_nothing_on_them() {
    let hub = Hub::installed(Kind::Plain);
    let crowd = Crowd::of(2);
    crowd.register(&hub);
    bring(&hub, &["web".to_owned()]);
    let [first, second] = [0, 1].map(|index| &crowd.members[index]);
    let synced = |spoke: &str| {
        let live = hub.object("application", &format!("spoke-{spoke}.web")).unwrap_or_default();
        live["status"]["sync"]["status"] == "Synced"
    };
    eventually("the bead is on the spokes", || synced("spoke00") && synced("spoke01"));
    let before = [first.running("web"), second.running("web")];

    hub.apply(PROBE);
    let grave = losses_with_project(&hub, "spokes");
    assert!(
        grave.iter().any(|it| it.contains("the 1 Applications in it any more, such as spoke-spoke00")),
        "{grave:?}"
    );

    hub.run("uninstall")
        .expect(3)
        .says("spoke spoke00: spoke-spoke00.web would go")
        .says("spoke/spoke01")
        .says("ApplicationSet");
    Run::of(hub.start_naming("uninstall", "spoke/spoke00, spoke/spoke01"))
        .expect(3)
        .says("ApplicationSet argocd/spokes-web");
    assert!(synced("spoke00"), "a refusal changes nothing");
    hub.kubectl(&["delete", "applicationset", "spokes-web", "-n", "argocd", "--cascade=orphan"]);
    hub.kubectl(&["delete", "appproject", "spokes-web", "-n", "argocd"]);
    Run::of(hub.start_naming("uninstall", "spoke/spoke00")).expect(3).says("spoke spoke01");
    Run::of(hub.start_naming("uninstall", "spoke/*")).expect(0).says("what was brought to spokes stays there");
    assert_eq!(hub.kubectl(&["get", "namespace", "argocd", "--ignore-not-found"]), "");
    assert_eq!([first.running("web"), second.running("web")], before);
}

/// What a commit would lose that drops a project of the root.
fn losses_with_project(hub: &Hub, project: &str) -> Vec<String> {
    let object = ObjectRef::new("argoproj.io/v1alpha1", "AppProject", Some("argocd"), project);
    let dropped = Dropped { holder: "root".to_owned(), object, is_elsewhere: false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let losses = runtime.block_on(async {
        let existing =
            Existing { kubeconfig: Some(hub.cluster.kubeconfig().display().to_string()), ..Existing::default() };
        let cluster = Cluster::connect(&existing, Deadline::after(PATIENCE)).await.expect("connected");
        losses_of(&cluster, &[dropped]).await.expect("looked at")
    });
    losses.iter().filter(|it| it.is_grave).map(|it| format!("{}: {}", it.object, it.why)).collect()
}

const PROBE: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: spoke-spoke00, namespace: argocd, labels: {backstack.dev/spoke: spoke00}}
spec:
  project: spokes
  source: {repoURL: https://git.example.org/none.git, path: ., targetRevision: HEAD}
  destination: {name: spoke00, namespace: backstack-probe}
";

const OF_A_PERSON: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://git.example.org/none.git, path: ., targetRevision: HEAD}
  destination: {name: east, namespace: shop}
";
