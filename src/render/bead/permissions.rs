//! The permissions of a bead against what it brings: offline, before anything is written.

use std::collections::BTreeSet;

use serde_json::json;

use super::piece::Piece;
use super::scopes::Scopes;
use super::{namespace, pods, registration};
use crate::document::{Bead, ClusterResource, HUB_NAMESPACES, LeftOut, is_definition_of_hub, left_out, package_name};
use crate::report::{Diagnostic, Severity};
use crate::schema::matches;
use crate::words::crossplane::PACKAGES;
use crate::words::{BOUNDS, argo};

/// Group and kind of definitions of kinds.
pub const CRD: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");
/// Group and kind of namespaces.
pub const NAMESPACE: (&str, &str) = ("", "Namespace");

/// Whether the projects of this revision of the rendering deny all kinds of Argo CD's group, and not only its own.
#[must_use]
pub const fn denies_whole_group(revision: u32) -> bool {
    revision < 3
}

/// Everything in the content that the bead's `permissions` do not allow, as this revision of the rendering has them, each with its
/// place.
#[must_use]
pub fn excess(revision: u32, bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let level = bead.spec.permissions.pod_security;
    let scopes = Scopes::of(content);
    let of_piece = |piece| {
        let wrong = unapplied(piece)
            .filter(|it| it.severity == Severity::Error)
            .or_else(|| value_in_git(piece))
            .or_else(|| forbidden(revision, bead, &scopes, piece))
            .or_else(|| namespace::labels_of_others(piece));
        wrong.into_iter().chain(pods::excess(level, piece))
    };
    content.iter().flat_map(of_piece).collect()
}

/// An object that Argo CD would not apply, while it says that all is synced: a mistake, unless the hub can change that.
pub fn unapplied(piece: &Piece) -> Option<Diagnostic> {
    let why = left_out(piece.group(), piece.text("/kind"))?;
    let (severity, whose, hint) = match why {
        LeftOut::Always => (Severity::Error, "", "take it out"),
        LeftOut::BySettings => {
            let hint = "take it out, unless `argocd.config` of hub.yaml sets a `resource.exclusions` without this kind";
            (Severity::Warning, " by its settings", hint)
        }
    };
    let message = format!("{}: Argo CD leaves this kind out{whose}, so it applies none and says Synced", piece.title());
    let said = Diagnostic::error("kind", message).at(&piece.source, piece.place_of("kind")).hint(hint);
    Some(Diagnostic { severity, ..said })
}

/// What may not be applied.
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    pieces.iter().filter_map(unapplied).filter(|it| it.severity == Severity::Warning).collect()
}

/// The same of what a chart makes. It may make values of Secrets, which no file has, and nothing of it can be labelled.
#[must_use]
pub fn excess_of_chart(revision: u32, bead: &Bead, scopes: &Scopes, objects: &[Piece]) -> Vec<Diagnostic> {
    let level = bead.spec.permissions.pod_security;
    let of_piece = |piece| {
        let wrong = forbidden(revision, bead, scopes, piece).or_else(|| namespace::of_chart(bead, piece));
        wrong.into_iter().chain(pods::excess(level, piece))
    };
    objects.iter().flat_map(of_piece).collect()
}

fn value_in_git(piece: &Piece) -> Option<Diagnostic> {
    let has_values = |field: &&str| piece.object.pointer(field).is_some_and(|it| *it != json!({}) && !it.is_null());
    let is_secret = piece.group().is_empty() && piece.text("/kind") == "Secret";
    (is_secret && ["/data", "/stringData"].iter().any(has_values)).then(|| {
        piece
            .mistake(format!("{}: the values of a Secret would be in git", piece.title()))
            .hint("name it under `secrets` of bead.yaml: the step gives its values, and git never has them")
    })
}

