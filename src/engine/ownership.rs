//! Who owns which fields: reading and rewriting `managedFields`. Pure.
//!
//! `fieldsV1` is a set written as nested maps (structured-merge-diff `fieldpath`), so the union of two sets is the
//! recursive union of two maps.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::argo;
use crate::object::str_at;

/// The managers that bootstraps of Argo CD leave behind, ours and other people's. Argo CD must own their fields,
/// or a field removed from git stays in the cluster while the Application says Synced.
const FOREIGN: &[&str] = &["helm", "before-first-apply", "argocd-autopilot", "Go-http-client"];

/// Whether fields of this manager have to be handed to Argo CD.
#[must_use]
pub fn is_bootstrap_manager(manager: &str) -> bool {
    // kubectl writes as `kubectl`, `kubectl-client-side-apply`, `kubectl-edit`, `kubectl-patch`, …
    manager == super::MANAGER || manager.starts_with("kubectl") || FOREIGN.contains(&manager)
}

/// The entries of an object's `managedFields`.
#[must_use]
pub fn entries(object: &Value) -> &[Value] {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether Argo CD has applied this object by server-side apply.
#[must_use]
pub fn argocd_owns(object: &Value) -> bool {
    entries(object).iter().any(|entry| is_apply_of(entry, argo::MANAGER))
}

/// The bootstrap managers that still own something of the object's main resource.
#[must_use]
pub fn bootstrap_managers(object: &Value) -> Vec<&str> {
    let to_release = entries(object).iter().filter(|entry| is_to_release(object, entry));
    to_release.map(|entry| str_at(entry, "/manager")).collect()
}

/// How many objects each manager owns fields of.
#[must_use]
pub fn count_managers<'v>(objects: impl IntoIterator<Item = &'v Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for object in objects {
        let managers: std::collections::BTreeSet<&str> =
            entries(object).iter().map(|entry| str_at(entry, "/manager")).collect();
        for manager in managers {
            *counts.entry(manager.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// The `managedFields` after every bootstrap manager's fields went to Argo CD's entry; `None` when there is nothing
/// to release, or nobody to release it to.
///
/// Argo CD's next apply then removes what git does not hold, since it owns it. Entries of another API version than
/// Argo CD's cannot be merged into it and are dropped, as client-go's `csaupgrade` does. Entries of subresources
/// stay. The list is never emptied: the API server would invent a manager that owns everything.
#[must_use]
pub fn released(object: &Value) -> Option<Vec<Value>> {
    let all = entries(object);
    let heir = all.iter().position(|entry| is_apply_of(entry, argo::MANAGER))?;
    if bootstrap_managers(object).is_empty() {
        return None;
    }
    let mut heir_entry = all[heir].clone();
    let mut kept = Vec::with_capacity(all.len());
    for (index, entry) in all.iter().enumerate() {
        let released = is_to_release(object, entry);
        if released && str_at(entry, "/apiVersion") == str_at(&heir_entry, "/apiVersion") {
            unite(&mut heir_entry, entry);
        } else if !released && index != heir {
            kept.push(entry.clone());
        }
    }
    kept.push(heir_entry);
    Some(kept)
}

/// The JSON patch that writes `managed_fields`, and that fails with a conflict when the object has changed since.
///
/// `replace` of the resourceVersion, not `test`: so the API server answers 409 and the race can be told from a
/// mistake.
#[must_use]
pub fn rewrite(object: &Value, managed_fields: &[Value]) -> Value {
    json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": managed_fields},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": str_at(object, "/metadata/resourceVersion")},
    ])
}

/// Whether the fields of this entry have to go to Argo CD. Not the values that people write into a Secret beside git,
/// such as the password of an administrator in `argocd-secret`: git never holds them, so Argo CD would prune them.
fn is_to_release(object: &Value, entry: &Value) -> bool {
    let manager = str_at(entry, "/manager");
    let is_secret = str_at(object, "/kind") == "Secret";
    let values_of_people = is_secret && manager != super::MANAGER && entry.pointer("/fieldsV1/f:data").is_some();
    is_main(entry) && is_bootstrap_manager(manager) && !values_of_people
}

fn is_main(entry: &Value) -> bool {
    str_at(entry, "/subresource").is_empty()
}

fn is_apply_of(entry: &Value, manager: &str) -> bool {
    str_at(entry, "/manager") == manager && str_at(entry, "/operation") == "Apply" && is_main(entry)
}

fn unite(heir: &mut Value, entry: &Value) {
    if let (Some(into), Some(Value::Object(from))) = (heir["fieldsV1"].as_object_mut(), entry.get("fieldsV1")) {
        unite_maps(into, from);
    }
}

fn unite_maps(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        let slot = into.entry(key.clone()).or_insert_with(|| json!({}));
        if let (Some(slot), Some(value)) = (slot.as_object_mut(), value.as_object()) {
            unite_maps(slot, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, version: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1",
            "fieldsV1": fields})
    }

    fn object(entries: &[Value]) -> Value {
        json!({"metadata": {"resourceVersion": "7", "managedFields": entries}})
    }

    #[test]
    fn the_union_goes_to_argo_cd_and_nothing_else_changes() {
        let status = json!({"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
            "subresource": "status", "fieldsV1": {"f:status": {}}});
        let released = released(&object(&[
            entry("backstack", "Apply", "v1", &json!({"f:data": {"f:a": {}, "f:b": {}}})),
            entry("argocd-controller", "Apply", "v1", &json!({"f:data": {".": {}, "f:a": {}}})),
            status.clone(),
        ]))
        .expect("there is something to release");
        assert_eq!(released[0], status);
        assert_eq!(
            released[1],
            entry("argocd-controller", "Apply", "v1", &json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}}))
        );
        assert_eq!(released.len(), 2);
    }

    #[test]
    fn nothing_is_released_before_argo_cd_has_applied() {
        assert_eq!(released(&object(&[entry("backstack", "Apply", "v1", &json!({}))])), None);
    }

    #[test]
    fn a_released_object_needs_no_write() {
        assert_eq!(released(&object(&[entry("argocd-controller", "Apply", "v1", &json!({}))])), None);
    }

    #[test]
    fn what_people_wrote_into_a_secret_stays_theirs() {
        let mut secret = object(&[
            entry("kubectl-patch", "Update", "v1", &json!({"f:data": {"f:admin.password": {}}})),
            entry("backstack", "Apply", "v1", &json!({"f:type": {}})),
            entry("argocd-controller", "Apply", "v1", &json!({"f:type": {}})),
        ]);
        secret["kind"] = json!("Secret");
        let released = released(&secret).expect("our own entry is released");
        assert_eq!(released[0]["manager"], "kubectl-patch");
        assert_eq!(released[1]["fieldsV1"], json!({"f:type": {}}));
        assert_eq!(bootstrap_managers(&secret), ["backstack"]);
    }

    #[test]
    fn an_entry_of_another_api_version_is_dropped() {
        let released = released(&object(&[
            entry("helm", "Update", "v1beta1", &json!({"f:x": {}})),
            entry("argocd-controller", "Apply", "v1", &json!({"f:a": {}})),
        ]))
        .expect("helm is released");
        assert_eq!(released, [entry("argocd-controller", "Apply", "v1", &json!({"f:a": {}}))]);
    }
}
