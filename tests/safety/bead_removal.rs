//! The removal of a bead

use std::time::{Duration, Instant};

use backstack::engine::{identify, remove};
use backstack::object::ObjectRef;
use backstack::report::Console;
use serde_json::json;

use crate::bead::crossplane_removal::store;
use crate::bead::fixture::Bead;
use crate::bead::four_parts::RIGHTS;
use crate::hub::fixture::{Hub, Run, eventually, started};
use crate::hub::installed::Kind;
use crate::signals;
use crate::support::on_cluster::on_cluster;
use crate::support::relay::Relay;
use crate::support::shared_api::SharedApi;

/// How long requests are counted.
const COUNTED: Duration = Duration::from_secs(12);

/// A plan holds UIDs, not names; a deletion names the UID, so that the API server refuses it for any other object.
#[test]
#[ignore = "needs the testbed"]
fn a_removal_leaves_what_was_made_anew_under_a_name_of_its_plan() {
    let api = SharedApi::namespaced("anew");
    let made = |value: &str| {
        api.kubectl(&["create", "configmap", "kept", &format!("--from-literal=of={value}")]);
    };
    on_cluster(api.kubeconfig(), Duration::from_secs(30), async |cluster| {
        let (deadline, console) = (cluster.deadline(), Console::new(true));
        let name = ObjectRef::new("v1", "ConfigMap", Some(&api.namespace), "kept");

        made("the plan");
        let planned = identify(&cluster, std::slice::from_ref(&name)).await.expect("read");
        api.kubectl(&["delete", "configmap", "kept"]);
        made("somebody else");
        assert_eq!(remove(&cluster, &console, &planned, deadline).await.expect("there is nothing to do"), 0);
        // Also when it is replaced after the look, just before the request.
        cluster.delete(&planned[0].object, &planned[0].uid).await.expect("ours is gone");
        assert_eq!(api.kubectl(&["get", "configmap", "kept", "-o", "jsonpath={.data.of}"]), "somebody else");

        let now = identify(&cluster, &[name]).await.expect("read");
        assert_eq!(remove(&cluster, &console, &now, deadline).await.expect("removed"), 1);
    });
}

const PAUSED: &str = "crossplane.io/paused";

const HELD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, namespace: patient}\n";

