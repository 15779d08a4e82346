//! Who owns which fields: reading and rewriting `managedFields`. Pure.
//!
//! `fieldsV1` is a set written as nested maps (structured-merge-diff `fieldpath`), so the union of two sets is the
//! recursive union of two maps.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::object::str_at;
use crate::words::argo;

/// The managers that other people's bootstraps leave behind: those of Helm 3 and 4, of argocd-autopilot, of a Helm before 3.7
/// (`Go-http-client`), and the one that the API server makes up for an object without any (`before-first-apply`).
const OF_OTHER_BOOTSTRAPS: &[&str] = &["helm", "before-first-apply", "argocd-autopilot", "Go-http-client"];
/// In a set of fields: the map or list as such.
pub(super) const ITSELF: &str = ".";

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

/// Whether something of the object is still the bootstrap's own: its handover is not finished.
#[must_use]
pub fn is_unreleased(object: &Value) -> bool {
    entries(object).iter().any(is_of_bootstrap)
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

/// The `managedFields` after the handover; `None` when there is nothing to release, or nobody to release it to.
///
/// What the bootstrap owned is united into Argo CD's entry. Argo CD's next apply then removes what git does not hold,
/// since it owns it. The list is never emptied: the API server would invent a manager that owns everything.
///
/// Of what kubectl or another installer wrote, Argo CD becomes the only owner of just what it has applied itself: that
/// is in git, so a commit that takes it out takes it from the cluster, too. What git does not hold stays theirs, since
/// nobody can tell from the object whether it is litter or somebody's setting, and Argo CD would prune it. That is done
/// once, with the handover of the object: whoever shares a field later means it, and keeps it when git drops it.
#[must_use]
pub fn released(object: &Value) -> Option<Vec<Value>> {
    if !is_unreleased(object) {
        return None;
    }
    let (of_bootstrap, others): (Vec<&Value>, Vec<&Value>) =
        entries(object).iter().partition(|entry| is_of_bootstrap(entry));
    let argocd = others.iter().copied().find(|entry| is_apply_of(entry, argo::MANAGER))?;
    let is_of_its_version = |entry: &Value| str_at(entry, "/apiVersion") == str_at(argocd, "/apiVersion");

    let mut heir = fields(argocd);
    // Fields of another version cannot be united; they are dropped, as client-go's `csaupgrade` does.
    of_bootstrap.into_iter().filter(|it| is_of_its_version(it)).for_each(|it| unite(&mut heir, &fields(it)));
    let mut kept: Vec<Value> = Vec::new();
    for entry in others.into_iter().filter(|entry| *entry != argocd) {
        if is_of_other_bootstrap(entry) && is_of_its_version(entry) {
            let rest = without(&fields(entry), &fields(argocd));
            kept.extend((!rest.is_empty()).then(|| with_fields(entry, rest)));
        } else {
            kept.push(entry.clone());
        }
    }
    kept.push(with_fields(argocd, heir));
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

/// The fields that an entry of `managedFields` owns.
#[must_use]
pub fn fields(entry: &Value) -> Map<String, Value> {
    entry.get("fieldsV1").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The fields of the one set that are not in the other. A map or list as such is not looked at: where both have
/// something in it, it is there for both.
#[must_use]
pub fn without(fields: &Map<String, Value>, others: &Map<String, Value>) -> Map<String, Value> {
    let mut rest = Map::new();
    for (key, below) in fields.iter().filter(|(key, _)| *key != ITSELF) {
        match (below.as_object(), others.get(key).and_then(Value::as_object)) {
            (Some(below), Some(others)) => {
                let below = without(below, others);
                if !below.is_empty() {
                    rest.insert(key.clone(), Value::Object(below));
                }
            }
            _ => drop(rest.insert(key.clone(), below.clone())),
        }
    }
    rest
}

/// Whether an installation of ours wrote this entry, and Argo CD is to have it.
pub(super) fn is_of_bootstrap(entry: &Value) -> bool {
    str_at(entry, "/manager") == super::MANAGER && is_main(entry)
}

/// kubectl writes as `kubectl`, `kubectl-client-side-apply`, `kubectl-edit`, `kubectl-patch`, …
fn is_of_other_bootstrap(entry: &Value) -> bool {
    let manager = str_at(entry, "/manager");
    (manager.starts_with("kubectl") || OF_OTHER_BOOTSTRAPS.contains(&manager)) && is_main(entry)
}

pub(super) fn is_main(entry: &Value) -> bool {
    str_at(entry, "/subresource").is_empty()
}

pub(super) fn is_apply_of(entry: &Value, manager: &str) -> bool {
    str_at(entry, "/manager") == manager && str_at(entry, "/operation") == "Apply" && is_main(entry)
}

pub(super) fn with_fields(entry: &Value, fields: Map<String, Value>) -> Value {
    let mut entry = entry.clone();
    entry["fieldsV1"] = Value::Object(fields);
    entry
}

/// Adds the fields of one set to another.
pub(super) fn unite(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        let slot = into.entry(key.clone()).or_insert_with(|| json!({}));
        if let (Some(slot), Some(value)) = (slot.as_object_mut(), value.as_object()) {
            unite(slot, value);
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
    fn of_what_people_wrote_argo_cd_gets_only_what_it_has_applied_itself() {
        let released = released(&object(&[
            entry(
                "kubectl-edit",
                "Update",
                "v1",
                &json!({"f:data": {".": {}, "f:a": {}, "f:of-people": {}, "f:old": {}}}),
            ),
            entry("kubectl-label", "Update", "v1", &json!({"f:metadata": {"f:labels": {".": {}, "f:shared": {}}}})),
            entry("backstack", "Apply", "v1", &json!({"f:data": {"f:a": {}, "f:old": {}}})),
            entry(
                "argocd-controller",
                "Apply",
                "v1",
                &json!({"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {"f:shared": {}}}}),
            ),
        ]))
        .expect("there is something to release");
        let of_argocd = json!({"f:data": {"f:a": {}, "f:old": {}}, "f:metadata": {"f:labels": {"f:shared": {}}}});
        assert_eq!(
            released,
            [
                entry("kubectl-edit", "Update", "v1", &json!({"f:data": {"f:of-people": {}, "f:old": {}}})),
                entry("argocd-controller", "Apply", "v1", &of_argocd),
            ]
        );
    }

    #[test]
    fn an_object_that_was_handed_over_is_left_as_it_is() {
        let shared = json!({"f:data": {"f:a": {}}});
        let handed_over = object(&[
            entry("kubectl-edit", "Update", "v1", &shared),
            entry("argocd-controller", "Apply", "v1", &shared),
        ]);
        assert!(!is_unreleased(&handed_over));
        assert_eq!(released(&handed_over), None);
    }

    #[test]
    fn an_entry_of_another_api_version_is_dropped_if_it_is_ours() {
        let of_helm = entry("helm", "Update", "v1beta1", &json!({"f:x": {}}));
        let of_argocd = entry("argocd-controller", "Apply", "v1", &json!({"f:a": {}}));
        let ours = entry("backstack", "Apply", "v1beta1", &json!({"f:x": {}}));
        let released = released(&object(&[of_helm.clone(), of_argocd.clone(), ours])).expect("ours is released");
        assert_eq!(released, [of_helm, of_argocd]);
    }

    #[test]
    fn a_map_that_both_have_something_in_is_of_neither() {
        let of = |fields: Value| fields.as_object().cloned().expect("a set");
        let people = of(json!({"f:data": {".": {}, "f:x": {}}, "f:spec": {".": {}}, "f:only": {".": {}}}));
        let argocd = of(json!({"f:data": {}, "f:spec": {"f:y": {}}}));
        assert_eq!(without(&people, &argocd), of(json!({"f:data": {"f:x": {}}, "f:only": {".": {}}})));
        assert!(without(&people, &people).is_empty());
    }
}
