//! What an Application is to a spoke: ours by its name, its label and its project; each of them alone is anybody's.

use serde_json::Value;

use super::application::Application;
use super::spokes::Spoke;
use crate::object::str_at;
use crate::words::{argo, spoke};

/// What it is to a spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It proves the spoke.
    Probe,
    /// A bead has brought it there.
    OfBead,
    /// Somebody else has it deploy there.
    OfOthers,
    /// It has nothing to do with it.
    None,
}

impl Role {
    /// That of an Application to the spoke of this name, which may be registered.
    #[must_use]
    pub fn of(application: &Application, name: &str, registered: Option<&Spoke>) -> Self {
        let of = |at: &str| str_at(&application.0, at);
        let is_labelled = application.0.pointer("/metadata/labels").and_then(|it| it.get(spoke::SPOKE))
            == Some(&Value::String(name.to_owned()));
        if is_labelled && of("/metadata/namespace") == argo::NAMESPACE {
            let project = of("/spec/project");
            if application.name() == spoke::probe(name).name && project == spoke::PROJECT {
                return Self::Probe;
            }
            let its = spoke::of_application(application.name());
            if its.is_some_and(|(spoke, bead)| spoke == name && project == spoke::of_bead(bead)) {
                return Self::OfBead;
            }
        }
        let comes =
            of("/spec/destination/name") == name || registered.is_some_and(|it| it.is_destination_of(application));
        if comes { Self::OfOthers } else { Self::None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn application(name: &str, label: &str, project: &str, destination: &Value) -> Application {
        Application(json!({"metadata": {"name": name, "namespace": "argocd", "labels": {spoke::SPOKE: label}},
            "spec": {"project": project, "destination": destination}}))
    }

    #[test]
    fn what_is_ours_is_told_by_name_label_and_project_and_the_rest_by_where_it_goes() {
        let there = json!({"name": "east", "namespace": "web"});
        for (name, label, project, role) in [
            ("spoke-east", "east", "spokes", Role::Probe),
            ("spoke-east.web", "east", "spokes-web", Role::OfBead),
            ("spoke-east.web", "east", "default", Role::OfOthers),
            ("spoke-east.web", "west", "spokes-web", Role::OfOthers),
            ("shop", "east", "spokes-web", Role::OfOthers),
        ] {
            assert_eq!(Role::of(&application(name, label, project, &there), "east", None), role, "{name} {label}");
        }
        let elsewhere = json!({"server": argo::IN_CLUSTER});
        assert_eq!(Role::of(&application("shop", "", "default", &elsewhere), "east", None), Role::None);
    }
}
