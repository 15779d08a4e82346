use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Order;
use crate::object::ObjectRef;
use crate::words::argo;

/// An object of the namespace `n`, or of none, with something in it.
fn object(api_version: &str, kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !matches!(kind, "Namespace" | "CustomResourceDefinition" | "ClusterRole" | "ClusterRoleBinding" | "APIService")
        && !api_version.starts_with("admissionregistration")
    {
        object["metadata"]["namespace"] = "n".into();
    }
    let Value::Object(rest) = rest else { panic!("no object: {rest}") };
    object.as_object_mut().expect("an object").extend(rest);
    object
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

fn core(kind: &str, name: &str) -> Value {
    object("v1", kind, name, json!({}))
}

fn binding(kind: &str, name: &str, role: (&str, &str), account: &str) -> Value {
    let subject = json!({"kind": "ServiceAccount", "name": account, "namespace": "n"});
    object(RBAC, kind, name, json!({"roleRef": {"kind": role.0, "name": role.1}, "subjects": [subject]}))
}

fn deployment(name: &str, pod: &Value) -> Value {
    object("apps/v1", "Deployment", name, json!({"spec": {"template": {"spec": pod}}}))
}

fn definition(group: &str, kind: &str, name: &str) -> Value {
    let spec = json!({"group": group, "names": {"kind": kind}});
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", name, json!({"spec": spec}))
}

/// What each object of a set needs, by kind and name.
fn needs(set: &[Value]) -> BTreeMap<String, Vec<String>> {
    let set: Vec<&Value> = set.iter().collect();
    let order = Order::of(&set).expect("an order");
    let name = |place: &usize| {
        let it = ObjectRef::of(order.objects[*place]);
        format!("{} {}", it.kind, it.name)
    };
    let of_one = |(place, needs): (usize, &std::collections::BTreeSet<usize>)| {
        let mut needs: Vec<String> = needs.iter().map(name).collect();
        needs.sort();
        (name(&place), needs)
    };
    order.needs.iter().enumerate().map(of_one).collect()
}

/// The kinds and names of what one object needs in a set.
#[track_caller]
fn assert_needs(set: &[Value], object: &str, expected: &[&str]) {
    assert_eq!(needs(set)[object], expected, "{object}");
}

#[test]
fn a_namespace_is_before_what_is_in_it_and_a_definition_before_objects_of_its_kind() {
    let set = [
        core("Namespace", "n"),
        core("Namespace", "other"),
        core("ConfigMap", "in-it"),
        definition("example.org", "Cup", "cups.example.org"),
        definition("example.org", "Tea", "teas.example.org"),
        object("example.org/v1", "Cup", "of-tea", json!({})),
        object(RBAC, "ClusterRole", "everywhere", json!({})),
    ];
    assert_needs(&set, "ConfigMap in-it", &["Namespace n"]);
    assert_needs(&set, "Cup of-tea", &["CustomResourceDefinition cups.example.org", "Namespace n"]);
    for first in ["Namespace n", "CustomResourceDefinition teas.example.org", "ClusterRole everywhere"] {
        assert_needs(&set, first, &[]);
    }
}

#[test]
fn a_role_is_before_the_bindings_that_name_it() {
    let set = [
        object(RBAC, "Role", "a", json!({})),
        object(RBAC, "Role", "b", json!({})),
        object(RBAC, "ClusterRole", "a", json!({})),
        binding("RoleBinding", "of-role", ("Role", "a"), "x"),
        binding("RoleBinding", "of-cluster-role", ("ClusterRole", "a"), "x"),
        binding("ClusterRoleBinding", "everywhere", ("ClusterRole", "a"), "x"),
        binding("RoleBinding", "of-none", ("Role", "not-in-the-set"), "x"),
    ];
    assert_needs(&set, "RoleBinding of-role", &["Role a"]);
    assert_needs(&set, "RoleBinding of-cluster-role", &["ClusterRole a"]);
    assert_needs(&set, "ClusterRoleBinding everywhere", &["ClusterRole a"]);
    assert_needs(&set, "RoleBinding of-none", &[]);
}

#[test]
fn what_a_pod_is_made_with_is_before_it() {
    let pod = json!({
        "serviceAccountName": "mine", "imagePullSecrets": [{"name": "pull"}],
        "initContainers": [{"env": [{"name": "A", "value": "1"}, {"valueFrom": {"secretKeyRef": {"name": "s-env"}}}]}],
        "containers": [{"envFrom": [{"configMapRef": {"name": "c-from"}}, {"secretRef": {"name": "s-from"}}],
            "env": [{"valueFrom": {"configMapKeyRef": {"name": "c-env"}}}]}],
        "volumes": [{"configMap": {"name": "c-volume"}}, {"secret": {"secretName": "s-volume"}},
            {"persistentVolumeClaim": {"claimName": "disk"}},
            {"projected": {"sources": [{"configMap": {"name": "c-part"}}, {"secret": {"name": "s-part"}}]}}]});
    let named = [
        core("ConfigMap", "c-env"),
        core("ConfigMap", "c-from"),
        core("ConfigMap", "c-part"),
        core("ConfigMap", "c-volume"),
        core("PersistentVolumeClaim", "disk"),
        core("Secret", "pull"),
        core("Secret", "s-env"),
        core("Secret", "s-from"),
        core("Secret", "s-part"),
        core("Secret", "s-volume"),
        core("ServiceAccount", "mine"),
    ];
    let others = [
        core("ServiceAccount", "other"),
        deployment("other", &json!({"serviceAccountName": "other"})),
        binding("RoleBinding", "of-other", ("Role", "a"), "other"),
    ];
    let set = [&named[..], &others, &[deployment("mine", &pod)]].concat();
    let expected: Vec<String> = named.iter().map(ObjectRef::of).map(|it| format!("{} {}", it.kind, it.name)).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_needs(&set, "Deployment mine", &expected);
    assert_needs(&set, "Deployment other", &["RoleBinding of-other", "ServiceAccount other"]);
}

#[test]
fn what_cannot_be_told_from_a_pod_is_before_every_pod_of_its_namespace() {
    let mut elsewhere = core("ConfigMap", "elsewhere");
    elsewhere["metadata"]["namespace"] = "other".into();
    let group = json!({"kind": "Group", "name": "system:serviceaccounts"});
    let set = [
        core("ConfigMap", "read-by-whom"),
        core("Secret", "read-by-whom"),
        core("Service", "a-variable"),
        object("networking.k8s.io/v1", "NetworkPolicy", "bound", json!({})),
        object(RBAC, "RoleBinding", "of-all", json!({"roleRef": {"kind": "Role", "name": "a"}, "subjects": [group]})),
        elsewhere,
        object("batch/v1", "CronJob", "job", json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}})),
        object("v1", "Pod", "alone", json!({"spec": {"containers": []}})),
    ];
    let expected = [
        "ConfigMap read-by-whom",
        "NetworkPolicy bound",
        "RoleBinding of-all",
        "Secret read-by-whom",
        "Service a-variable",
    ];
    assert_needs(&set, "CronJob job", &expected);
    assert_needs(&set, "Pod alone", &expected);
}

