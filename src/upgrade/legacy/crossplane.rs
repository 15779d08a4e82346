//! What Crossplane 2 does not have any more: native patch and transform, `ControllerConfig`, external secret stores, and a default
//! registry (guides/upgrade-to-crossplane-v2.md; `cmd/crossplane/core/core.go`).

use serde_json::Value;

use super::named::{brought_by, users};
use crate::object::{ObjectRef, group, items, kind, name, str_at, strings};
use crate::upgrade::finding::{Finding, Weight};
use crate::upgrade::going::{CONVERT, KEEP, is_native};
use crate::upgrade::step::Step;
use crate::words::crossplane::{
    COMPOSITION, COMPOSITION_REVISION, COMPOSITION_REVISIONS, CONFIGURATION, CONTROLLER_CONFIG, ENVIRONMENT_CONFIGS,
    EXTENSIONS, FUNCTION, PACKAGES, PROGRAM, PROVIDER, REGISTRY, STORE_CONFIG, STORES,
};

const CROSSPLANE_2: &str = "crossplane docs guides/upgrade-to-crossplane-v2.md";
/// What keeps Crossplane 2 from starting, after it has changed its definitions.
const GONE_ARGUMENTS: [&str; 3] =
    ["--registry", "--enable-external-secret-stores", "--enable-composition-webhook-schema-validation"];

/// What Crossplane 2 takes differently.
pub const KINDS: [(&str, &str, &str); 7] = [
    (EXTENSIONS, "v1", COMPOSITION),
    (EXTENSIONS, "v1", COMPOSITION_REVISION),
    (PACKAGES, "v1alpha1", CONTROLLER_CONFIG),
    (STORES, "v1alpha1", STORE_CONFIG),
    (PACKAGES, "v1", PROVIDER),
    (PACKAGES, "v1", CONFIGURATION),
    (PACKAGES, "v1", FUNCTION),
];

/// What the definitions of Crossplane 2 still know of versions that 1.x has stored. They come with its image and are in no chart.
pub const VERSIONS: [(&str, &[&str]); 2] = [(COMPOSITION_REVISIONS, &["v1"]), (ENVIRONMENT_CONFIGS, &["v1beta1"])];

/// What keeps a rendered Crossplane 2 from starting.
#[must_use]
pub fn gone_arguments(step: &Step, rendered: &Value) -> Option<Finding> {
    if step.program != PROGRAM || step.to.major < 2 || kind(rendered) != "Deployment" {
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

/// What it means to one of these objects, beside all of them.
pub fn of_crossplane(object: &Value, all: &[Value]) -> Vec<Finding> {
    let said = ObjectRef::of(object).to_string();
    let finding = |code, says: String, remedy: &str| {
        Finding::new(code, Weight::Stops, said.clone(), says).remedy(remedy).source(CROSSPLANE_2)
    };
    let mut found = Vec::new();
    match (group(object), kind(object)) {
        (EXTENSIONS, COMPOSITION) => {
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
        (EXTENSIONS, COMPOSITION_REVISION) if is_native(object) => {
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
        (PACKAGES, CONTROLLER_CONFIG) => {
            let users = users(all, |it| str_at(it, "/spec/controllerConfigRef/name") == name(object));
            let says = format!("ControllerConfigs are gone in Crossplane 2{users}");
            found.push(finding(
                "controller-config",
                says,
                "convert it: `crossplane beta convert deployment-runtime` (of 1.20)",
            ));
        }
        (STORES, STORE_CONFIG) if name(object) != "default" => {
            let users = users(all, |it| {
                let of_composition = str_at(it, "/spec/publishConnectionDetailsWithStoreConfigRef/name");
                [of_composition, str_at(it, "/spec/publishConnectionDetailsTo/configRef/name")].contains(&name(object))
            });
            let says = format!("external secret stores are gone in Crossplane 2{users}");
            found.push(finding("secret-store", says, KEEP));
        }
        (PACKAGES, PROVIDER | CONFIGURATION | FUNCTION) => {
            let package = str_at(object, "/spec/package");
            if !package.is_empty() && !has_host(package) {
                let says = format!("its package `{package}` names no registry, and Crossplane 2 has no default one");
                found.push(finding(
                    "package-unqualified",
                    says,
                    &format!("write the registry before it, such as {REGISTRY}"),
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

/// Whether a package names the registry that it comes from.
fn has_host(package: &str) -> bool {
    let host = package.split_once('/').map_or("", |(host, _)| host);
    host.contains(['.', ':']) || host == "localhost"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_keeps_crossplane_2_from_starting_stops() {
        let deployment = |args: &Value| {
            json!({"kind": "Deployment", "metadata": {"name": "crossplane"},
                "spec": {"template": {"spec": {"containers": [{"args": args}]}}}})
        };
        let to_2 = Step::of("crossplane", "1.20.0", "2.0.0").expect("a step");
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
