//! Kinds that a next version no longer has, or no longer acts on. Who writes one today can be told today.
//!
//! - Kyverno 1.20 no longer executes the policies of the group `kyverno.io`, and denies every write of one, an unchanged one
//!   included (pull requests 17701, 17708, 17710). 1.21 takes their definitions away (pull request 17718).
//! - Crossplane 2 has no native patch and transform, no `ControllerConfig` and no external secret stores
//!   (guides/upgrade-to-crossplane-v2.md).

use serde_json::Value;

use crate::object::{ObjectRef, group, items, kind, name, str_at};
use crate::words::crossplane::{COMPOSITION, CONTROLLER_CONFIG, EXTENSIONS, PACKAGES, STORE_CONFIG, STORES};
use crate::words::kyverno;

/// A kind that is going.
pub struct DeprecatedKind {
    /// Its group.
    pub group: &'static str,
    /// A version in which it is served.
    pub version: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// Its name in a definition.
    pub plural: &'static str,
    /// Until when it works, and what then.
    pub until: &'static str,
    /// What takes its place.
    pub remedy: &'static str,
}

impl DeprecatedKind {
    /// Any object of it.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new(&format!("{}/{}", self.group, self.version), self.kind, None, "")
    }

    /// The name of its definition.
    #[must_use]
    pub fn definition(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }
}

/// Those of which every object is going.
pub const GOING: [DeprecatedKind; 6] = [
    policy("v1", kyverno::CLUSTER_POLICY, "clusterpolicies"),
    policy("v1", kyverno::POLICY, "policies"),
    policy("v2", kyverno::CLEANUP, "cleanuppolicies"),
    policy("v2", kyverno::CLUSTER_CLEANUP, "clustercleanuppolicies"),
    policy("v2", kyverno::EXCEPTION, "policyexceptions"),
    DeprecatedKind {
        group: PACKAGES,
        version: "v1alpha1",
        kind: CONTROLLER_CONFIG,
        plural: "controllerconfigs",
        until: "Crossplane 2 has no ControllerConfig",
        remedy: "a DeploymentRuntimeConfig takes its place: `crossplane beta convert deployment-runtime` (of 1.20)",
    },
];

const fn policy(version: &'static str, kind: &'static str, plural: &'static str) -> DeprecatedKind {
    DeprecatedKind {
        group: kyverno::GROUP,
        version,
        kind,
        plural,
        until: "Kyverno deprecates it since 1.19, 1.20 neither executes it nor takes a write of it, 1.21 takes its definition away",
        remedy: "write it as a kind of policies.kyverno.io, which Kyverno has since 1.17 as v1; until then, have Kyverno below 1.20",
    }
}

/// How a Composition becomes one that Crossplane 2 takes.
pub const CONVERT: &str = "convert it: `crossplane beta convert pipeline-composition` (of 1.20), with function-patch-and-transform \
                           healthy before; keep the names of its resources";
/// What takes the place of an external secret store.
pub const KEEP: &str = "keep the details in Secrets, or have another program copy them";

/// Until when an object works, and what takes its place; `None` of one that is not going.
#[must_use]
pub fn going(object: &Value) -> Option<(&'static str, &'static str)> {
    if let Some(it) = GOING.iter().find(|it| (it.group, it.kind) == (group(object), kind(object))) {
        return Some((it.until, it.remedy));
    }
    match (group(object), kind(object)) {
        (EXTENSIONS, COMPOSITION) if is_native(object) => {
            Some(("it patches and transforms natively, which Crossplane 2 does not", CONVERT))
        }
        (STORES, STORE_CONFIG) if name(object) != "default" => {
            Some(("Crossplane 2 has no external secret stores", KEEP))
        }
        _ => None,
    }
}

/// A Composition, or a revision of one, without a pipeline.
#[must_use]
pub fn is_native(composition: &Value) -> bool {
    let has = |at: &str| items(composition, at).next().is_some();
    str_at(composition, "/spec/mode") != "Pipeline" && (has("/spec/resources") || has("/spec/patchSets"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_going_is_told_with_the_version_that_ends_it() {
        const COMPOSITION: &str = "apiextensions.crossplane.io/v1 Composition";
        for (kind, spec, until) in [
            ("kyverno.io/v1 ClusterPolicy", json!({}), "1.20 neither executes it"),
            ("kyverno.io/v2beta1 CleanupPolicy", json!({}), "1.21 takes its definition away"),
            ("kyverno.io/v2 PolicyException", json!({}), "1.20"),
            ("kyverno.io/v2alpha1 GlobalContextEntry", json!({}), ""),
            ("policies.kyverno.io/v1 ValidatingPolicy", json!({}), ""),
            ("policies.kyverno.io/v1 PolicyException", json!({}), ""),
            ("pkg.crossplane.io/v1alpha1 ControllerConfig", json!({}), "Crossplane 2"),
            ("secrets.crossplane.io/v1alpha1 StoreConfig", json!({}), "Crossplane 2"),
            (COMPOSITION, json!({"resources": [{}]}), "Crossplane 2"),
            (COMPOSITION, json!({"mode": "Resources", "patchSets": [{}]}), "Crossplane 2"),
            (COMPOSITION, json!({"pipeline": [{}]}), ""),
            (COMPOSITION, json!({"mode": "Pipeline", "pipeline": [{}]}), ""),
        ] {
            let (api_version, kind) = kind.split_once(' ').expect("both");
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec});
            let said = going(&object).map(|(until, _)| until).unwrap_or_default();
            assert!(said.contains(until) && said.is_empty() == until.is_empty(), "{object}: {said}");
        }
    }
}
