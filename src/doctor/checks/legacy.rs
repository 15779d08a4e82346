//! Kinds and versions that are going.

use std::collections::BTreeMap;

use crate::doctor::code::LEGACY_KINDS;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, items, str_at, strings};

/// Objects of kinds that a next version drops, of versions that are deprecated, and fields that are replaced.
pub fn kinds(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        facts.legacy.iter().map(|(object, why)| Finding::new(LEGACY_KINDS, Harm::Note, object, *why)).collect();
    for project in facts.projects.iter().flatten() {
        if items(project, "/spec/signatureKeys").next().is_some() {
            let says = "its signatureKeys are replaced by sourceIntegrity since Argo CD 3.5";
            found.push(Finding::new(LEGACY_KINDS, Harm::Note, &ObjectRef::of(project), says));
        }
    }
    found.extend(deprecated(facts));
    found
}

/// Objects whose fields somebody still writes in a version that its definition calls deprecated.
fn deprecated(facts: &Facts) -> Vec<Finding> {
    let mut versions: BTreeMap<(String, &str), &str> = BTreeMap::new();
    for definition in facts.definitions.iter().flatten() {
        for version in items(definition, "/spec/versions").filter(|it| it["deprecated"] == true) {
            let api_version = format!("{}/{}", str_at(definition, "/spec/group"), str_at(version, "/name"));
            versions
                .insert((api_version, str_at(definition, "/spec/names/kind")), str_at(version, "/deprecationWarning"));
        }
    }
    let written = |live: &crate::doctor::facts::Live| {
        live.written_in.iter().find_map(|version| {
            let warning = versions.get(&(version.clone(), live.object.kind.as_str()))?;
            Some(format!("it is written as {version}, which is deprecated {warning}").trim_end().to_owned())
        })
    };
    let objects = facts.objects.iter();
    objects.filter_map(|it| Some(Finding::new(LEGACY_KINDS, Harm::Note, &it.object, written(it)?))).collect()
}

/// Why a Composition does not go with Crossplane 2, if it does not.
#[must_use]
pub fn composition(live: &serde_json::Value) -> Option<&'static str> {
    let has = |list: &str| items(live, list).next().is_some() || strings(live, list).next().is_some();
    let is_native = str_at(live, "/spec/mode") != "Pipeline" || has("/spec/resources") || has("/spec/patchSets");
    is_native.then_some("it patches and transforms natively, which Crossplane 2 no longer does")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::facts::Live;

    #[test]
    fn a_composition_is_a_pipeline_or_legacy() {
        for (spec, legacy) in [
            (json!({"mode": "Pipeline", "pipeline": [{}]}), false),
            (json!({"mode": "Resources", "resources": [{}]}), true),
            (json!({"resources": [{}]}), true),
            (json!({"mode": "Pipeline", "patchSets": [{}]}), true),
        ] {
            assert_eq!(composition(&json!({"spec": spec})).is_some(), legacy, "{spec}");
        }
    }

    #[test]
    fn what_is_written_in_a_deprecated_version_is_told() {
        let definition = json!({"spec": {"group": "example.org", "names": {"kind": "Thing"}, "versions": [
            {"name": "v1alpha1", "deprecated": true}, {"name": "v1"}]}});
        let project =
            json!({"kind": "AppProject", "metadata": {"name": "p"}, "spec": {"signatureKeys": [{"keyID": "x"}]}});
        let written = |version: &str| Live {
            written_in: vec![format!("example.org/{version}")],
            ..Live::of(ObjectRef::new("example.org/v1", "Thing", None, "a"))
        };
        for (version, count) in [("v1", 1), ("v1alpha1", 2)] {
            let facts = Facts {
                definitions: Some(vec![definition.clone()]),
                projects: Some(vec![project.clone()]),
                objects: vec![written(version)],
                ..Facts::default()
            };
            assert_eq!(kinds(&facts).len(), count, "{version}");
        }
    }
}
