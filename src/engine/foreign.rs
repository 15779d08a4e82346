//! Fields of the hub's objects that others own and git does not hold. Pure, and read off `managedFields` alone: what
//! Argo CD has applied there is what git holds, in the words of the API server itself.
//!
//! They are told, never taken away. What people set is named by its place, never by its value.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::ownership::{ITSELF, entries, fields, unite, without};
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Table};
use crate::words::argo;

/// Controllers that write into the objects that they run. k3s and `MicroK8s` have all of Kubernetes in one program.
const CONTROLLERS: &[&str] = &[
    "kube-controller-manager",
    "kube-apiserver",
    "kube-scheduler",
    "kubelet",
    "cloud-controller-manager",
    "k3s",
    "kubelite",
];
/// Fields that are no setting of anybody, whoever wrote them.
const OF_NOBODY: &[&str] =
    &["metadata.annotations.deployment.kubernetes.io/revision", "metadata.labels.kubernetes.io/metadata.name"];
/// What `kubectl apply` keeps of its object, as a set of fields names it.
const LAST_APPLIED: &str = "/fieldsV1/f:metadata/f:annotations/f:kubectl.kubernetes.io~1last-applied-configuration";

/// A field that somebody else owns and git does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ForeignField {
    /// Kind, namespace and name of the object.
    pub object: String,
    /// The path of the field, with dots.
    pub field: String,
    /// The field manager.
    pub manager: String,
    /// Whether Argo CD leaves it alone, too. It takes over what `kubectl apply` has written, whenever it syncs the
    /// object (kubectl `pkg/cmd/apply`, `migrateToSSAIfNecessary`), and removes it with that.
    pub stays: bool,
}

/// The fields of a live object, or of one as it would be, that others own and git does not hold. Not its status. The
/// metadata is enough, which does not say of what kind it is.
#[must_use]
pub fn foreign_fields(name: &ObjectRef, object: &Value) -> Vec<ForeignField> {
    let mut held = Map::new();
    let (of_others, of_hub): (Vec<&Value>, Vec<&Value>) =
        entries(object).iter().partition(|entry| !is_of_hub(str_at(entry, "/manager")));
    of_hub.into_iter().filter(|entry| is_declared(entry)).for_each(|entry| unite(&mut held, &fields(entry)));

    let mut found = BTreeSet::new();
    for entry in of_others.into_iter().filter(|entry| str_at(entry, "/subresource") != "status") {
        let mut rest = without(&fields(entry), &held);
        rest.remove("f:status"); // of a kind that has no such subresource
        let mut paths = Vec::new();
        name_fields(&rest, "", &mut paths);
        let is_setting = |path: &String| !OF_NOBODY.contains(&path.as_str());
        found.extend(paths.into_iter().filter(is_setting).map(|field| ForeignField {
            object: name.to_string(),
            field,
            manager: str_at(entry, "/manager").to_owned(),
            stays: !is_migrated(entry),
        }));
    }
    found.into_iter().collect()
}

/// Tells them to people, below what else was found.
pub fn tell_foreign_fields(fields: &[ForeignField], console: &Console) {
    if fields.is_empty() {
        return;
    }
    let mut table = Table::new(["FIELD THAT GIT DOES NOT HOLD", "OF", ""]);
    for it in fields {
        let fate = if it.stays { "stays" } else { "goes when Argo CD syncs the object" };
        table.row([&format!("{}: {}", it.object, it.field), &it.manager, fate]);
    }
    console.table(&table);
}

/// How many there are, in words.
#[must_use]
pub fn count_foreign_fields(fields: &[ForeignField]) -> String {
    match fields.len() {
        1 => "1 field of others".to_owned(),
        count => format!("{count} fields of others"),
    }
}

/// Those who write what a hub is, and those who write into it because it runs.
fn is_of_hub(manager: &str) -> bool {
    manager.starts_with(super::MANAGER) || argo::PARTS.contains(&manager) || CONTROLLERS.contains(&manager)
}

/// Whether the entry says what git holds, or an installation beside it.
fn is_declared(entry: &Value) -> bool {
    let manager = str_at(entry, "/manager");
    str_at(entry, "/operation") == "Apply" && (manager == argo::MANAGER || manager.starts_with(super::MANAGER))
}

fn is_migrated(entry: &Value) -> bool {
    let is_client_side =
        str_at(entry, "/manager") == "kubectl-client-side-apply" || entry.pointer(LAST_APPLIED).is_some();
    str_at(entry, "/operation") == "Update" && is_client_side
}

/// The paths of a set of fields, down to single ones; an element of a list that is wholly in it is one.
fn name_fields(fields: &Map<String, Value>, path: &str, found: &mut Vec<String>) {
    for (key, below) in fields.iter().filter(|(key, _)| *key != ITSELF) {
        let path = step(path, key);
        match below.as_object().filter(|below| !is_single(key, below)) {
            Some(below) => name_fields(below, &path, found),
            None => found.push(path),
        }
    }
}

fn is_single(key: &str, below: &Map<String, Value>) -> bool {
    let is_element = !key.starts_with("f:");
    below.keys().all(|key| key == ITSELF) || (is_element && below.contains_key(ITSELF))
}

