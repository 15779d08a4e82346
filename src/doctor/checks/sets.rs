//! `ApplicationSets` that may delete what they have made.

use serde_json::Value;

use crate::argo;
use crate::doctor::code::SET_EATS;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, items, str_at};

/// Sets whose Applications go with them, by a label of another form, or by a generator that has failed.
pub fn that_eat(facts: &Facts) -> Vec<Finding> {
    facts.sets.iter().flatten().flat_map(that_eat_of).collect()
}

fn that_eat_of(set: &Value) -> Vec<Finding> {
    let object = ObjectRef::of(set);
    let mut found = Vec::new();
    let finding = |harm: Harm, says: String| Finding::new(SET_EATS, harm, &object, says);
    let has_failed = |it: &&Value| str_at(it, "/type") == "ErrorOccurred" && str_at(it, "/status") == "True";
    if let Some(condition) = items(set, "/status/conditions").find(has_failed) {
        let message = str_at(condition, "/message").lines().next().unwrap_or_default();
        found.push(finding(Harm::Trouble, format!("its last look at its generators has failed: {message}")));
    }
    if items(set, "/spec/generators").any(selects_by_version) {
        let says = "it selects clusters by their version, whose label has another form since Argo CD 3.4: it then makes nothing";
        found.push(finding(Harm::Loss, says.to_owned()));
    }
    if set.pointer("/spec/syncPolicy/preserveResourcesOnDeletion") != Some(&true.into()) && deletes(set) {
        let says = "when it goes, or drops an Application, what that deploys goes as well";
        found.push(finding(Harm::Note, says.to_owned()));
    }
    found
}

/// Whether it may delete Applications at all (`create-only` and `create-update` do not).
fn deletes(set: &Value) -> bool {
    !["create-only", "create-update"].contains(&str_at(set, "/spec/syncPolicy/applicationsSync"))
}

/// Whether a generator of clusters, however deep in others, asks for the version of Kubernetes.
fn selects_by_version(generator: &Value) -> bool {
    match generator {
        Value::Object(fields) => fields.iter().any(|(key, below)| match key.as_str() {
            "clusters" => below.get("selector").is_some_and(names_version),
            _ => selects_by_version(below),
        }),
        Value::Array(all) => all.iter().any(selects_by_version),
        _ => false,
    }
}

fn names_version(selector: &Value) -> bool {
    let equal = selector.get("matchLabels").is_some_and(|it| it.get(argo::KUBERNETES_VERSION).is_some());
    equal || items(selector, "/matchExpressions").any(|it| str_at(it, "/key") == argo::KUBERNETES_VERSION)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_set_is_told_by_what_it_would_delete() {
        let by_version = json!({"clusters": {"selector": {"matchLabels": {argo::KUBERNETES_VERSION: "1.33"}}}});
        let preserved = json!({"preserveResourcesOnDeletion": true});
        for (spec, harms) in [
            (json!({"generators": [{"list": {}}]}), vec![Harm::Note]),
            (json!({"generators": [{"list": {}}], "syncPolicy": preserved}), vec![]),
            (json!({"generators": [{"list": {}}], "syncPolicy": {"applicationsSync": "create-update"}}), vec![]),
            (json!({"generators": [by_version], "syncPolicy": preserved}), vec![Harm::Loss]),
            (
                json!({"generators": [{"matrix": {"generators": [{"git": {}}, by_version]}}], "syncPolicy": preserved}),
                vec![Harm::Loss],
            ),
        ] {
            let found = that_eat_of(&json!({"metadata": {"name": "a"}, "spec": spec}));
            assert_eq!(found.iter().map(|it| it.harm).collect::<Vec<_>>(), harms, "{spec}");
        }
        let failed = json!({"metadata": {"name": "a"}, "spec": {"syncPolicy": preserved},
            "status": {"conditions": [{"type": "ErrorOccurred", "status": "True", "message": "no such repository\nat x"}]}});
        assert!(that_eat_of(&failed)[0].says.ends_with("no such repository"));
    }
}
