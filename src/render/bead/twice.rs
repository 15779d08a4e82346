//! Objects that a bead brings twice: in two documents, two files or two parts. Git would hold one of them, or two Applications
//! would apply both in turns. Pure.

use std::collections::BTreeMap;

use super::piece::{Piece, name_in_git};
use crate::document::Bead;
use crate::report::Diagnostic;
use crate::words::known_kind;

/// A mistake for each object that is there once more, with both places. Objects are one to the API server by group, kind,
/// namespace and name, whatever the version.
pub fn twice(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<[&str; 4], &Piece> = BTreeMap::new();
    let mut found = Vec::new();
    for piece in content.iter().filter(|it| !name_in_git(&it.object).is_empty()) {
        match first.get(&identity(bead, piece)) {
            Some(before) if piece.is_rendered() => {
                let message = format!("{} is there already: bead.yaml asks for what brings it", piece.title());
                found.push(before.mistake(message).hint("take it out, or give it another name"));
            }
            Some(before) if piece.text("/metadata/name").is_empty() => {
                let (start, first) = (name_in_git(&piece.object), before.origin());
                let message =
                    format!("two hooks begin with `{start}`, the first in {first}: git would hold one of them");
                found.push(piece.mistake(message).hint("give one another `generateName`"));
            }
            Some(before) => {
                let message = format!("{} is there twice, first in {}", piece.title(), before.origin());
                found.push(piece.mistake(message).hint("keep one of them"));
            }
            None => _ = first.insert(identity(bead, piece), piece),
        }
    }
    found
}

/// What Argo CD finds no namespace in, it puts into that of the application, if its kind has namespaces. What gets its name
/// later is only one file.
fn identity<'p>(bead: &'p Bead, piece: &'p Piece) -> [&'p str; 4] {
    let (group, kind) = (piece.group(), piece.text("/kind"));
    let namespace = match (known_kind(group, kind), piece.text("/metadata/namespace")) {
        (_, written) if piece.text("/metadata/name").is_empty() => written,
        (Some(known), _) if !known.namespaced => "",
        (_, "") => bead.spec.application.namespace.as_str(),
        (_, written) => written,
    };
    [group, kind, namespace, name_in_git(&piece.object)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::super::piece::START;
    use super::*;
    use crate::document::read_bead;
    use crate::report::Source;

    fn bead() -> Bead {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: b}\nspec:\n  version: 0.1.0\n  \
                    application: {namespace: own, manifests: app}\n";
        read_bead("bead.yaml", text).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    fn said(objects: &[Value]) -> Vec<String> {
        let piece = |(index, object): (usize, &Value)| {
            let source = Source { name: format!("app/{index}.yaml"), text: "kind: x\n".to_owned() };
            Piece::of(object.clone(), Arc::new(source), START)
        };
        let pieces: Vec<Piece> = objects.iter().enumerate().map(piece).collect();
        twice(&bead(), &pieces).iter().map(ToString::to_string).collect()
    }

    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}})
    }

    #[test]
    fn one_object_in_two_places_is_one_mistake_with_both() {
        let map = |namespace| object("v1", "ConfigMap", namespace, "a");
        let told = ["app/1.yaml:1:1: ConfigMap a is there twice, first in app/0.yaml:1:1 (hint: keep one of them)"];
        assert_eq!(said(&[map(None), map(None)]), told);
        assert_eq!(said(&[map(None), map(Some("own"))]), told, "the namespace of the application is meant");
        assert_eq!(said(&[map(None), map(None), map(None)]).len(), 2);
        for (one, other) in [
            (object("apps/v1", "Deployment", None, "a"), object("apps/v1beta1", "Deployment", None, "a")),
            (
                object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "a"),
                object("rbac.authorization.k8s.io/v1", "ClusterRole", Some("own"), "a"),
            ),
        ] {
            assert_eq!(said(&[one.clone(), other]).len(), 1, "{one}");
        }
    }

    #[test]
    fn what_the_document_asks_for_is_told_where_the_other_one_is_written() {
        let (written, rendered) =
            (object("v1", "ConfigMap", None, "b-hooks"), object("v1", "ConfigMap", None, "b-hooks"));
        let source = Source { name: "app/a.yaml".to_owned(), text: "kind: x\n".to_owned() };
        let written = Piece::of(written, Arc::new(source), START);
        let told = twice(&bead(), &[written, Piece::rendered(rendered)]);
        assert!(told[0].to_string().starts_with("app/a.yaml:1:1: ConfigMap b-hooks is there already"), "{told:?}");
    }

    #[test]
    fn what_has_another_group_kind_namespace_or_name_is_another_object() {
        let all = [
            object("v1", "ConfigMap", None, "a"),
            object("v1", "ConfigMap", Some("other"), "a"),
            object("v1", "ConfigMap", None, "b"),
            object("v1", "Service", None, "a"),
            object("aws.upbound.io/v1", "ProviderConfig", None, "a"),
            object("gcp.upbound.io/v1", "ProviderConfig", None, "a"),
        ];
        assert_eq!(said(&all), [""; 0]);
    }

    #[test]
    fn two_hooks_that_would_be_one_file_are_told() {
        let hook = |metadata: Value| json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata});
        let (one, elsewhere) =
            (hook(json!({"generateName": "a-"})), hook(json!({"generateName": "a-", "namespace": "own"})));
        assert_eq!(
            said(&[one.clone(), one.clone()]),
            [
                "app/1.yaml:1:1: two hooks begin with `a-`, the first in app/0.yaml:1:1: git would hold one of them (hint: give one another `generateName`)"
            ]
        );
        assert_eq!(said(&[one, elsewhere, hook(json!({"generateName": "b-"}))]), [""; 0]);
    }
}
