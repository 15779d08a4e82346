//! Webhooks that a controller of a bead has made for itself and left behind: the API server would ask a service that is
//! gone, and refuse what it was to be asked about.

use serde_json::Value;

use crate::argo;
use crate::engine::{self, Cluster, Deadline};
use crate::object::{Identity, ObjectRef, annotation, str_at};
use crate::report::{Console, Outcome};

/// Removes the webhook configurations that call services of this namespace alone, none of which is there any more, and
/// that no Application tracks.
pub async fn remove_unanswered(
    namespace: &str,
    cluster: &Cluster,
    console: &Console,
    deadline: Deadline,
) -> Outcome<()> {
    let services = ObjectRef::new("v1", "Service", Some(namespace), "");
    let there: Vec<String> =
        cluster.list_metadata(&services).await?.iter().map(|it| str_at(it, "/metadata/name").to_owned()).collect();
    for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        let kind = ObjectRef::new("admissionregistration.k8s.io/v1", kind, None, "");
        for live in cluster.list(&kind).await? {
            if annotation(&live, argo::TRACKING_ID).is_none() && is_unanswered(&live, namespace, &there) {
                let name = Identity::of(&live);
                engine::remove(cluster, console, std::slice::from_ref(&name), deadline).await?;
                console.done("remove", format!("{name}: the service that it calls is gone"));
            }
        }
    }
    Ok(())
}

fn is_unanswered(configuration: &Value, namespace: &str, there: &[String]) -> bool {
    let webhooks = configuration.pointer("/webhooks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let calls_a_gone_one = |webhook: &Value| {
        str_at(webhook, "/clientConfig/service/namespace") == namespace
            && !there.iter().any(|service| service == str_at(webhook, "/clientConfig/service/name"))
    };
    !webhooks.is_empty() && webhooks.iter().all(calls_a_gone_one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_webhook_of_it_must_call_a_service_that_is_gone() {
        let calls =
            |namespace: &str, name: &str| json!({"clientConfig": {"service": {"namespace": namespace, "name": name}}});
        let url = json!({"clientConfig": {"url": "https://x.example.org"}});
        for (webhooks, unanswered) in [
            (vec![calls("a", "gone"), calls("a", "gone-too")], true),
            (vec![calls("a", "gone"), calls("a", "here")], false),
            (vec![calls("a", "gone"), calls("b", "gone")], false),
            (vec![calls("a", "gone"), url], false),
            (vec![], false),
        ] {
            let configuration = json!({"webhooks": webhooks});
            assert_eq!(is_unanswered(&configuration, "a", &["here".to_owned()]), unanswered, "{configuration}");
        }
    }
}