/// One step down: `f:name` is a field, `k:{"name":"a"}` the element with that key, `v:"a"` one of a set, `i:0` one of a
/// list.
fn step(path: &str, key: &str) -> String {
    let (sort, rest) = key.split_once(':').unwrap_or(("f", key));
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (sort, serde_json::from_str::<Value>(rest)) {
        ("f", _) if path.is_empty() => rest.to_owned(),
        ("f", _) => format!("{path}.{rest}"),
        ("k", Ok(Value::Object(keys))) => {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
            format!("{path}[{}]", keys.join(","))
        }
        (_, Ok(value)) => format!("{path}[{}]", plain(&value)),
        (_, Err(_)) => format!("{path}[{rest}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
    }

    fn found(entries: &[Value]) -> Vec<(String, String)> {
        let object = json!({"metadata": {"managedFields": entries}});
        foreign_fields(&ObjectRef::new("v1", "Namespace", None, "a"), &object)
            .into_iter()
            .map(|it| (it.field, it.manager))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(field, manager)| ((*field).to_owned(), (*manager).to_owned())).collect()
    }

    #[test]
    fn what_git_does_not_hold_is_named_with_its_manager() {
        let edit =
            json!({"f:data": {"f:dex.config": {}, "f:url": {}}, "f:metadata": {"f:labels": {".": {}, "f:a": {}}}});
        let git = json!({"f:data": {"f:url": {}}});
        assert_eq!(
            found(&[entry("kubectl-edit", "Update", &edit), entry(argo::MANAGER, "Apply", &git)]),
            pairs(&[("data.dex.config", "kubectl-edit"), ("metadata.labels.a", "kubectl-edit")])
        );
    }

    #[test]
    fn what_the_bootstrap_has_applied_is_what_git_holds_before_the_handover() {
        let label = json!({"f:metadata": {"f:labels": {"f:shared": {}, "f:theirs": {}}}});
        let git = json!({"f:metadata": {"f:labels": {"f:shared": {}}}});
        assert_eq!(
            found(&[entry("kubectl-label", "Update", &label), entry("backstack", "Apply", &git)]),
            pairs(&[("metadata.labels.theirs", "kubectl-label")])
        );
    }

    #[test]
    fn controllers_and_argo_cd_itself_are_no_others() {
        let revision = json!({"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}});
        let mut status = entry("somebody", "Update", &json!({"f:status": {"f:phase": {}}}));
        status["subresource"] = json!("status");
        let entries = [
            entry("kube-controller-manager", "Update", &json!({"f:spec": {"f:x": {}}})),
            entry("some-kubernetes", "Update", &revision),
            entry("argocd-server", "Update", &json!({"f:data": {"f:server.secretkey": {}}})),
            entry("backstack-record", "Apply", &json!({"f:metadata": {"f:annotations": {"f:made": {}}}})),
            status,
        ];
        assert_eq!(found(&entries), []);
    }

    #[test]
    fn a_scale_by_hand_is_a_field_of_somebody() {
        let mut scale = entry("kubectl", "Update", &json!({"f:spec": {"f:replicas": {}}}));
        scale["subresource"] = json!("scale");
        assert_eq!(found(&[scale]), pairs(&[("spec.replicas", "kubectl")]));
    }

    #[test]
    fn elements_of_lists_are_named_by_their_keys() {
        let both = json!({"f:spec": {"f:containers": {"k:{\"name\":\"server\"}": {".": {}, "f:image": {},
            "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}}},
            "k:{\"name\":\"sidecar\"}": {".": {}, "f:image": {}}}}, "f:metadata": {"f:finalizers": {"v:\"a/b\"": {}}}});
        let git = json!({"f:spec": {"f:containers": {"k:{\"name\":\"server\"}": {".": {}, "f:image": {}}}}});
        let named = found(&[entry("people", "Update", &both), entry(argo::MANAGER, "Apply", &git)]);
        assert_eq!(
            named,
            pairs(&[
                ("metadata.finalizers[a/b]", "people"),
                ("spec.containers[name=server].env[name=A]", "people"),
                ("spec.containers[name=sidecar]", "people"),
            ])
        );
    }

    #[test]
    fn what_argo_cd_takes_over_by_itself_does_not_stay() {
        let applied = json!({"f:metadata": {"f:annotations": {
            "f:kubectl.kubernetes.io/last-applied-configuration": {}}}, "f:data": {"f:a": {}}});
        let object = json!({"metadata": {"managedFields": [
            entry("mine", "Update", &applied), entry("kubectl-edit", "Update", &json!({"f:data": {"f:b": {}}}))]}});
        let found = foreign_fields(&ObjectRef::new("v1", "Namespace", None, "a"), &object);
        let stay: Vec<(String, bool)> = found.into_iter().map(|it| (it.field, it.stays)).collect();
        let expected = [
            ("data.a", false),
            ("data.b", true),
            ("metadata.annotations.kubectl.kubernetes.io/last-applied-configuration", false),
        ];
        assert_eq!(stay, expected.map(|(field, stays)| (field.to_owned(), stays)));
    }
}
