//! Fields that people have set on objects of the hub.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::hub::fixture::{Hub, Run};
use crate::hub::installed::Kind;

const VALUE_OF_PEOPLE: &str = "a-value-of-people";

/// A field with its object and manager, as a finding names it.
type Finding = (String, String, String);

/// Every field that others own is told, by an action that answers in JSON.
fn findings(answer: &Value, place: &str) -> BTreeSet<Finding> {
    let list = answer.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("no {place} in {answer:#}"));
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    list.iter().map(|it| (text(&it["object"]), text(&it["field"]), text(&it["manager"]))).collect()
}

fn output(hub: &Hub, name: &str) -> Value {
    serde_json::from_str(&hub.output(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn finding(object: &str, field: &str, manager: &str) -> Finding {
    (object.to_owned(), field.to_owned(), manager.to_owned())
}

/// What people do with kubectl, and what has to be told of it.
fn set_by_people(hub: &Hub) -> BTreeSet<Finding> {
    let edit = |kind: &str, name: &str, patch: &Value| {
        let patch = patch.to_string();
        hub.kubectl(&[
            "patch",
            kind,
            name,
            "-n",
            "argocd",
            "--type=merge",
            "--field-manager=kubectl-edit",
            "-p",
            &patch,
        ]);
    };
    edit("configmap", "argocd-cm", &json!({"data": {"dex.config": VALUE_OF_PEOPLE, "accounts.ci": "apiKey"}}));
    edit("secret", "argocd-secret", &json!({"stringData": {"dex.clientSecret": VALUE_OF_PEOPLE}}));
    edit("application", "root", &json!({"metadata": {"annotations": {"example.org/owner": "platform"}}}));
    hub.kubectl(&["label", "namespace", "argocd", "pod-security.kubernetes.io/warn=restricted"]);
    hub.kubectl(&["scale", "deployment", "argocd-server", "-n", "argocd", "--replicas=2"]);
    [
        finding("ConfigMap argocd/argocd-cm", "data.accounts.ci", "kubectl-edit"),
        finding("ConfigMap argocd/argocd-cm", "data.dex.config", "kubectl-edit"),
        finding("Secret argocd/argocd-secret", "data.dex.clientSecret", "kubectl-edit"),
        finding("Application argocd/root", "metadata.annotations.example.org/owner", "kubectl-edit"),
        finding("Namespace argocd", "metadata.labels.pod-security.kubernetes.io/warn", "kubectl-label"),
    ]
    .into()
}

#[track_caller]
fn are_there(hub: &Hub) {
    let config = hub.object("configmap", "argocd-cm").expect("argocd-cm");
    assert_eq!(
        (&config["data"]["dex.config"], &config["data"]["accounts.ci"]),
        (&json!(VALUE_OF_PEOPLE), &json!("apiKey"))
    );
    assert!(hub.object("secret", "argocd-secret").expect("argocd-secret")["data"]["dex.clientSecret"].is_string());
    let root = hub.object("application", "root").expect("root");
    assert_eq!(root["metadata"]["annotations"]["example.org/owner"], "platform");
    let namespace = hub.object("namespace", "argocd").expect("the namespace");
    assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/warn"], "restricted");
    assert_eq!(hub.object("deployment", "argocd-server").expect("argocd-server")["spec"]["replicas"], 2);
}

/// Told by name, with the manager, and never with a value.
#[track_caller]
fn tells(run: Run, fields: &BTreeSet<Finding>) -> Run {
    let told =
        fields.iter().fold(run, |run, (object, field, manager)| run.says(&format!("{object}: {field}")).says(manager));
    assert!(!told.stderr.contains(VALUE_OF_PEOPLE), "{}", told.stderr);
    told
}

/// A run releases what the bootstrap itself owns and nothing else; the fields of others are read off `managedFields` and
/// listed by every action that says how the hub is.
#[test]
#[ignore = "needs the testbed"]
fn a_rerun_leaves_what_people_set_with_kubectl_and_every_action_tells_it() {
    let hub = Hub::installed(Kind::Plain);
    hub.run("diff").expect(0).says("no difference: an install would change nothing\n");
    assert_eq!(findings(&output(&hub, "diff"), "/cluster/findings"), BTreeSet::new());

    let set = set_by_people(&hub);
    tells(hub.run("diff"), &set)
        .expect(0)
        .says("no difference: an install would change nothing; 5 fields of others stay\n");
    let diff = output(&hub, "diff");
    assert_eq!((&diff["differs"], findings(&diff, "/cluster/findings")), (&json!(false), set.clone()));

    tells(hub.run("status"), &set).expect(0);
    let status = output(&hub, "status");
    assert_eq!((findings(&status, "/findings"), &status["notLookedAt"]), (set.clone(), &json!([])));

    // A scale leaves no field manager, so only who knows what git holds can tell it.
    let scaled = finding("Deployment argocd/argocd-server", "spec.replicas", "(not recorded)");
    let with_scale: BTreeSet<Finding> = set.into_iter().chain([scaled]).collect();
    for action in ["install", "install", "verify"] {
        tells(hub.run(action), &with_scale).expect(0).says("; 6 fields of others, see below");
        are_there(&hub);
        let proof = output(&hub, "proof");
        assert_eq!((&proof["holds"], findings(&proof, "/findings")), (&json!(true), with_scale.clone()), "{action}");
    }
}
