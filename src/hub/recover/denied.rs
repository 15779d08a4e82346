//! What does not let the objects of the proven commit in, by name: the webhook, its configuration, and the policy behind it.

use serde_json::Value;

use crate::engine::{Cluster, Denial, Fault};
use crate::object::{ObjectRef, items, str_at};
use crate::report::{Exit, Failure};

/// The kinds that say which webhooks are asked.
pub const CONFIGURATIONS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];

/// The configurations of a kind.
pub fn every(kind: &str) -> ObjectRef {
    ObjectRef::new("admissionregistration.k8s.io/v1", kind, None, "")
}

/// What could not be applied. Where somebody denies it, who that is and the way past.
pub async fn failure(cluster: &Cluster, faults: &[Fault]) -> Failure {
    let denials: Vec<(&Fault, Denial)> =
        faults.iter().filter_map(|fault| Some((fault, Denial::of(&fault.message)?))).collect();
    let Some((fault, denial)) = denials.first() else {
        let first = faults.first().cloned();
        let first = first.map_or_else(|| Failure::failed("nothing was said"), Failure::from);
        return first.details(faults.iter().skip(1).map(ToString::to_string));
    };
    let count = denials.len();
    let objects = if count == 1 { "an object" } else { &format!("{count} objects") };
    let (who, hint) = named(cluster, denial).await;
    Failure::new(Exit::Failed, format!("{who} does not let {objects} of the proven commit in"))
        .details(denials.iter().map(|(fault, _)| fault.to_string()))
        .details(faults.iter().filter(|it| *it != *fault && Denial::of(&it.message).is_none()).map(ToString::to_string))
        .hint(hint)
}

/// Who denies, and the way past.
pub async fn named(cluster: &Cluster, denial: &Denial) -> (String, String) {
    let Denial::Policy { policy, binding } = denial else {
        let webhook = denial.webhook().unwrap_or_default();
        let holders = holders(cluster, webhook).await;
        let of = if holders.is_empty() { String::new() } else { format!(" of {}", holders.join(" and ")) };
        let policy = match denial {
            Denial::Webhook { policy: Some(policy), .. } => format!(", for its policy {policy},"),
            Denial::Silent { .. } => ", which does not answer,".to_owned(),
            _ => String::new(),
        };
        let names: Vec<&str> = holders.iter().filter_map(|it| it.split(' ').next_back()).collect();
        let past = names.join(", ");
        let hint = if names.is_empty() {
            "its configuration cannot be found by this user: mend or remove it, then run again".to_owned()
        } else {
            format!(
                "mend or remove what denies it; or let this run past: `past: [{past}]` in the step takes it out of the way for \
                 the namespace argocd and for you, and puts it back at the end"
            )
        };
        return (format!("webhook {webhook}{of}{policy}"), hint);
    };
    (
        format!("ValidatingAdmissionPolicy {policy}, by its binding {binding},"),
        format!(
            "take it away for as long as this takes (`kubectl get validatingadmissionpolicybinding {binding} -o yaml` keeps \
             it, then `kubectl delete`), or mend the policy, then run again"
        ),
    )
}

/// The configurations with a webhook of this name, as `Kind NAME`.
async fn holders(cluster: &Cluster, webhook: &str) -> Vec<String> {
    let mut found = Vec::new();
    for kind in CONFIGURATIONS {
        let has_it = |live: Value| {
            let has = items(&live, "/webhooks").any(|it| str_at(it, "/name") == webhook);
            has.then(|| ObjectRef::of(&live).to_string())
        };
        // Who may not list them is told the webhook alone.
        found.extend(cluster.list_with(&every(kind), has_it).await.unwrap_or_default());
    }
    found
}
