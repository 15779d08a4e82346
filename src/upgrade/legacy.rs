//! Kinds and fields that a new version no longer acts on, with the objects that use them.
//!
//! Which kinds these are, stands in [`going`](super::going). Crossplane 2 has no default registry either
//! (guides/upgrade-to-crossplane-v2.md; `cmd/crossplane/core/core.go`).

use serde_json::Value;

use super::finding::{Finding, Weight};
use super::going::{CONVERT, GOING, Going, KEEP, KYVERNO, is_native};
use super::steps::Step;
use crate::argo;
use crate::object::{ObjectRef, annotation, group, items, kind, name, str_at, strings};

const FREEZE: &str = "kyverno pull requests 17701, 17708, 17710";
const REMOVAL: &str = "kyverno pull request 17718";
const CROSSPLANE_2: &str = "crossplane docs guides/upgrade-to-crossplane-v2.md";
/// What keeps Crossplane 2 from starting, after it has changed its definitions.
const GONE_ARGUMENTS: [&str; 3] =
    ["--registry", "--enable-external-secret-stores", "--enable-composition-webhook-schema-validation"];
/// How many users of an object are named.
const SHOWN: usize = 5;

/// What Crossplane 2 takes differently.
const OF_CROSSPLANE: [(&str, &str); 7] = [
    ("apiextensions.crossplane.io/v1", "Composition"),
    ("apiextensions.crossplane.io/v1", "CompositionRevision"),
    ("pkg.crossplane.io/v1alpha1", "ControllerConfig"),
    ("secrets.crossplane.io/v1alpha1", "StoreConfig"),
    ("pkg.crossplane.io/v1", "Provider"),
    ("pkg.crossplane.io/v1", "Configuration"),
    ("pkg.crossplane.io/v1", "Function"),
];

/// What the definitions of Crossplane 2 still know of versions that 1.x has stored. They come with its image and are in no chart.
const VERSIONS_OF_CROSSPLANE_2: [(&str, &[&str]); 2] = [
    ("compositionrevisions.apiextensions.crossplane.io", &["v1"]),
    ("environmentconfigs.apiextensions.crossplane.io", &["v1beta1"]),
];

/// The kinds of which a step wants to see every object.
#[must_use]
pub fn kinds(step: &Step) -> Vec<ObjectRef> {
    let of_crossplane = || OF_CROSSPLANE.iter().map(|(version, kind)| ObjectRef::new(version, kind, None, ""));
    match step.program.as_str() {
        "kyverno" if freezes(step) || takes_away(step) => policies().map(Going::object).collect(),
        "crossplane" if step.crosses(2, 0) => of_crossplane().collect(),
        _ => Vec::new(),
    }
}

/// The policies of Kyverno that are legacy.
fn policies() -> impl Iterator<Item = &'static Going> {
    GOING.iter().filter(|it| it.group == KYVERNO)
}

/// Whether a step wants to see every composite resource and claim, too.
#[must_use]
pub fn wants_composites(step: &Step) -> bool {
    step.program == "crossplane" && step.crosses(2, 0)
}

/// What the step means to these objects: those of [`kinds`], and composites and claims as their users.
#[must_use]
pub fn findings(step: &Step, objects: &[Value]) -> Vec<Finding> {
    match step.program.as_str() {
        "kyverno" if takes_away(step) => objects.iter().filter_map(gone_policy).collect(),
        "kyverno" if freezes(step) => objects.iter().filter_map(frozen_policy).collect(),
        "crossplane" if step.crosses(2, 0) => {
            objects.iter().flat_map(|object| of_crossplane(object, objects)).collect()
        }
        _ => Vec::new(),
    }
}

/// The definitions that come with an image and in no chart, each with the versions that it will have. What is stored in another
/// one has to be rewritten first.
#[must_use]
pub fn definitions(step: &Step) -> &'static [(&'static str, &'static [&'static str])] {
    if wants_composites(step) { &VERSIONS_OF_CROSSPLANE_2 } else { &[] }
}