#[test]
fn a_project_is_before_its_applications_and_what_serves_before_what_leads_there() {
    let service = json!({"spec": {"service": {"namespace": "n", "name": "server"}}});
    let set = [
        object(argo::API, argo::PROJECT, "hub", json!({})),
        object(argo::API, argo::PROJECT, "other", json!({})),
        object(argo::API, argo::APPLICATION, "root", json!({"spec": {"project": "hub"}})),
        core("Service", "server"),
        core("Service", "beside"),
        deployment("server", &json!({})),
        object("apiregistration.k8s.io/v1", "APIService", "v1.example.org", service),
        object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "guard", json!({})),
    ];
    assert_needs(&set, "Application root", &["AppProject hub"]);
    assert_needs(&set, "APIService v1.example.org", &["Deployment server", "Service server"]);
    assert_eq!(needs(&set)["ValidatingWebhookConfiguration guard"].len(), 7, "it is the last");
}

#[test]
fn a_circle_is_refused_with_its_names() {
    // Each says that it defines definitions.
    let of = |name| definition("apiextensions.k8s.io", "CustomResourceDefinition", name);
    let (a, b, aside) = (of("a"), of("b"), core("ConfigMap", "aside"));
    let failure = Order::of(&[&a, &b, &aside]).expect_err("a circle");
    assert_eq!(failure.details, ["CustomResourceDefinition a", "CustomResourceDefinition b"], "{failure}");
    assert!(Order::of(&[&a, &aside]).is_ok(), "nothing waits for itself");
}

#[test]
fn what_waits_for_something_that_is_not_done_is_not_begun_and_is_named() {
    let set = [
        core("Namespace", "n"),
        object(RBAC, "Role", "a", json!({})),
        binding("RoleBinding", "a", ("Role", "a"), "x"),
        core("ConfigMap", "beside"),
    ];
    let set: Vec<&Value> = set.iter().collect();
    let mut order = Order::of(&set).expect("an order");
    let mut begun = Vec::new();
    while let Some((place, object)) = order.begin() {
        begun.push(ObjectRef::of(object).to_string());
        if begun.last().is_some_and(|it| it != "Role n/a") {
            order.done(place);
        }
    }
    begun.sort();
    assert_eq!(begun, ["ConfigMap n/beside", "Namespace n", "Role n/a"]);
    let waiting: Vec<String> = order.waiting().map(|(object, need)| format!("{object} needs {need}")).collect();
    assert_eq!(waiting, ["RoleBinding n/a needs Role n/a"]);
}

/// Some of everything.
fn set() -> Vec<Value> {
    let pod = json!({"serviceAccountName": "server", "containers": [{"envFrom": [{"configMapRef": {"name": "one"}}]}]});
    vec![
        core("Namespace", "n"),
        definition(argo::GROUP, argo::PROJECT, "projects"),
        definition(argo::GROUP, argo::APPLICATION, argo::APPLICATION_DEFINITION),
        core("ServiceAccount", "server"),
        core("ConfigMap", "one"),
        core("ConfigMap", "two"),
        core("Service", "server"),
        object(RBAC, "Role", "server", json!({})),
        binding("RoleBinding", "server", ("Role", "server"), "server"),
        deployment("server", &pod),
        object(argo::API, argo::PROJECT, "hub", json!({})),
        object(argo::API, argo::APPLICATION, "root", json!({"spec": {"project": "hub"}})),
        object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "guard", json!({})),
    ]
}

/// In which order objects are begun where each is done before the next.
fn one_by_one(set: &[Value]) -> Vec<String> {
    let set: Vec<&Value> = set.iter().collect();
    let mut order = Order::of(&set).expect("an order");
    let mut begun = Vec::new();
    while let Some((place, object)) = order.begin() {
        begun.push(ObjectRef::of(object).to_string());
        order.done(place);
    }
    begun
}

proptest! {
    #[test]
    fn any_order_of_a_set_gives_the_same_graph_and_the_same_way(shuffled in Just(set()).prop_shuffle()) {
        prop_assert_eq!(needs(&shuffled), needs(&set()));
        let way = one_by_one(&shuffled);
        prop_assert_eq!(way.len(), set().len(), "all of them");
        prop_assert_eq!(way, one_by_one(&set()));
    }
}