/// A wait asks for one object at a time, with a pause after each, and looks at the whole cluster only at its end. Counted by
/// a relay before the API server, in both waits: for Argo CD, and for what is left without it.
#[test]
#[ignore = "needs the testbed"]
fn a_removal_that_waits_sends_at_most_two_requests_a_second() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "patient");
    bead.edit("app/held.yaml", |_| HELD.to_owned());
    bead.run("install").expect(0);
    let finalizers = |to: &str| {
        let patch = format!(r#"{{"metadata": {{"finalizers": {to}}}}}"#);
        hub.kubectl(&["patch", "configmap", "held", "-n", "patient", "--type=merge", "-p", &patch]);
    };
    finalizers(r#"["example.org/held"]"#);

    let relay = Relay::before(hub.kubectl_command(&[]));
    let mut command = hub.command(&bead.bundle(), "uninstall");
    command.env("KUBECONFIG", relay.kubeconfig());
    let count = |what: &str| count(&relay, what);
    Run::watched(started(command, &bead.step("uninstall")), "prune", |_| {
        let path = "jsonpath={.metadata.deletionTimestamp}";
        eventually("Argo CD deletes it", || {
            !hub.kubectl(&["get", "configmap", "held", "-n", "patient", "-o", path]).is_empty()
        });
        count("while Argo CD prunes");
        // Without its Application nobody but the look at the whole cluster finds it.
        let none = ["--type=merge", "-p", r#"{"metadata": {"finalizers": null}}"#];
        hub.kubectl(&[&["patch", "application", "bead-patient-application", "-n", "argocd"], &none[..]].concat());
        let looks = Instant::now();
        eventually("it looks for what is left", || {
            relay.since(looks).iter().any(|line| line.starts_with("GET /api/v1/namespaces/patient/configmaps/held "))
        });
        count("while something is left");
        finalizers("null");
    })
    .expect(0)
    .says("nothing of bead patient is left");
}

const NOTES: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\n";

/// All objects of the kinds that the bead deploys are looked through for its mark, since with an Application Argo CD deletes
/// whatever bears it. Files without which a bead cannot be taken out are asked for at once, where they are missing or moved.
#[test]
#[ignore = "needs the testbed"]
fn removing_a_bead_takes_no_copy_of_its_objects_and_begins_with_all_its_files() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "shop");
    bead.edit("app/notes.yaml", |_| NOTES.to_owned());
    bead.run("install").expect(0);
    let live = |name: &str| bead.object("configmap", "shop", name);
    let mut copy = live("notes").expect("the bead's");
    assert!(copy["metadata"]["annotations"].to_string().contains("tracking-id"), "{copy}");
    copy["metadata"] = json!({"name": "copy", "namespace": "shop", "annotations": copy["metadata"]["annotations"]});
    hub.apply(&copy.to_string());
    let commits = hub.commits();
    bead.run("uninstall").expect(3).says("nothing was removed").says("ConfigMap shop/copy: it is a copy of what goes");
    assert_eq!(hub.commits(), commits);

    for file in ["beads/shop/bead.yaml", "beads/shop/lock.yaml", "root/apps/bead-shop.yaml"] {
        let mut text = Vec::new();
        let moved = if file.starts_with("root/") { "root/apps/moved/shop.yaml" } else { "moved/shop.yaml" };
        hub.commit(|folder| {
            text = std::fs::read(folder.join(file)).expect("it is there");
            std::fs::create_dir_all(folder.join(moved).parent().expect("a folder")).expect("a folder");
            std::fs::rename(folder.join(file), folder.join(moved)).expect("moved");
        });
        for action in ["uninstall", "upgrade"] {
            bead.run(action).expect(3).says(file).says("put them back where they were");
        }
        hub.commit(|folder| {
            std::fs::remove_file(folder.join(moved)).expect("moved");
            std::fs::write(folder.join(file), &text).expect("put back");
        });
    }

    hub.kubectl(&["annotate", "configmap", "copy", "-n", "shop", "argocd.argoproj.io/tracking-id-"]);
    bead.run("uninstall").expect(0).says("nothing of bead shop is left");
    assert!(live("notes").is_none() && live("copy").is_some());
}

/// Counts the requests of a wait.
fn count(relay: &Relay, what: &str) {
    let begin = Instant::now();
    std::thread::sleep(COUNTED);
    let requests = relay.since(begin);
    assert!(!requests.is_empty(), "{what}: the wait goes through the relay");
    let most = usize::try_from(2 * COUNTED.as_secs()).expect("small");
    assert!(requests.len() <= most, "{what}: {} requests\n{}", requests.len(), requests.join("\n"));
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: NAME, namespace: precious}\n\
    spec: {ports: [{port: 443}]}\n";

/// A webhook configuration that asks only about objects that do not exist.
fn configuration(name: &str, service: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: {name}}}
webhooks:
- name: ask.{name}.example.org
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {{service: {{namespace: precious, name: {service}}}}}
  rules: [{{apiGroups: [nothing.example.org], apiVersions: [v1], operations: [CREATE], resources: [things]}}]
"
    )
}