/// Whether the step is to a Kyverno that leaves the policies unexecuted.
fn freezes(step: &Step) -> bool {
    step.crosses(1, 20)
}

/// Whether the step is to a Kyverno without their definitions.
fn takes_away(step: &Step) -> bool {
    step.crosses(1, 21)
}

/// A policy that Kyverno 1.20 does not execute.
fn frozen_policy(object: &Value) -> Option<Finding> {
    let says = "Kyverno 1.20 does not execute it any more and denies every write of it";
    legacy_policy(object, says, FREEZE)
}

/// A policy whose kind Kyverno 1.21 takes away.
fn gone_policy(object: &Value) -> Option<Finding> {
    let says = "Kyverno 1.21 takes its definition away, and it goes along";
    legacy_policy(object, says, REMOVAL)
}

fn legacy_policy(object: &Value, says: &str, source: &str) -> Option<Finding> {
    let is_one = group(object) == KYVERNO && policies().any(|it| it.kind == kind(object));
    is_one.then(|| {
        let says = format!("{says}{}: what it forbids is allowed", brought_by(object));
        Finding::new("kyverno-legacy", Weight::Stops, ObjectRef::of(object).to_string(), says)
            .remedy("convert it to a policy of policies.kyverno.io, and take it out of git and off the cluster first")
            .source(source)
    })
}

/// What keeps a rendered Crossplane 2 from starting.
#[must_use]
pub fn gone_arguments(step: &Step, rendered: &Value) -> Option<Finding> {
    if step.program != "crossplane" || step.to.major < 2 || kind(rendered) != "Deployment" {
        return None;
    }
    let arguments = items(rendered, "/spec/template/spec/containers").flat_map(|it| strings(it, "/args"));
    let is_gone = |argument: &&str| GONE_ARGUMENTS.contains(&argument.split('=').next().unwrap_or_default());
    let gone: Vec<&str> = arguments.filter(is_gone).collect();
    (!gone.is_empty()).then(|| {
        Finding::new(
            "crossplane-argument-gone",
            Weight::Stops,
            ObjectRef::of(rendered).to_string(),
            format!("Crossplane 2 ends at its start with {}, after it has changed its definitions", gone.join(", ")),
        )
        .remedy("take it out of the values of the chart")
        .source(CROSSPLANE_2)
    })
}

fn of_crossplane(object: &Value, all: &[Value]) -> Vec<Finding> {
    let said = ObjectRef::of(object).to_string();
    let finding = |code, says: String, remedy: &str| {
        Finding::new(code, Weight::Stops, said.clone(), says).remedy(remedy).source(CROSSPLANE_2)
    };
    let mut found = Vec::new();
    match (group(object), kind(object)) {
        ("apiextensions.crossplane.io", "Composition") => {
            if is_native(object) {
                let users = users(all, |it| refers(it, "compositionRef", name(object)));
                let says = format!(
                    "native patch and transform, which Crossplane 2 does not have{users}{}",
                    brought_by(object)
                );
                found.push(finding("composition-native", says, CONVERT));
            }
            let store = str_at(object, "/spec/publishConnectionDetailsWithStoreConfigRef/name");
            if !["", "default"].contains(&store) {
                let says = format!(
                    "publishes its connection details to the external secret store {store}, which Crossplane 2 drops"
                );
                found.push(finding("secret-store", says, KEEP));
            }
        }
        // Of the others nothing is asked any more: a Composition that was converted has old ones.
        ("apiextensions.crossplane.io", "CompositionRevision") if is_native(object) => {
            let pinned = users(all, |it| refers(it, "compositionRevisionRef", name(object)) && is_manual(it));
            if !pinned.is_empty() {
                let says =
                    format!("native patch and transform, which Crossplane 2 does not have{pinned}, and pinned there");
                found.push(finding(
                    "composition-native",
                    says,
                    "have these take the revision of the converted Composition",
                ));
            }
        }
        ("pkg.crossplane.io", "ControllerConfig") => {
            let users = users(all, |it| str_at(it, "/spec/controllerConfigRef/name") == name(object));
            let says = format!("ControllerConfigs are gone in Crossplane 2{users}");
            found.push(finding(
                "controller-config",
                says,
                "convert it: `crossplane beta convert deployment-runtime` (of 1.20)",
            ));
        }
        ("secrets.crossplane.io", "StoreConfig") if name(object) != "default" => {
            let users = users(all, |it| {
                let of_composition = str_at(it, "/spec/publishConnectionDetailsWithStoreConfigRef/name");
                [of_composition, str_at(it, "/spec/publishConnectionDetailsTo/configRef/name")].contains(&name(object))
            });
            let says = format!("external secret stores are gone in Crossplane 2{users}");
            found.push(finding("secret-store", says, KEEP));
        }
        ("pkg.crossplane.io", "Provider" | "Configuration" | "Function") => {
            let package = str_at(object, "/spec/package");
            if !package.is_empty() && !has_host(package) {
                let says = format!("its package `{package}` names no registry, and Crossplane 2 has no default one");
                found.push(finding(
                    "package-unqualified",
                    says,
                    "write the registry before it, such as xpkg.crossplane.io/",
                ));
            }
        }
        _ => {}
    }
    found
}

