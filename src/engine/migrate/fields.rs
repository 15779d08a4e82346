//! Who owns which fields, said of the version that stays. Pure.
//!
//! An entry of `managedFields` in a version that is gone is dropped at the next apply: its fields are nobody's then, and
//! linger when their owner takes them out.

use serde_json::{Map, Value};

use crate::engine::ownership::{entries, fields, unite};
use crate::object::str_at;

/// Whether somebody owns fields of the object in another version than this one, such as `example.org/v1`.
#[must_use]
pub fn are_of_others(object: &Value, api_version: &str) -> bool {
    entries(object).iter().any(|entry| str_at(entry, "/apiVersion") != api_version)
}

/// The entries, all of them of this version. What one manager has done in one way is one entry.
#[must_use]
pub fn of_version(object: &Value, api_version: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for entry in entries(object) {
        let mut entry = entry.clone();
        entry["apiVersion"] = api_version.into();
        match all.iter_mut().find(|it| is_by_the_same(it, &entry)) {
            Some(there) => {
                let mut both: Map<String, Value> = fields(there);
                unite(&mut both, &fields(&entry));
                there["fieldsV1"] = Value::Object(both);
            }
            None => all.push(entry),
        }
    }
    all
}

/// How the API server tells entries apart: those of updates by their time, too.
fn is_by_the_same(one: &Value, other: &Value) -> bool {
    let same = |pointer: &str| str_at(one, pointer) == str_at(other, pointer);
    let is_applied = str_at(one, "/operation") == "Apply";
    same("/manager") && same("/operation") && same("/subresource") && (is_applied || same("/time"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(manager: &str, operation: &str, version: &str, time: &str, field: &str) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": format!("example.org/{version}"), "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {(field): {}}}})
    }

    #[test]
    fn entries_of_a_version_that_goes_are_of_the_one_that_stays() {
        let object = json!({"metadata": {"managedFields": [
            entry("argocd-controller", "Apply", "v1alpha1", "1", "f:a"),
            entry("kubectl-edit", "Update", "v1alpha1", "2", "f:b"),
            entry("kubectl-edit", "Update", "v1", "2", "f:c"),
            entry("kubectl-edit", "Update", "v1", "3", "f:d"),
        ]}});
        assert!(are_of_others(&object, "example.org/v1"));
        let mut of_two = entry("kubectl-edit", "Update", "v1", "2", "f:b");
        of_two["fieldsV1"]["f:spec"]["f:c"] = json!({});
        let after = of_version(&object, "example.org/v1");
        assert_eq!(
            after,
            [
                entry("argocd-controller", "Apply", "v1", "1", "f:a"),
                of_two,
                entry("kubectl-edit", "Update", "v1", "3", "f:d"),
            ]
        );
        assert!(!are_of_others(&json!({"metadata": {"managedFields": after}}), "example.org/v1"));
    }
}