/// Only those go that were seen, before the removal, to call nothing but services which the bead's Applications track: noted
/// by their UIDs on the Bead, since their controllers set their annotations. What else calls a service that is gone is told.
#[test]
#[ignore = "needs the testbed"]
fn removing_a_bead_leaves_webhook_configurations_of_others() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "precious");
    bead.edit("app/service.yaml", |_| SERVICE.replace("NAME", "webhook"));
    bead.run("install").expect(0);
    // One that the bead's controller has made for itself, and one of the platform team, whose scanner comes later.
    hub.apply(&configuration("left-behind", "webhook"));
    hub.apply(&configuration("security-policy", "scanner"));
    let standing = || hub.kubectl(&["get", "validatingwebhookconfigurations", "-o", "name"]);

    // It is broken off when the services are gone, and resumes without knowing them.
    let removal = started(hub.command(&bead.bundle(), "uninstall"), &bead.step("uninstall"));
    let run = Run::watched(removal, "prune", |child| {
        eventually("the service goes", || bead.object("service", "precious", "webhook").is_none());
        signals::send("KILL", child);
    });
    assert!(!run.stderr.contains("nothing of bead"), "{}", run.stderr);
    assert!(standing().contains("/left-behind"), "{}", standing());
    // The controller has set the annotations as it wants them, and a copy that somebody has made is theirs.
    let none = r#"{"metadata": {"annotations": null}}"#;
    hub.kubectl(&["patch", "validatingwebhookconfiguration", "left-behind", "--type=merge", "-p", none]);
    let copied = hub.kubectl(&["get", "validatingwebhookconfiguration", "left-behind", "-o", "json"]);
    let mut copy: serde_json::Value = serde_json::from_str(&copied).expect("kubectl prints JSON");
    let noted = hub.kubectl(&["get", "bead", "precious", "-o", "jsonpath={.metadata.annotations}"]);
    assert!(noted.contains(copy["metadata"]["uid"].as_str().expect("a UID")), "{noted}");
    copy["metadata"] = serde_json::json!({"name": "copied"});
    hub.apply(&copy.to_string());

    let run = bead.run("uninstall").expect(0).says("nothing of bead precious is left");
    let run = run.says("ValidatingWebhookConfiguration left-behind: the service that it calls went with the bead");
    let run = run.says("security-policy: it calls Service precious/scanner, which is not there");
    run.says("kubectl delete validatingwebhookconfiguration security-policy");
    let left = standing();
    assert!(!left.contains("/left-behind"), "{left}");
    assert!(left.contains("/security-policy") && left.contains("/copied"), "{left}");
}

/// Gone is said when the root Application was compared with the last commit, and has no operation for an older one.
#[test]
#[ignore = "needs the testbed"]
fn a_bead_is_not_called_gone_while_argo_cd_may_bring_it_back() {
    let hub = Hub::installed(Kind::Plain);
    let mut bead = Bead::new(&hub, "late");
    let controller = |replicas: &str| {
        let name = "statefulset/argocd-application-controller";
        hub.kubectl(&["scale", name, "-n", "argocd", &format!("--replicas={replicas}")]);
    };
    controller("0");
    let pods =
        ["get", "pods", "-n", "argocd", "-o", "name", "-l", "app.kubernetes.io/name=argocd-application-controller"];
    eventually("the controller has ended", || hub.kubectl(&pods).is_empty());
    // An installation that ends at its deadline, whose commit Argo CD is about to sync when it is removed.
    bead.timeout = "10s";
    bead.run("install").expect(4);
    let commit = hub.commits()[0].clone();
    let sync =
        format!(r#"{{"operation": {{"sync": {{"revision": "{commit}", "syncOptions": ["ServerSideApply=true"]}}}}}}"#);
    hub.kubectl(&["patch", "application", "root", "-n", "argocd", "--type=merge", "-p", &sync]);

    // Nothing stands, and nobody compares the root: that wait is a patient one, too.
    let relay = Relay::before(hub.kubectl_command(&[]));
    bead.timeout = "25s";
    let mut command = hub.command(&bead.bundle(), "uninstall");
    command.env("KUBECONFIG", relay.kubeconfig());
    let removal = started(command, &bead.step("uninstall"));
    let run = Run::watched(removal, "prune", |_| count(&relay, "while nobody compares the root")).expect(4);
    let run = run.says("root still syncs another commit");
    assert!(!run.stderr.contains("nothing of bead late is left"), "{}", run.stderr);

    controller("1");
    bead.timeout = "5m";
    bead.run("uninstall").expect(0).says("nothing of bead late is left");
    let root = hub.object("application", "root").expect("the root");
    let last = hub.commits()[0].clone();
    assert_eq!(root["status"]["sync"]["revision"], last.as_str());
    let operation = root.pointer("/operation/sync/revision");
    assert!(operation.is_none_or(|revision| *revision == last.as_str()), "{operation:?}");
    let left = hub.kubectl(&["get", "applications,appprojects", "-n", "argocd", "-o", "name"]);
    assert!(!left.contains("bead-late"), "{left}");
    assert_eq!(hub.kubectl(&["get", "beads", "-o", "name"]), "");
    // One that has left git before is only looked for. Then nobody waits for an Argo CD that is at no commit which has it.
    controller("0");
    eventually("the controller has ended", || hub.kubectl(&pods).is_empty());
    hub.commit(|folder| std::fs::write(folder.join("root/broken.yaml"), "{").expect("written"));
    bead.timeout = "10s";
    bead.run("uninstall").expect(0).says("nothing to remove");
}

/// A claim with a volume of its own, which else would never be bound.
fn bound(name: &str) -> (String, String) {
    let has = "storageClassName: '', accessModes: [ReadWriteOnce]";
    let volume = format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}}}\nspec: {{hostPath: {{path: /{name}}}, {has}, \
         capacity: {{storage: 1Gi}}}}\n"
    );
    let claim = format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{volumeName: \
         {name}, {has}, resources: {{requests: {{storage: 1Gi}}}}}}\n"
    );
    (volume, claim)
}