fn forbidden(revision: u32, bead: &Bead, scopes: &Scopes, piece: &Piece) -> Option<Diagnostic> {
    let (group, kind) = (piece.group(), piece.text("/kind"));
    let title = piece.title();
    if let Some(value) = piece.object.pointer("/metadata/namespace").filter(|it| !it.is_string() && !it.is_null()) {
        // To some readers that is an object without a namespace.
        let place = piece.place_of("metadata.namespace");
        let message = format!("{title}: `metadata.namespace` is a text, and `{value}` is none");
        return Some(Diagnostic::error("", message).at(&piece.source, place).hint("write its name, in quotes"));
    }
    if argo::is_own(group, kind) {
        let hint = "the renderer writes the bead's Applications and its AppProject; take the object out";
        return Some(piece.mistake(format!("{title}: a bead does not write Argo CD's own kinds")).hint(hint));
    }
    if group == argo::GROUP && denies_whole_group(revision) {
        let hint =
            "give the bead a new `spec.version`; a version that is installed keeps the project that it came with";
        let message = format!("{title}: the project of the installed version denies all kinds of {group}");
        return Some(piece.mistake(message).hint(hint));
    }
    if kind == "CustomResourceDefinition" && is_definition_of_hub(piece.text("/metadata/name")) {
        let hint = "the hub brings it in the version that it needs; take the object out";
        return Some(piece.mistake(format!("{title}: the hub itself stands on it")).hint(hint));
    }
    if BOUNDS.contains(&(group, kind)) {
        let hint = "the hub's administrators bound namespaces; what a bead brings lives within these bounds";
        return Some(piece.mistake(format!("{title}: a bead does not bound a namespace itself")).hint(hint));
    }
    let namespace = piece.text("/metadata/namespace");
    let namespaced = scopes.is_namespaced(group, kind);
    if namespaced.unwrap_or(!namespace.is_empty()) {
        return (!namespace.is_empty() && !namespaces(bead).contains(namespace)).then(|| {
            piece
                .mistake(format!("{title}: the bead may not write into the namespace {namespace}"))
                .hint("add it to `permissions.namespaces` of bead.yaml, if it should")
        });
    }
    let name = piece.text("/metadata/name");
    if (group, kind) == NAMESPACE && HUB_NAMESPACES.contains(&name) {
        let hint = "a bead that bounds it, or lifts its bounds, rules the hub; take the object out";
        return Some(piece.mistake(format!("{title}: the namespace is the hub's own")).hint(hint));
    }
    if within_reach(&cluster_resources(bead), (group, kind), name) {
        return None;
    }
    let entry = format!("{{group: {}, kind: {kind}, name: {name}}}", if group.is_empty() { "\"\"" } else { group });
    let hint = format!("add {entry} to `permissions.clusterResources` of bead.yaml, if it should");
    let more = match namespaced {
        None => ", unless its kind has namespaces and it names one",
        Some(_) if !namespace.is_empty() => "; `metadata.namespace` means nothing to its kind",
        Some(_) => "",
    };
    Some(piece.mistake(format!("{title}: the bead may not write this object without a namespace{more}")).hint(hint))
}

/// The namespaces that the bead may write into.
#[must_use]
pub fn namespaces(bead: &Bead) -> BTreeSet<&str> {
    let others = bead.spec.permissions.namespaces.iter().map(String::as_str);
    std::iter::once(bead.spec.application.namespace.as_str()).chain(others).collect()
}

/// The kinds without a namespace that the bead may write: those that its permissions name, the namespace of its
/// application, and the packages and policies that are rendered from its document.
#[must_use]
pub fn cluster_resources(bead: &Bead) -> BTreeSet<ClusterResource> {
    let mut allowed: BTreeSet<ClusterResource> = bead.spec.permissions.cluster_resources.iter().cloned().collect();
    allowed.insert(resource("", "Namespace", &bead.spec.application.namespace));
    if let Some(crossplane) = &bead.spec.crossplane {
        for (kind, packages) in crossplane.packages() {
            let names = packages.iter().filter_map(package_name);
            allowed.extend(names.map(|name| resource(PACKAGES, kind, name)));
        }
    }
    allowed.extend(registration::allowed(bead));
    allowed
}

