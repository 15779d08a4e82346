//! The Secrets that the settings of Argo CD refer to: given to the step, written beside git, under the label by which Argo CD
//! reads them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::document::{ARGOCD_SECRET, ArgoCd, HubStep, secret_references};
use crate::engine::{CREDENTIALS_MANAGER, Cluster, Fault, is_settled, ownership};
use crate::object::{ObjectRef, name, resource_version, str_at};
use crate::report::{Console, Failure, Outcome, wipe};
use crate::run::secrets::{SecretValues, encoded, values};
use crate::words::argo;

/// The Secrets that a step gives, by name; none of them without a value.
#[derive(Default)]
pub struct Given(BTreeMap<String, SecretValues>);

impl Given {
    /// Reads what the step gives. A Secret of which nothing is given stays as the cluster has it.
    pub fn of(step: &HubStep) -> Outcome<Self> {
        let mut given = BTreeMap::new();
        for (name, keys) in &step.secrets {
            let values = values(keys).map_err(|failure| failure.context(format!("hub.secrets.{name}")))?;
            let missing: Vec<&str> = keys.keys().filter(|key| !values.contains_key(*key)).map(String::as_str).collect();
            if !values.is_empty() && !missing.is_empty() {
                let missing = missing.join(", ");
                return Err(Failure::usage(format!("hub.secrets.{name}: no value for {missing}; nothing was changed"))
                    .hint("give every key of a Secret, or none where it is on the cluster already"));
            }
            if !values.is_empty() {
                given.insert(name.clone(), values);
            }
        }
        Ok(Self(given))
    }

    /// Refuses Secrets that are there and that others have made: they would go with the hub.
    pub async fn refuse_those_of_others(&self, cluster: &Cluster) -> Outcome<()> {
        for name in self.0.keys().filter(|name| !is_argo_cds(name)) {
            let reference = reference(name);
            let Some(live) = cluster.metadata(&reference).await? else { continue };
            let is_ours = ownership::entries(&live).iter().any(|it| str_at(it, "/manager") == CREDENTIALS_MANAGER);
            if !is_ours {
                return Err(Failure::refused(format!(
                    "{reference} is there, and no step has written it; nothing was changed"
                ))
                .hint("take it out of `hub.secrets`, since somebody else brings it, or delete it first"));
            }
        }
        Ok(())
    }

    /// Warns of each reference of the settings to what neither the step gives nor the cluster has: until somebody does, Argo CD takes
    /// the reference itself for the value.
    pub async fn tell_missing(&self, argocd: &ArgoCd, cluster: &Cluster, console: &Console) -> Result<(), Fault> {
        for wanted in secret_references(argocd) {
            let is_given = self.0.get(&wanted.secret).is_some_and(|keys| keys.contains_key(&wanted.key));
            if is_given || has(cluster, &wanted.secret, &wanted.key).await? {
                continue;
            }
            console.say(format!(
                "warning: {} is `{}`, and Secret {}/{} with the label {}: {} has no such key: give it as `hub.secrets` of \
                 the step",
                wanted.at,
                wanted.written,
                argo::NAMESPACE,
                wanted.secret,
                argo::PART_OF.0,
                argo::PART_OF.1
            ));
        }
        Ok(())
    }

    /// Writes them under the manager of credentials, which is never released: git does not hold them. Answers whether that changed
    /// anything.
    pub async fn write(&self, cluster: &Cluster, console: &Console) -> Outcome<bool> {
        let mut changed = false;
        for mut secret in self.objects() {
            let reference = ObjectRef::of(&secret);
            let mut live = cluster.get(&reference).await?;
            let before = live.as_ref().map(|live| resource_version(live).to_owned());
            if let Some(live) = live.as_ref().filter(|_| !is_argo_cds(&reference.name)) {
                keep_others(&mut secret, live);
            }
            let applied = if live.as_ref().is_some_and(|live| is_there(&secret, live)) {
                None
            } else if before.is_some() && is_argo_cds(&reference.name) {
                Some(cluster.merge_patch(&reference, &json!({"data": secret["data"]}), CREDENTIALS_MANAGER).await)
            } else {
                Some(cluster.apply(&secret, CREDENTIALS_MANAGER).await)
            };
            wipe(&mut secret);
            live.iter_mut().for_each(wipe);
            let is_new = applied.transpose()?.is_some_and(|after| before.as_deref() != Some(resource_version(&after)));
            console.done("secret", format!("{reference}  {}", if is_new { "written" } else { "no change" }));
            changed |= is_new;
        }
        Ok(changed)
    }