/// What people put beside the bead's files, in `metadata` of the namespace this.
fn team(metadata: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop-team{metadata}}}\n---\napiVersion: v1\nkind: ConfigMap\n\
         metadata: {{name: notes, namespace: shop}}\n"
    )
}

/// The guard asks what the Applications of the bead track and would take along: volumes and claims, the bead's own too,
/// namespaces in which others keep something, and what people have put into the bead's folders in git, each with its file.
/// Each stands in the way until the step names it.
#[test]
#[ignore = "needs the testbed"]
fn removing_a_bead_takes_no_data_and_nothing_that_people_put_beside_it_until_it_is_named() {
    let hub = Hub::installed(Kind::Plain);
    let ((volume, ledger), (other, orders)) = (bound("ledger"), bound("orders"));
    hub.apply(&format!("{volume}---\n{other}"));
    // Its claim names a volume that is there already.
    let mut bead = Bead::new(&hub, "shop").with("acceptPrivileges: true");
    bead.edit("app/ledger.yaml", |_| ledger);
    // Its own namespace is the renderer's, so what people can add is another one that the bead may write.
    bead.edit("bead.yaml", |text| {
        text.replace("clusterResources: []", "clusterResources: [{group: '', kind: Namespace, name: shop-team}]")
    });
    bead.run("install").expect(0);
    let folder = "beads/shop/application";
    let put = |file: &str, text: &str| {
        hub.commit(|root| std::fs::write(root.join(folder).join(file), text).expect("written"));
    };
    put("orders-pvc.yaml", &orders);
    put("team.yaml", &team(""));
    let is_there = |kind: &str, name: &str| bead.object(kind, "shop", name).is_some();
    let part = "bead-shop-application";
    hub.eventually_synced(part, "what people put there arrives", || {
        is_there("pvc", "orders") && is_there("configmap", "notes")
    });
    let marked = || hub.object("namespace", "shop-team").expect("there")["metadata"]["annotations"].to_string();
    hub.eventually_synced(part, "the namespace is theirs", || marked().contains("tracking-id"));
    hub.kubectl(&["create", "configmap", "precious", "-n", "shop-team"]);

    let commits = hub.commits();
    let run = bead.run("uninstall").expect(3).says("nothing was removed");
    run.says("PersistentVolumeClaim shop/ledger: it would be deleted with the data in it")
        .says("PersistentVolumeClaim shop/orders: it would be deleted with the data in it; it is not of the bead: ")
        .says("beads/shop/application/orders-pvc.yaml of the hub repository")
        .says("Namespace shop-team: an object of others is in it: ConfigMap shop-team/precious")
        .says("ConfigMap shop/notes: it is not of the bead: beads/shop/application/team.yaml of the hub repository");
    assert_eq!(hub.commits(), commits);
    assert!(hub.object("application", part).is_some());

    put("team.yaml", &team(", annotations: {argocd.argoproj.io/sync-options: Delete=false}"));
    hub.eventually_synced(part, "the namespace is to stay", || marked().contains("Delete=false"));
    bead.settings = "mayRemove: ['PersistentVolumeClaim/shop/ledger,PersistentVolumeClaim/shop/orders']".to_owned();
    let run = bead.run("uninstall").expect(3).says("ConfigMap shop/notes").says("mayRemove: [ConfigMap/shop/notes, ");
    assert!(
        !run.stderr.contains("Namespace shop-team") && !run.stderr.contains("it would be deleted"),
        "{}",
        run.stderr
    );
    bead.settings = bead.settings.replace("']", ",ConfigMap/shop/notes']");
    let run = bead.run("uninstall").expect(0).says("leaves").says("nothing of bead shop is left");
    run.says("PersistentVolumeClaim shop/orders: it would be deleted with the data in it");
    let gone = |kind: &str, name: &str| bead.object(kind, "shop", name).is_none();
    assert!(gone("pvc", "ledger") && gone("pvc", "orders") && gone("configmap", "notes"));
    assert!(bead.object("configmap", "shop-team", "precious").is_some(), "what others keep in the namespace stays");
}

