//! Pods that an upgrade makes anew: those whose template changes, by the API server's own answer to a dry run.

use serde_json::Value;

use super::finding::{Finding, Weight};
use crate::object::ObjectRef;

/// The kinds whose controller makes pods anew when their template changes.
const ROLLED: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

/// The workload whose pods are made anew, with what changes in their template.
#[must_use]
pub fn restart(object: &ObjectRef, before: &Value, after: &Value) -> Option<Finding> {
    let is_rolled = object.group == "apps" && ROLLED.contains(&object.kind.as_str());
    let template = |state: &Value| state.pointer("/spec/template").cloned().unwrap_or_default();
    let (was, is) = (template(before), template(after));
    if !is_rolled || was == is {
        return None;
    }
    let images = |template: &Value| -> Vec<String> {
        ["/spec/initContainers", "/spec/containers"]
            .iter()
            .flat_map(|at| crate::object::items(template, at))
            .map(|it| crate::object::str_at(it, "/image").to_owned())
            .collect()
    };
    let why = if images(&was) == images(&is) { "their template changes" } else { "their images change" };
    let keeps = before.pointer("/spec/updateStrategy/type").and_then(Value::as_str) == Some("OnDelete");
    if keeps {
        let says =
            format!("{why}, and its pods stay as they are until somebody deletes them (updateStrategy OnDelete)");
        return Some(Finding::new("restarts", Weight::Warns, object.to_string(), says));
    }
    Some(Finding::new("restarts", Weight::Restarts, object.to_string(), format!("its pods are made anew: {why}")))
}

/// An object that is there, and that the API server does not take as Argo CD will apply it. Since Argo CD 3.6 one of them is
/// enough: the whole Application is Unknown, and neither synced nor healed.
#[must_use]
pub fn refused(object: &ObjectRef, application: &str, answer: &str) -> Finding {
    let says = format!(
        "the API server does not take it, and Application {application} would be Unknown with all it has: {answer}"
    );
    refusal(Weight::Stops, object, says, answer).source(COMPARISON)
}

/// The same of one that is not there yet: Argo CD compares it with nothing, and tries to make it.
#[must_use]
pub fn refused_anew(object: &ObjectRef, application: &str, answer: &str) -> Finding {
    let says = format!("it is not there yet, and would fail in the sync of Application {application}: {answer}");
    refusal(Weight::Warns, object, says, answer)
}

/// The same where it is denied to the user of this run, and nobody can say what it would be to Argo CD.
#[must_use]
pub fn denied_to_us(object: &ObjectRef, application: &str, answer: &str) -> Finding {
    let says = format!(
        "it is denied to the user of this run, who may not try it as Argo CD; denied to Argo CD, too, Application {application} \
         would be Unknown with all it has: {answer}"
    );
    refusal(Weight::Warns, object, says, answer).source(COMPARISON)
}

/// The code of what the API server does not take.
pub const REFUSED: &str = "refused-by-server";
const COMPARISON: &str = "Argo CD 3.6 controller/state.go: a comparison ends at the first dry run that fails";

fn refusal(weight: Weight, object: &ObjectRef, says: String, answer: &str) -> Finding {
    let remedy = if answer.contains("immutable") {
        "what cannot be changed has to stay as it is, or the object is removed by one commit and brought again by the next"
    } else if answer.contains("does not support dry run") {
        "have the webhook declare `sideEffects: None`, or leave the namespace out of it"
    } else if answer.contains("denied") {
        "exempt the object in the policy that denies it, or mend the object"
    } else if answer.contains("failed calling webhook") {
        "bring back what answers the webhook, or take its configuration away"
    } else {
        "mend the object"
    };
    Finding::new(REFUSED, weight, object.to_string(), says).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_made_anew_where_their_template_changes() {
        let workload = |image: &str, env: u8, strategy: &str| {
            json!({"spec": {"replicas": env, "updateStrategy": {"type": strategy},
                "template": {"spec": {"containers": [{"image": image, "env": [env]}]}}}})
        };
        let of = |kind: &str| ObjectRef::new("apps/v1", kind, Some("a"), "w");
        let said = |kind: &str, after: &Value| {
            restart(&of(kind), &workload("a:1", 1, "OnDelete"), after).map(|it| (it.weight, it.says))
        };
        assert_eq!(said("Deployment", &workload("a:1", 1, "")), None);
        let (weight, says) = said("StatefulSet", &workload("a:2", 1, "")).expect("a finding");
        assert!(weight == Weight::Warns && says.contains("OnDelete"), "{says}");
        let plain = |image: &str, env: u8| workload(image, env, "RollingUpdate");
        let found = |after: &Value| restart(&of("Deployment"), &plain("a:1", 1), after).expect("a finding");
        assert_eq!(found(&plain("a:2", 1)).says, "its pods are made anew: their images change");
        assert_eq!(found(&plain("a:1", 2)).says, "its pods are made anew: their template changes");
        let other = ObjectRef::new("batch/v1", "Job", Some("a"), "w");
        assert_eq!(restart(&other, &plain("a:1", 1), &plain("a:2", 1)), None);
    }

    #[test]
    fn a_refusal_has_the_answer_and_its_own_remedy() {
        let name = ObjectRef::new("apps/v1", "Deployment", Some("a"), "w");
        for (answer, remedy) in [
            ("spec.selector: field is immutable", "has to stay as it is"),
            ("admission webhook \"w\" does not support dry run", "sideEffects"),
            ("admission webhook \"w\" denied the request: no", "policy"),
            ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "policy"),
            ("failed calling webhook \"w\"", "answers the webhook"),
            ("spec.x: Required value", "mend the object"),
        ] {
            let found = refused(&name, "root", answer);
            assert!(found.says.ends_with(answer) && found.remedy.contains(remedy), "{found:?}");
            assert_eq!(found.weight, Weight::Stops);
            for lighter in [refused_anew(&name, "root", answer), denied_to_us(&name, "root", answer)] {
                assert!(lighter.says.ends_with(answer) && lighter.remedy.contains(remedy), "{lighter:?}");
                assert_eq!(lighter.weight, Weight::Warns);
            }
        }
    }
}
