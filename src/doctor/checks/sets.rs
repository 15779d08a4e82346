//! `ApplicationSets` that may delete what they have made.

use semver::Version;
use serde_json::Value;

use crate::doctor::code::SET_EATS;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::version;
use crate::object::{ObjectRef, items, str_at, strings};
use crate::words::argo;

/// From this version on the label of a cluster is `v1.33.2`, and no longer `1.33`.
const NEW_LABELS: Version = Version::new(3, 4, 0);

/// Sets whose Applications go with them, by a label of another form, or by a generator that has failed.
pub fn that_eat(facts: &Facts) -> Vec<Finding> {
    let has_new_labels = version(facts).is_some_and(|it| it >= NEW_LABELS);
    facts.sets.iter().flatten().flat_map(|it| that_eat_of(it, has_new_labels)).collect()
}

fn that_eat_of(set: &Value, has_new_labels: bool) -> Vec<Finding> {
    let object = ObjectRef::of(set);
    let mut found = Vec::new();
    let finding = |harm: Harm, says: String| Finding::new(SET_EATS, harm, &object, says);
    let has_failed = |it: &&Value| str_at(it, "/type") == "ErrorOccurred" && str_at(it, "/status") == "True";
    if let Some(condition) = items(set, "/status/conditions").find(has_failed) {
        let message = str_at(condition, "/message").lines().next().unwrap_or_default();
        found.push(finding(Harm::Trouble, format!("its last look at its generators has failed: {message}")));
    }
    let mut versions = Vec::new();
    items(set, "/spec/generators").for_each(|it| by_version(it, &mut versions));
    if has_new_labels && versions.contains(&true) {
        let says =
            "it selects clusters by their version as it was written before Argo CD 3.4: none has that label any more";
        found.push(finding(Harm::Loss, says.to_owned()));
    } else if !versions.is_empty() {
        let says = "it selects clusters by their version, so an upgrade of a cluster, or of Argo CD to 3.4, drops its Applications";
        found.push(finding(Harm::Note, says.to_owned()));
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

/// Where generators of clusters, however deep in others, ask for the version of Kubernetes: each with whether only labels of the old form
/// can match.
fn by_version(generator: &Value, found: &mut Vec<bool>) {
    match generator {
        Value::Object(fields) => fields.iter().for_each(|(key, below)| match key.as_str() {
            "clusters" => found.extend(below.get("selector").map(of_selector).unwrap_or_default()),
            _ => by_version(below, found),
        }),
        Value::Array(all) => all.iter().for_each(|it| by_version(it, found)),
        _ => {}
    }
}

fn of_selector(selector: &Value) -> Vec<bool> {
    let equal = selector.get("matchLabels").and_then(|it| it.get(argo::KUBERNETES_VERSION)).and_then(Value::as_str);
    let expressions = items(selector, "/matchExpressions").filter(|it| str_at(it, "/key") == argo::KUBERNETES_VERSION);
    let is_old = |it: &Value| str_at(it, "/operator") == "In" && strings(it, "/values").all(is_of_old_form);
    equal.map(is_of_old_form).into_iter().chain(expressions.map(is_old)).collect()
}

/// Whether it is a version as labels had it: major and minor alone.
fn is_of_old_form(version: &str) -> bool {
    version.split_once('.').is_some_and(|(major, minor)| {
        [major, minor].iter().all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_set_is_told_by_what_it_would_delete() {
        let labelled =
            |version: &str| json!({"clusters": {"selector": {"matchLabels": {argo::KUBERNETES_VERSION: version}}}});
        let among = json!({"clusters": {"selector": {"matchExpressions": [
            {"key": argo::KUBERNETES_VERSION, "operator": "In", "values": ["1.34", "1.33"]}]}}});
        // Whoever has both is ready for the upgrade.
        let both = json!({"clusters": {"selector": {"matchExpressions": [
            {"key": argo::KUBERNETES_VERSION, "operator": "In", "values": ["v1.33.2", "1.33"]}]}}});
        let preserved = json!({"preserveResourcesOnDeletion": true});
        for (spec, harms) in [
            (json!({"generators": [{"list": {}}]}), vec![Harm::Note]),
            (json!({"generators": [{"list": {}}], "syncPolicy": preserved}), vec![]),
            (json!({"generators": [{"list": {}}], "syncPolicy": {"applicationsSync": "create-update"}}), vec![]),
            (json!({"generators": [labelled("1.33")], "syncPolicy": preserved}), vec![Harm::Loss]),
            (json!({"generators": [labelled("v1.33.2")], "syncPolicy": preserved}), vec![Harm::Note]),
            (json!({"generators": [both], "syncPolicy": preserved}), vec![Harm::Note]),
            (
                json!({"generators": [{"matrix": {"generators": [{"git": {}}, among]}}], "syncPolicy": preserved}),
                vec![Harm::Loss],
            ),
        ] {
            let set = json!({"metadata": {"name": "a"}, "spec": spec});
            let told = |has_new_labels| that_eat_of(&set, has_new_labels).iter().map(|it| it.harm).collect::<Vec<_>>();
            assert_eq!(told(true), harms, "{spec}");
            assert_eq!(
                told(false),
                harms.iter().map(|_| Harm::Note).collect::<Vec<_>>(),
                "before 3.4 all of them match: {spec}"
            );
        }
        let failed = json!({"metadata": {"name": "a"}, "spec": {"syncPolicy": preserved},
            "status": {"conditions": [{"type": "ErrorOccurred", "status": "True", "message": "no such repository\nat x"}]}});
        assert!(that_eat_of(&failed, true)[0].says.ends_with("no such repository"));
    }
}
