//! Differences between git and the cluster that Argo CD leaves alone, as an Application has them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Mistakes, Path};

/// Fields that somebody else writes: Argo CD neither calls them a difference nor sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoredDifference {
    /// The group of the kind. Default: the core group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The kind.
    pub kind: String,
    /// The name. Default: every object of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The namespace. Default: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The fields as JSON pointers, such as `/spec/replicas`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json_pointers: Vec<String>,
    /// The fields as paths of jq, such as `.spec.template.spec.containers[].resources`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jq_path_expressions: Vec<String>,
    /// The managers whose fields are left alone, such as `kube-controller-manager`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_fields_managers: Vec<String>,
}

/// What is wrong with them beyond their shape; `at` is where the document has them.
pub(super) fn ignored_rules(ignored: &[IgnoredDifference], at: &Path, found: &mut Mistakes) {
    for (index, it) in ignored.iter().enumerate() {
        let here = at.index(index);
        if it.json_pointers.is_empty() && it.jq_path_expressions.is_empty() && it.managed_fields_managers.is_empty() {
            let hint = "give `jsonPointers`, `jqPathExpressions` or `managedFieldsManagers`";
            found.say(here.clone(), format!("it names no field of {}, so nothing is left alone", it.kind), Some(hint));
        }
        for (number, pointer) in it.json_pointers.iter().enumerate().filter(|(_, it)| !it.starts_with('/')) {
            let hint = "it begins with `/`, and a `/` within a key is written `~1`";
            found.say(here.key("jsonPointers").index(number), format!("`{pointer}` is no JSON pointer"), Some(hint));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_names_no_field_is_a_mistake() {
        let ignored: Vec<IgnoredDifference> = serde_json::from_value(json!([
            {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
            {"kind": "Secret", "managedFieldsManagers": ["m"]},
            {"kind": "Secret"},
            {"kind": "Secret", "jsonPointers": ["/data", "spec.replicas"]},
        ]))
        .expect("differences");
        let mut found = Mistakes::default();
        ignored_rules(&ignored, &Path::new("spec.application.ignoreDifferences"), &mut found);
        let said = found.messages();
        assert!(
            said.len() == 2 && said[0].contains("names no field of Secret") && said[1].contains("`spec.replicas`"),
            "{said:?}"
        );
    }
}