/// Whether a composite or claim names this by one of its references, wherever its version of Crossplane has them.
fn refers(composite: &Value, reference: &str, name: &str) -> bool {
    let at = |parent: &str| str_at(composite, &format!("{parent}/{reference}/name")) == name;
    at("/spec") || at("/spec/crossplane")
}

fn is_manual(composite: &Value) -> bool {
    ["/spec/compositionUpdatePolicy", "/spec/crossplane/compositionUpdatePolicy"]
        .iter()
        .any(|at| str_at(composite, at) == "Manual")
}

/// The objects that use another one, by name.
fn users(all: &[Value], uses: impl Fn(&Value) -> bool) -> String {
    let mut names: Vec<String> = all.iter().filter(|it| uses(it)).map(|it| ObjectRef::of(it).to_string()).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!("; used by {}", names.join(", ")),
        (false, more) => format!("; used by {} and {more} more", names.join(", ")),
    }
}

/// The Application that brings an object, where one does.
fn brought_by(object: &Value) -> String {
    let application = annotation(object, argo::TRACKING_ID).and_then(|id| id.split(':').next());
    application.map(|it| format!(" (Application {it} brings it)")).unwrap_or_default()
}

/// Whether a package names the registry that it comes from.
fn has_host(package: &str) -> bool {
    let host = package.split_once('/').map_or("", |(host, _)| host);
    host.contains(['.', ':']) || host == "localhost"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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

    #[test]
    fn what_keeps_crossplane_2_from_starting_stops() {
        let deployment = |args: &Value| {
            json!({"kind": "Deployment", "metadata": {"name": "crossplane"},
                "spec": {"template": {"spec": {"containers": [{"args": args}]}}}})
        };
        let to_2 = step("crossplane", "1.20.0", "2.0.0");
        let gone = gone_arguments(&to_2, &deployment(&json!(["core", "--registry=r.example.org", "--debug"])));
        assert!(gone.expect("a finding").says.contains("--registry=r.example.org"));
        assert_eq!(gone_arguments(&to_2, &deployment(&json!(["core", "--debug"]))), None);
    }

    #[test]
    fn a_package_without_a_registry_is_unqualified() {
        for (package, has) in [
            ("upbound/provider-x:v1", false),
            ("provider-x", false),
            ("xpkg.example.org/a/b:v1", true),
            ("localhost/a:v1", true),
            ("registry:5000/a:v1", true),
        ] {
            assert_eq!(has_host(package), has, "{package}");
        }
    }
}
