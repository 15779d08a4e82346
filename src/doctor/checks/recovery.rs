//! What a recovery that was broken off has left behind. Nobody else puts it back.

use serde_json::Value;

use crate::doctor::code::RECOVERY_LEFT;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::workloads;
use crate::object::{ObjectRef, annotation, kind, name};
use crate::words::argo;

/// What is out of the way, and the controller that stands still beside an Application that is held.
pub fn left(facts: &Facts) -> Vec<Finding> {
    let found = |(object, says): &(ObjectRef, String)| Finding::new(RECOVERY_LEFT, Harm::Trouble, object, says);
    facts.left.iter().map(found).chain(controller(facts)).collect()
}

fn controller(facts: &Facts) -> Option<Finding> {
    let held = facts.applications.iter().flatten().find(|it| annotation(it, argo::HELD).is_some())?;
    let is_stopped = |it: &&Value| {
        (kind(it), name(it)) == ("StatefulSet", argo::CONTROLLER) && it.pointer("/spec/replicas") == Some(&0.into())
    };
    let stopped = workloads(facts).find(is_stopped)?;
    let says = format!(
        "it is scaled to nothing, and {} is held: nothing is compared or synced by this Argo CD",
        ObjectRef::of(held)
    );
    Some(Finding::new(RECOVERY_LEFT, Harm::Trouble, &ObjectRef::of(stopped), says))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_controller_stands_still_for_a_recovery_where_an_application_is_held() {
        let controller = |replicas: u64| {
            json!({"kind": "StatefulSet", "metadata": {"name": argo::CONTROLLER, "labels": {"app.kubernetes.io/part-of": "argocd"}},
                "spec": {"replicas": replicas}})
        };
        let root = |mark: &str| json!({"metadata": {"name": "root", "annotations": {mark: "{}"}}});
        for (replicas, mark, is_left) in [(0, argo::HELD, true), (1, argo::HELD, false), (0, "other", false)] {
            let facts = Facts {
                applications: Some(vec![root(mark)]),
                workloads: Some(vec![controller(replicas)]),
                ..Facts::default()
            };
            assert_eq!(left(&facts).len(), usize::from(is_left), "{replicas} {mark}");
        }
    }
}
