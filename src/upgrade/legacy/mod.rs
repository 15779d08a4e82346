//! Kinds and fields that a new version no longer acts on, with the objects that use them.
//!
//! Which kinds these are, stands in [`going`](mod@super::going). A file a program; here is which steps they are about.

mod crossplane;
mod kyverno;
mod named;

use serde_json::Value;

pub use self::crossplane::gone_arguments;
use self::crossplane::of_crossplane;
use self::kyverno::{freezes, frozen_policy, gone_policy, takes_away};
use super::finding::Finding;
use super::going::DeprecatedKind;
use super::step::Step;
use super::step_table::{CROSSPLANE, KYVERNO};
use crate::object::ObjectRef;

/// The kinds of which a step wants to see every object.
#[must_use]
pub fn kinds(step: &Step) -> Vec<ObjectRef> {
    let of_kind = |(group, version, kind)| ObjectRef::new(&format!("{group}/{version}"), kind, None, "");
    match step.program.as_str() {
        KYVERNO if freezes(step) || takes_away(step) => kyverno::policies().map(DeprecatedKind::object).collect(),
        CROSSPLANE if step.crosses(2, 0) => crossplane::KINDS.map(of_kind).into(),
        _ => Vec::new(),
    }
}

/// Whether a step wants to see every composite resource and claim, too.
#[must_use]
pub fn wants_composites(step: &Step) -> bool {
    step.program == CROSSPLANE && step.crosses(2, 0)
}

/// What the step means to these objects: those of [`kinds`], and composites and claims as their users.
#[must_use]
pub fn findings(step: &Step, objects: &[Value]) -> Vec<Finding> {
    match step.program.as_str() {
        KYVERNO if takes_away(step) => objects.iter().filter_map(gone_policy).collect(),
        KYVERNO if freezes(step) => objects.iter().filter_map(frozen_policy).collect(),
        CROSSPLANE if step.crosses(2, 0) => objects.iter().flat_map(|object| of_crossplane(object, objects)).collect(),
        _ => Vec::new(),
    }
}

/// The definitions that come with an image and in no chart, each with the versions that it will have. What is stored in another
/// one has to be rewritten first.
#[must_use]
pub fn definitions(step: &Step) -> &'static [(&'static str, &'static [&'static str])] {
    if wants_composites(step) { &crossplane::VERSIONS } else { &[] }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::argo;

    fn step(program: &str, from: &str, to: &str) -> Step {
        Step::of(program, from, to).expect("a step")
    }

    fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
    }

    #[test]
    fn policies_freeze_with_kyverno_1_20_and_whoever_brings_them_is_named() {
        let mut policy = object("kyverno.io/v1", "ClusterPolicy", "no-root", &json!({}));
        policy["metadata"]["annotations"] =
            json!({argo::TRACKING_ID: "bead-a-kyverno:kyverno.io/ClusterPolicy:a/no-root"});
        let new = object("policies.kyverno.io/v1", "ValidatingPolicy", "new", &json!({}));
        let found = findings(&step("kyverno", "1.19.1", "1.20.0"), &[policy.clone(), new.clone()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].object.as_deref(), Some("ClusterPolicy no-root"));
        assert!(found[0].says.contains("Application bead-a-kyverno brings it"), "{found:?}");
        assert_eq!(findings(&step("kyverno", "1.18.2", "1.19.1"), std::slice::from_ref(&policy)), []);
        let gone = findings(&step("kyverno", "1.20.0", "1.21.0"), &[policy, new.clone()]);
        assert!(gone.len() == 1 && gone[0].says.contains("1.21 takes its definition away"), "{gone:?}");
        assert_eq!(findings(&step("kyverno", "1.20.0", "1.21.0"), &[new]), [], "whoever has none goes on");
        assert_eq!(kinds(&step("kyverno", "1.18.2", "1.19.1")), []);
    }

    #[test]
    fn what_crossplane_2_drops_is_named_with_its_users() {
        const API: &str = "apiextensions.crossplane.io/v1";
        let native = json!({"resources": [{"name": "a"}]});
        let all = [
            object(API, "Composition", "native", &native),
            object(API, "Composition", "pipeline", &json!({"mode": "Pipeline", "pipeline": []})),
            object(API, "CompositionRevision", "native-1", &native),
            object(API, "CompositionRevision", "native-2", &native),
            object("pkg.crossplane.io/v1alpha1", "ControllerConfig", "debug", &json!({})),
            object("secrets.crossplane.io/v1alpha1", "StoreConfig", "vault", &json!({})),
            object("secrets.crossplane.io/v1alpha1", "StoreConfig", "default", &json!({})),
            object(
                "pkg.crossplane.io/v1",
                "Provider",
                "p",
                &json!({"package": "upbound/provider-x:v1", "controllerConfigRef": {"name": "debug"}}),
            ),
            object("pkg.crossplane.io/v1", "Function", "f", &json!({"package": "xpkg.example.org/f:v1"})),
            object(
                "example.org/v1",
                "XApp",
                "one",
                &json!({"compositionRef": {"name": "native"},
                "compositionRevisionRef": {"name": "native-1"}, "compositionUpdatePolicy": "Manual"}),
            ),
            object(
                "example.org/v1",
                "XApp",
                "two",
                &json!({"compositionRef": {"name": "pipeline"},
                "compositionRevisionRef": {"name": "native-2"}, "publishConnectionDetailsTo": {"configRef": {"name": "vault"}}}),
            ),
        ];
        let found = findings(&step("crossplane", "1.20.0", "2.0.0"), &all);
        let said: Vec<(&str, &str)> =
            found.iter().map(|it| (it.code, it.object.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            said,
            [
                ("composition-native", "Composition native"),
                ("composition-native", "CompositionRevision native-1"),
                ("controller-config", "ControllerConfig debug"),
                ("secret-store", "StoreConfig vault"),
                ("package-unqualified", "Provider p"),
            ]
        );
        assert!(found[0].says.ends_with("used by XApp one"), "{}", found[0].says);
        assert!(
            found[2].says.ends_with("used by Provider p") && found[3].says.ends_with("used by XApp two"),
            "{found:?}"
        );
        assert_eq!(findings(&step("crossplane", "2.0.0", "2.1.0"), &all), []);
    }
}