/// One that is composed, and one that somebody has paused on purpose.
const PAGES: &str = "apiVersion: shop.example.org/v1
kind: Page
metadata: {name: one, namespace: default}
spec: {text: hello}
---
apiVersion: shop.example.org/v1
kind: Page
metadata: {name: paused, namespace: default, annotations: {crossplane.io/paused: 'true'}}
spec: {text: later}
";

/// What an orphaning removal changes is written down on each object with the change itself, so the next run of whatever verb
/// can tell it, and an installation puts it back. What people have paused stays paused, and is not deleted either.
#[test]
#[ignore = "needs the testbed"]
fn an_orphaning_removal_that_is_broken_off_is_told_and_put_back() {
    const OBJECTS: &str = "objects.kubernetes.m.crossplane.io";
    let hub = Hub::installed(Kind::Crossplane);
    hub.apply(RIGHTS);
    let mut bead = store(&hub);
    bead.run("install").expect(0);
    hub.apply(PAGES);
    let ready = ["-n", "default", "--for=condition=Ready", "--timeout=180s"];
    hub.kubectl(&[&["wait", "pages.shop.example.org/one"], &ready[..]].concat());
    let name = hub.kubectl(&["get", OBJECTS, "-n", "default", "-o", "jsonpath={.items[0].metadata.name}"]);
    let now = |bead: &Bead| {
        let of = |kind: &str, name: &str| bead.object(kind, "default", name).expect("it is there");
        let page = "pages.shop.example.org";
        let all = [of(page, "one"), of(page, "paused"), of(OBJECTS, &name)];
        all.map(|it| json!([it["metadata"]["annotations"][PAUSED], it["spec"]["managementPolicies"]]))
    };
    let before = now(&bead);
    assert_eq!(before, [json!([null, null]), json!(["true", null]), json!([null, ["*"]])]);

    // It ends after it has prepared everything, and before it deletes the first object.
    let relay = Relay::holding(hub.kubectl_command(&[]), is_deletion);
    let step = bead.step("uninstall").replace("      timeout:", "        cloudResources: Orphan\n      timeout:");
    let mut command = hub.command(&bead.bundle(), "uninstall");
    command.env("KUBECONFIG", relay.kubeconfig());
    let (begin, mut removal) = (Instant::now(), started(command, &step));
    eventually("it is about to delete", || relay.since(begin).iter().any(|it| is_deletion(it)));
    signals::send("KILL", &removal);
    removal.wait().expect("it ends");
    let kept = ["Observe", "Create", "Update", "LateInitialize"];
    assert_eq!(now(&bead), [json!(["true", null]), json!(["true", null]), json!([null, kept])]);

    let left = "a removal that was broken off has changed";
    for (verb, code) in [("verify", 1), ("status", 0)] {
        let run = bead.run(verb).expect(code);
        for object in ["Page default/one", "Page default/paused", &format!("Object default/{name}")] {
            assert!(run.stderr.contains(&format!("{object}: {left}")), "{verb}: {}", run.stderr);
        }
    }
    let run = bead.run("install").expect(0);
    for object in ["Page default/one", &format!("Object default/{name}")] {
        assert!(run.stderr.contains(&format!("{object}: as it was before")), "{}", run.stderr);
    }
    assert_eq!(now(&bead), before);
    bead.run("verify").expect(0);

    // Crossplane deletes nothing that is paused: a pause of people is a will, and is named before anything is changed.
    bead.settings = "acceptPrivileges: true\ncloudResources: Delete".to_owned();
    let run = bead.run("uninstall").expect(3).says("Page default/paused: somebody has paused it");
    run.says("nothing was removed");
    assert_eq!(now(&bead), before);
}

/// A request that deletes something, and not only asks whether it may.
fn is_deletion(request: &str) -> bool {
    request.starts_with("DELETE ") && !request.contains("dryRun")
}
