//! What would be lost on spokes. A hub sees of a spoke what its Applications tell, and no more: what a person has there, in
//! the same namespace even, nobody here has looked at.

use std::collections::BTreeSet;

use super::hanging::Hanging;
use super::leaving::gravity_of;
use crate::argocd::Application;
use crate::object::{ObjectRef, str_at};

/// What is lost with more than itself if Argo CD deletes what these Applications have on their spokes, by what each says that
/// it manages. A Secret counts whatever is in it, since nobody here can read it; a definition does not, since Argo CD never
/// deletes one.
#[must_use]
pub fn lost_on_spokes(applications: &[Application]) -> Vec<Hanging> {
    let mut seen = BTreeSet::new();
    let mut lost = Vec::new();
    for application in applications {
        let destination = application.0.pointer("/spec/destination").unwrap_or(&serde_json::Value::Null);
        let spoke = ["/name", "/server"].map(|at| str_at(destination, at)).into_iter().find(|it| !it.is_empty());
        let spoke = spoke.unwrap_or("no cluster");
        for object in application.resources() {
            let Some(with) = gravity_on_a_spoke(&object) else { continue };
            if seen.insert((spoke.to_owned(), object.clone())) {
                let why = format!("Application {} would delete it on {spoke}, {with}", application.name());
                lost.push(Hanging::new(object, why));
            }
        }
    }
    lost
}

fn gravity_on_a_spoke(object: &ObjectRef) -> Option<&'static str> {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Secret") => Some("with what it holds"),
        _ => gravity_of(object),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_more_than_itself_is_lost_once_for_each_spoke() {
        let of = |spoke: &str| {
            let object = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind, "name": "x"});
            Application(json!({"metadata": {"name": format!("spoke-{spoke}.web")},
                "spec": {"destination": {"name": spoke}}, "status": {"resources": [
                    object("", "ConfigMap"), object("apps", "Deployment"), object("", "Secret"),
                    object("apps", "StatefulSet"), object("apiextensions.k8s.io", "CustomResourceDefinition"),
                    object("", "Namespace"), object("", "Secret")]}}))
        };
        let lost: Vec<String> = lost_on_spokes(&[of("east"), of("west")]).iter().map(ToString::to_string).collect();
        let east = [
            "Secret x: Application spoke-east.web would delete it on east, with what it holds",
            "StatefulSet x: Application spoke-east.web would delete it on east, and the state of its pods is nobody's",
            "Namespace x: Application spoke-east.web would delete it on east, with everything in it",
        ];
        assert_eq!(lost[..3], east);
        assert_eq!(lost.len(), 6);
    }
}
