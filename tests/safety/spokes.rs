//! What runs on spokes.

use backstack::guard::{Dropped, losses_of};
use backstack::object::ObjectRef;

use crate::hub::fixture::{Hub, PATIENCE, Run, eventually};
use crate::hub::installed::Kind;
use crate::spoke::beaded::{bring, running};
use crate::spoke::crowd::Crowd;
use crate::spoke::fixture::{Guest, run};
use crate::support::on_cluster::on_cluster;

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
    let (hub, east) = (Hub::installed(Kind::Plain), Guest::whole());
    let with = |more: &str| east.as_spoke("east", more);
    let web = || running(|args| east.kubectl(args), "web");
    run(&hub, "install", &with("")).expect(0);
    bring(&hub, &["web".to_owned()]);
    eventually("the bead is on the spoke", || is_synced(&hub));
    eventually("its pods run", || {
        let phases = east.kubectl(&["get", "pods", "-n", "web", "-o", "jsonpath={.items[*].status.phase}"]);
        phases == "Running Running"
    });
    let before = web();
    let state = |hub: &Hub| {
        let secret = hub.object("secret", "spoke-east").expect("its Secret");
        secret["metadata"]["labels"]["backstack.dev/spoke-state"].clone()
    };

    run(&hub, "uninstall", &with("onUninstall: refuse")).expect(3).says("spoke-east.web: 3 objects").says("leave");
    assert_eq!(state(&hub), "ready", "a refusal changes nothing");
    east.gate.shut();
    run(&hub, "uninstall", &with("onUninstall: leave"))
        .expect(0)
        .says("spoke-east.web: 3 objects on east")
        .says("it does not answer");
    east.gate.open();
    assert!(!has(&hub, "application", "spoke-east.web") && !has(&hub, "secret", "spoke-east"));
    assert_eq!(web(), before, "everything runs on");
    east.kubectl(&["create", "configmap", "theirs", "-n", "backstack-spoke"]);
    run(&hub, "uninstall", &with("onUninstall: leave"))
        .expect(0)
        .says("is not registered")
        .says("ConfigMap backstack-spoke/theirs is in it");
    let left = || {
        east.kubectl(&["get", "namespaces", "backstack-spoke", "backstack-probe", "--ignore-not-found", "-o", "name"])
    };
    assert_eq!(left(), "namespace/backstack-spoke\n");
    assert_eq!(east.kubectl(&["get", "secrets,clusterroles", "-A", "-l", "backstack.dev/hub", "-o", "name"]), "");
    east.kubectl(&["delete", "configmap", "theirs", "-n", "backstack-spoke"]);

    run(&hub, "install", &with("")).expect(0);
    eventually("it is back", || is_synced(&hub));
    assert_eq!(web(), before, "it is taken over as it is");
    let mut secret = hub.object("secret", "spoke-east").expect("its Secret");
    hub.kubectl(&["delete", "secret", "spoke-east", "-n", "argocd"]);
    hub.eventually_synced("spoke-east.web", "Argo CD has lost the spoke", || {
        let live = hub.object("application", "spoke-east.web").expect("it stays");
        live["status"]["conditions"][0]["type"] == "InvalidSpecError"
    });
    run(&hub, "uninstall", &with("onUninstall: delete, mayRemove: [Secret/web/creds]"))
        .expect(3)
        .says("spoke-east.web: the cluster is not registered");
    let metadata = secret["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| ["name", "namespace", "labels", "annotations"].contains(&key.as_str()));
    hub.apply(&secret.to_string());
    hub.eventually_synced("spoke-east.web", "Argo CD has found it again", || is_synced(&hub));
    assert_eq!(web(), before, "nothing was deleted or made anew");

    let refused = run(&hub, "uninstall", &with("onUninstall: delete")).expect(3);
    refused.says("Secret web/creds: Application spoke-east.web would delete it on east");
    hub.apply(OF_A_PERSON);
    let named = with("onUninstall: delete, mayRemove: [Secret/web/creds]");
    run(&hub, "uninstall", &named).expect(3).says("Application argocd/shop: somebody else has it deploy there");
    assert_eq!((state(&hub), web()), ("ready".into(), before), "a refusal changes nothing");
    hub.kubectl(&["delete", "application", "shop", "-n", "argocd"]);

    // It was registered from the object of a claim, which goes by its name alone.
    hub.apply(ORDERS);
    eventually("orders are served", || {
        hub.kubectl(&["api-resources", "-o", "name"]).contains("orders.team.example.org")
    });
    hub.apply("{apiVersion: team.example.org/v1, kind: Order, metadata: {name: mine, namespace: default}}");
    let source = "backstack.dev/spoke-source=Order.team.example.org/default/mine";
    hub.kubectl(&["annotate", "secret", "spoke-east", "-n", "argocd", "--overwrite", source]);
    run(&hub, "uninstall", &named)
        .expect(0)
        .says("not looked at")
        .says("1 Application, and what they brought")
        .says("Order default/mine, with its registration off");
    assert_eq!(east.kubectl(&["get", "deployments,secrets", "-n", "web", "-o", "name"]), "");
    east.kubectl(&["get", "namespace", "web"]);
    assert_eq!(left(), "");
    let off = "jsonpath={.metadata.labels.backstack\\.dev/registration}";
    assert_eq!(hub.kubectl(&["get", "order", "mine", "-n", "default", "-o", off]), "off");
    // It is off, and named: yet it is another spoke that it stands for.
    let order = "mayRemove: [Order.team.example.org/default/mine]";
    run(&hub, "uninstall", &with(order)).expect(0).says("is not registered");
    assert_eq!(hub.kubectl(&["get", "orders", "-n", "default", "-o", "name"]), "order.team.example.org/mine\n");
    run(&hub, "uninstall", &format!("name: default-mine, {order}")).expect(0).says("is named");
    assert_eq!(hub.kubectl(&["get", "orders", "-n", "default", "-o", "name"]), "");
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
    let before = [running(|args| first.kubectl(args), "web"), running(|args| second.kubectl(args), "web")];

    crowd.probe(&hub);
    let grave = losses_with_project(&hub, "spokes");
    assert!(
        grave.iter().any(|it| it.contains("the 2 Applications in it any more, such as spoke-spoke00")),
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
    hub.apply(&OF_A_PERSON.replace("name: east", "name: spoke00"));
    Run::of(hub.start_naming("uninstall", "spoke/*")).expect(3).says("Application argocd/shop");
    hub.kubectl(&["delete", "application", "shop", "-n", "argocd"]);
    Run::of(hub.start_naming("uninstall", "spoke/spoke00")).expect(3).says("spoke spoke01");
    Run::of(hub.start_naming("uninstall", "spoke/*")).expect(0).says("what was brought to spokes stays there");
    assert_eq!(hub.kubectl(&["get", "namespace", "argocd", "--ignore-not-found"]), "");
    assert_eq!([running(|args| first.kubectl(args), "web"), running(|args| second.kubectl(args), "web")], before);
}

/// What a commit would lose that drops a project of the root.
fn losses_with_project(hub: &Hub, project: &str) -> Vec<String> {
    let object = ObjectRef::new("argoproj.io/v1alpha1", "AppProject", Some("argocd"), project);
    let dropped = Dropped { holder: "root".to_owned(), object, is_elsewhere: false };
    let losses = on_cluster(hub.cluster.kubeconfig(), PATIENCE, async |cluster| {
        losses_of(&cluster, &[dropped]).await.expect("looked at")
    });
    losses.iter().filter(|it| it.is_grave).map(|it| format!("{}: {}", it.object, it.why)).collect()
}

const ORDERS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.team.example.org}
spec:
  group: team.example.org
  scope: Namespaced
  names: {kind: Order, plural: orders}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
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
