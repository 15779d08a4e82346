//! What is to be migrated, read off a CRD. Pure.

use serde_json::Value;

use crate::object::{Identity, ObjectRef, items, name, str_at, strings};
use crate::report::{Failure, Outcome};

/// The objects of one CRD, and the version in which all of them are to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The CRD.
    pub crd: Identity,
    /// What the CRD was when it was read: with another one everything begins anew.
    pub generation: u64,
    /// The kind, in a version that is served.
    pub kind: ObjectRef,
    /// What paths call it.
    pub plural: String,
    /// The version in which objects are stored now.
    pub to: String,
    /// The versions in which objects may be stored besides.
    pub from: Vec<String>,
    /// Whether the versions differ in more than their name: a webhook makes one of the other.
    pub is_converted: bool,
}

impl Migration {
    /// Reads it. Fails where the cluster does not store this version yet: whatever was written anew would be stored as before.
    pub fn of(crd: &Value, to: &str) -> Outcome<Self> {
        let versions = || items(crd, "/spec/versions");
        let is = |version: &Value, flag: &str| version[flag] == true;
        let stored = versions().find(|it| is(it, "storage")).map(|it| str_at(it, "/name")).unwrap_or_default();
        if stored != to {
            return Err(Failure::refused(format!(
                "{} cannot be migrated to {to}: the cluster stores its objects as {}",
                name(crd),
                if stored.is_empty() { "no version" } else { stored }
            ))
            .hint(format!("upgrade first to a release in which both versions are there and {to} is the stored one")));
        }
        let served = || versions().filter(|it| is(it, "served")).map(|it| str_at(it, "/name"));
        let Some(version) = served().find(|it| *it == to).or_else(|| served().next()) else {
            return Err(Failure::refused(format!("{} cannot be migrated: none of its versions is served", name(crd)))
                .hint("have one of its versions served, then run again"));
        };
        let group = str_at(crd, "/spec/group");
        Ok(Self {
            crd: Identity::of(crd),
            generation: generation(crd),
            kind: ObjectRef::new(&format!("{group}/{version}"), str_at(crd, "/spec/names/kind"), None, ""),
            plural: str_at(crd, "/spec/names/plural").to_owned(),
            to: to.to_owned(),
            from: other_versions(crd, to),
            is_converted: str_at(crd, "/spec/conversion/strategy") == "Webhook",
        })
    }

    /// The versions that go and the one that stays, as a person reads it: `v1alpha1 to v1`.
    #[must_use]
    pub fn way(&self) -> String {
        if self.from.is_empty() { self.to.clone() } else { format!("{} to {}", self.from.join(", "), self.to) }
    }
}

/// Which `spec` of the CRD this is.
#[must_use]
pub fn generation(crd: &Value) -> u64 {
    crd.pointer("/metadata/generation").and_then(Value::as_u64).unwrap_or_default()
}

/// The versions besides this one in which objects may be stored.
#[must_use]
pub fn other_versions(crd: &Value, than: &str) -> Vec<String> {
    strings(crd, "/status/storedVersions").filter(|it| *it != than).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn crd(versions: &Value) -> Value {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.org", "uid": "1", "generation": 3},
            "spec": {"group": "example.org", "names": {"kind": "Widget", "plural": "widgets"}, "versions": versions},
            "status": {"storedVersions": ["v1alpha1", "v1"]},
        })
    }

    fn version(name: &str, served: bool, storage: bool) -> Value {
        json!({"name": name, "served": served, "storage": storage})
    }

    #[test]
    fn objects_are_read_in_the_stored_version_or_else_in_one_that_is_served() {
        let both = json!([version("v1alpha1", true, false), version("v1", true, true)]);
        let migration = Migration::of(&crd(&both), "v1").expect("v1 is stored");
        assert_eq!(migration.kind.api_version(), "example.org/v1");
        assert_eq!((migration.from.as_slice(), migration.generation), (["v1alpha1".to_owned()].as_slice(), 3));
        assert_eq!(migration.way(), "v1alpha1 to v1");
        let unserved = json!([version("v1alpha1", true, false), version("v1", false, true)]);
        let migration = Migration::of(&crd(&unserved), "v1").expect("v1 is stored");
        assert_eq!((migration.kind.version.as_str(), migration.to.as_str()), ("v1alpha1", "v1"));
    }

    #[test]
    fn what_cannot_be_written_in_the_version_is_refused() {
        let cases = [
            (json!([version("v1alpha1", true, true), version("v1", true, false)]), "stores its objects as v1alpha1"),
            (json!([version("v1alpha1", true, true)]), "stores its objects as v1alpha1"),
            (json!([]), "stores its objects as no version"),
            (json!([version("v1", false, true)]), "none of its versions is served"),
        ];
        for (versions, why) in cases {
            let failure = Migration::of(&crd(&versions), "v1").expect_err(why);
            assert!(failure.message.contains(why) && failure.hint.is_some(), "{failure:?}");
        }
    }
}
