//! Definitions: versions that objects are stored in, and webhooks that convert them.

use serde_json::Value;

use crate::doctor::code::{CONVERSION_WEBHOOK_DEAD, STORED_VERSION_DOOMED};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, items, name, str_at, strings};

/// Definitions with objects that may be stored in a version of yesterday.
pub fn stored(facts: &Facts) -> Vec<Finding> {
    facts.definitions.iter().flatten().filter_map(stored_of).collect()
}

fn stored_of(definition: &Value) -> Option<Finding> {
    let storage =
        items(definition, "/spec/versions").find(|it| it["storage"] == true).map_or("", |it| str_at(it, "/name"));
    let old: Vec<&str> = strings(definition, "/status/storedVersions").filter(|it| *it != storage).collect();
    if old.is_empty() {
        return None;
    }
    let version = |wanted: &str| items(definition, "/spec/versions").find(|it| str_at(it, "/name") == wanted);
    let is_going = |wanted: &&str| version(wanted).is_none_or(|it| it["served"] == false || it["deprecated"] == true);
    let is_gone = |wanted: &&str| version(wanted).is_none();
    let (harm, how) = if old.iter().any(is_gone) {
        (Harm::Loss, "which it no longer has: they cannot be read")
    } else if old.iter().any(is_going) {
        (Harm::Trouble, "which is deprecated or not served: the release that drops it is refused")
    } else {
        (Harm::Note, "which a later release may drop")
    };
    let says = format!("objects may be stored in {}, {how}; today's is {storage}", old.join(", "));
    Some(Finding::new(STORED_VERSION_DOOMED, harm, &ObjectRef::crd(name(definition)), says))
}

/// Definitions whose objects nobody can read, since the webhook that converts them does not answer.
pub fn conversion(facts: &Facts) -> Vec<Finding> {
    let converted =
        facts.definitions.iter().flatten().filter(|it| str_at(it, "/spec/conversion/strategy") == "Webhook");
    converted
        .filter_map(|definition| {
            let client = definition.pointer("/spec/conversion/webhook/clientConfig")?;
            let harm = if items(definition, "/spec/versions").count() > 1 { Harm::Loss } else { Harm::Note };
            let object = ObjectRef::crd(name(definition));
            let finding = |says: String| Some(Finding::new(CONVERSION_WEBHOOK_DEAD, harm, &object, says));
            let service = (str_at(client, "/service/namespace"), str_at(client, "/service/name"));
            if let Some(trouble) = facts.trouble_with_service(service) {
                return finding(format!("it is converted by Service {}/{}, which {trouble}", service.0, service.1));
            }
            let is_trusted = !str_at(client, "/caBundle").is_empty() || client.get("service").is_none();
            if is_trusted {
                None
            } else {
                finding("its conversion webhook has no caBundle, so nobody trusts it".to_owned())
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(versions: &Value, stored: &Value) -> Value {
        json!({"metadata": {"name": "a.example.org"}, "spec": {"versions": versions}, "status": {"storedVersions": stored}})
    }

    #[test]
    fn an_old_stored_version_is_the_worse_the_nearer_its_end() {
        let v1 = json!({"name": "v1", "served": true, "storage": true});
        for (old, stored, harm) in [
            (json!({"name": "v1beta1", "served": true}), json!(["v1"]), None),
            (json!({"name": "v1beta1", "served": true}), json!(["v1beta1", "v1"]), Some(Harm::Note)),
            (json!({"name": "v1beta1", "served": false}), json!(["v1beta1", "v1"]), Some(Harm::Trouble)),
            (json!({"name": "v1beta1", "served": true, "deprecated": true}), json!(["v1beta1"]), Some(Harm::Trouble)),
            (json!({"name": "v1beta1", "served": true}), json!(["v1alpha1", "v1"]), Some(Harm::Loss)),
        ] {
            let found = stored_of(&definition(&json!([v1, old]), &stored));
            assert_eq!(found.map(|it| it.harm), harm, "{old} {stored}");
        }
    }

    #[test]
    fn a_conversion_needs_somebody_who_answers_and_is_trusted() {
        let webhook = |bundle: &str| {
            let mut it = definition(&json!([{"name": "v1"}, {"name": "v2"}]), &json!([]));
            it["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {"clientConfig": {
                "service": {"namespace": "x", "name": "s"}, "caBundle": bundle}}});
            it
        };
        let service = || vec![("x".to_owned(), "s".to_owned())];
        for (bundle, services, answering, found) in [
            ("YQ==", Some(service()), Some(service()), false),
            ("YQ==", Some(service()), Some(vec![]), true),
            ("YQ==", Some(vec![]), Some(vec![]), true),
            ("", Some(service()), Some(service()), true),
            ("YQ==", None, None, false),
        ] {
            let facts = Facts { definitions: Some(vec![webhook(bundle)]), services, answering, ..Facts::default() };
            assert_eq!(!conversion(&facts).is_empty(), found, "{facts:?}");
        }
        let mut single = webhook("");
        for (versions, harm) in
            [(json!([{"name": "v1"}, {"name": "v2"}]), Harm::Loss), (json!([{"name": "v1"}]), Harm::Note)]
        {
            single["spec"]["versions"] = versions;
            let facts = Facts { definitions: Some(vec![single.clone()]), ..Facts::default() };
            assert_eq!(conversion(&facts)[0].harm, harm, "one version is never converted");
        }
    }
}