    /// The Secrets as they are on the cluster afterwards; those of Argo CD with the keys that the step gives alone.
    pub async fn foreseen(&self, cluster: &Cluster) -> Result<Vec<Value>, Fault> {
        let mut all: Vec<Value> = self.objects().collect();
        for secret in all.iter_mut().filter(|it| !is_argo_cds(name(it))) {
            if let Some(mut live) = cluster.get(&ObjectRef::of(secret)).await? {
                keep_others(secret, &live);
                wipe(&mut live);
            }
        }
        Ok(all)
    }

    /// The Secrets as they are given.
    fn objects(&self) -> impl Iterator<Item = Value> {
        self.0.iter().map(|(name, values)| {
            json!({
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": argo::NAMESPACE, "labels": {argo::PART_OF.0: argo::PART_OF.1}},
                "type": "Opaque",
                "data": encoded(values),
            })
        })
    }
}

/// The Secrets that Argo CD's manifest brings, whose values are not from there. An apply would be refused for keys that somebody
/// else has written, and take away what an import has.
const OF_MANIFEST: [&str; 2] = [ARGOCD_SECRET, "argocd-notifications-secret"];

/// Whether the Secret is one of those.
pub fn is_argo_cds(name: &str) -> bool {
    OF_MANIFEST.contains(&name)
}

/// Whether the live Secret is as it would be written.
fn is_there(secret: &Value, live: &Value) -> bool {
    if is_argo_cds(name(secret)) {
        let given = secret["data"].as_object().into_iter().flatten();
        return given.into_iter().all(|(key, value)| live.get("data").and_then(|data| data.get(key)) == Some(value));
    }
    is_settled(CREDENTIALS_MANAGER, secret, live)
}

/// Adds what the Secret has besides, so that the apply takes nothing away: an import writes those of everybody under our manager, and
/// nothing tells then which keys a step has given.
fn keep_others(secret: &mut Value, live: &Value) {
    for (key, value) in live.get("data").and_then(Value::as_object).into_iter().flatten() {
        if secret["data"].get(key).is_none() {
            secret["data"][key] = value.clone();
        }
    }
}

fn reference(name: &str) -> ObjectRef {
    ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), name)
}

async fn has(cluster: &Cluster, secret: &str, key: &str) -> Result<bool, Fault> {
    let mut live = cluster.get(&reference(secret)).await?.unwrap_or_default();
    let labels = live.pointer("/metadata/labels");
    let is_read = secret == ARGOCD_SECRET
        || labels.and_then(|it| it.get(argo::PART_OF.0)).is_some_and(|it| it == argo::PART_OF.1);
    let has = is_read && live.pointer("/data").and_then(|data| data.get(key)).is_some();
    wipe(&mut live);
    Ok(has)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn step(secrets: &Value) -> HubStep {
        serde_json::from_value(json!({"repository": {"url": "https://git.example.org/hub"}, "secrets": secrets}))
            .expect("a step")
    }

    #[test]
    fn what_is_given_becomes_a_secret_that_argo_cd_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file");
            json!({"file": folder.path().join(name)})
        };
        let (id, empty) = (file("id", "planted-id"), file("empty", ""));
        let missing = json!({"file": folder.path().join("none")});
        let given = Given::of(&step(&json!({"sso": {"id": id}, "kept": {"a": empty, "b": missing}}))).expect("right");
        let objects: Vec<Value> = given.objects().collect();
        assert_eq!(objects.len(), 1, "nothing is given of the other one");
        assert_eq!(
            (str_at(&objects[0], "/metadata/name"), str_at(&objects[0], "/metadata/namespace")),
            ("sso", "argocd")
        );
        assert_eq!(objects[0]["metadata"]["labels"][argo::PART_OF.0], "argocd");
        assert_eq!(objects[0]["data"]["id"], STANDARD.encode("planted-id"));
        let mut again = objects[0].clone();
        keep_others(&mut again, &json!({"data": {"id": "b2xk", "theirs": "a2VwdA=="}}));
        assert_eq!(again["data"], json!({"id": STANDARD.encode("planted-id"), "theirs": "a2VwdA=="}));
        keep_others(&mut again, &json!({"type": "Opaque"})); // has no data yet
        assert_eq!(again["data"].as_object().expect("keys").len(), 2);
        let half = Given::of(&step(&json!({"sso": {"id": id, "clientSecret": missing}})));
        let said = half.err().expect("refused").render();
        assert!(said.contains("hub.secrets.sso: no value for clientSecret") && !said.contains("planted"), "{said}");
    }
}