fn resource(group: &str, kind: &str, name: &str) -> ClusterResource {
    ClusterResource { group: group.to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

/// Whether a pattern of permissions lets an object be written.
pub fn within_reach(allowed: &BTreeSet<ClusterResource>, (group, kind): (&str, &str), name: &str) -> bool {
    allowed.iter().any(|it| allows(it, group, kind, name))
}

fn allows(allowed: &ClusterResource, group: &str, kind: &str, name: &str) -> bool {
    allowed.group == group && allowed.kind == kind && matches(&allowed.name, name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::document::read_bead;
    use crate::hub_repository::bead::REVISION;
    use crate::report::{Place, Source};

    fn bead() -> Bead {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: x}\nspec:\n  version: 0.1.0\n  \
                    application: {namespace: x, manifests: app}\n  permissions:\n    namespaces: [y]\n    \
                    clusterResources: [{group: kyverno.io, kind: ClusterPolicy, name: \"x-*\"}]\n";
        read_bead("bead.yaml", text).expect("a bead")
    }

    fn piece(object: Value) -> Piece {
        let source = Arc::new(Source { name: "app/a.yaml".to_owned(), text: "kind: x\n".to_owned() });
        Piece::of(object, source, Place { line: 1, column: 1, start: 0, end: 4 })
    }

    #[test]
    fn what_is_not_allowed_is_named_with_its_place() {
        let object = |version: &str, kind: &str, namespace: Option<&str>, name: &str| {
            piece(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}))
        };
        for allowed in [
            object("v1", "ConfigMap", Some("x"), "a"),
            object("v1", "ConfigMap", Some("y"), "a"),
            object("v1", "ConfigMap", None, "a"),
            object("kyverno.io/v1", "ClusterPolicy", None, "x-labels"),
            object("example.org/v1", "Thing", Some("x"), "a"),
            object("cert-manager.io/v1", "Certificate", None, "a"),
        ] {
            assert_eq!(excess(REVISION, &bead(), std::slice::from_ref(&allowed)), [], "{allowed:?}");
        }
        for (refused, words) in [
            (object("v1", "ConfigMap", Some("kube-system"), "a"), "namespace kube-system"),
            (object("kyverno.io/v1", "ClusterPolicy", None, "y-labels"), "without a namespace"),
            (object("v1", "Namespace", None, "z"), "without a namespace"),
            (object("example.org/v1", "Thing", None, "a"), "unless its kind has namespaces"),
            (
                piece(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": true}})),
                "`metadata.namespace` is a text, and `true` is none",
            ),
            (object("argoproj.io/v1alpha1", "Application", Some("x"), "a"), "Argo CD's own kinds"),
            (
                object("cert-manager.io/v1", "ClusterIssuer", Some("x"), "a"),
                "`metadata.namespace` means nothing to its kind",
            ),
            (object("events.k8s.io/v1", "Event", Some("x"), "a"), "applies none and says Synced"),
            (object("v1", "Event", None, "a"), "applies none and says Synced"),
            (
                object("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, "appprojects.argoproj.io"),
                "stands on it",
            ),
        ] {
            let said = excess(REVISION, &bead(), &[refused]);
            assert_eq!(said.len(), 1, "{words}");
            assert!(said[0].to_string().starts_with("app/a.yaml:1:1: ") && said[0].message.contains(words), "{said:?}");
        }
    }

    #[test]
    fn a_version_that_is_installed_keeps_what_its_project_denies() {
        let rollout = piece(
            json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "a", "namespace": "x"}}),
        );
        assert_eq!(excess(REVISION, &bead(), std::slice::from_ref(&rollout)), []);
        for revision in 1..3 {
            let said = excess(revision, &bead(), std::slice::from_ref(&rollout));
            assert!(said.len() == 1 && said[0].message.contains("denies all kinds of argoproj.io"), "{said:?}");
            assert!(said[0].hint.as_deref().is_some_and(|hint| hint.contains("new `spec.version`")), "{said:?}");
        }
    }

    #[test]
    fn what_the_settings_of_a_hub_may_let_through_is_told_and_not_refused() {
        let object = |version: &str, kind: &str| {
            piece(json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "x"}}))
        };
        for (version, kind) in [
            ("discovery.k8s.io/v1", "EndpointSlice"),
            ("v1", "Endpoints"),
            ("coordination.k8s.io/v1", "Lease"),
            ("cert-manager.io/v1", "CertificateRequest"),
        ] {
            let object = [object(version, kind)];
            assert_eq!(excess(REVISION, &bead(), &object), [], "{kind}");
            let told = doubts(&object);
            assert!(told.len() == 1 && told[0].message.contains("leaves this kind out by its settings"), "{told:?}");
        }
        assert_eq!(doubts(&[object("v1", "ConfigMap"), object("v1", "Event")]), []);
    }
}
