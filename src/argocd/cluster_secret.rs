//! The Secret by which Argo CD knows a spoke: what a step has in it, and what is in the one that is there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::cluster_config::ClusterConfig;
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, secret_value};
use crate::report::{remember_secret, wipe};
use crate::words::argo;
use crate::words::spoke::{self, Standing};

/// What a spoke is registered as. What changes with every proof is not among it.
#[derive(Debug)]
pub struct Registration<'a> {
    /// Its name.
    pub name: &'a str,
    /// What registered it, as [`spoke::SOURCE`] says it.
    pub source: &'a str,
    /// The UID of its namespace `kube-system`.
    pub uid: &'a str,
    /// The labels that people give it.
    pub labels: &'a BTreeMap<String, String>,
    /// Its address and what logs in there; `None` where somebody else writes them.
    pub access: Option<(&'a str, &'a ClusterConfig)>,
}

impl Registration<'_> {
    /// The Secret, as it is applied. `is_new` is one that was never proven: nothing comes to it yet. It holds a secret.
    #[must_use]
    pub fn secret(&self, is_new: bool) -> Value {
        let mut labels: Map<String, Value> =
            self.labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        labels.insert(spoke::SPOKE.to_owned(), self.name.into());
        if is_new {
            labels.insert(spoke::STATE.to_owned(), Standing::New.name().into());
        }
        let mut annotations = json!({spoke::UID: self.uid});
        let name = spoke::secret(self.name);
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret"});
        if let Some((server, config)) = self.access {
            labels.insert(argo::SECRET_TYPE.to_owned(), argo::CLUSTER.into());
            annotations[spoke::SOURCE] = self.source.into();
            annotations[spoke::CREDENTIAL] = config.login().name().into();
            if let Some(end) = config.expires() {
                annotations[spoke::EXPIRES] = end.to_string().into();
            }
            secret["type"] = "Opaque".into();
            secret["data"] = json!({
                "name": STANDARD.encode(self.name), "server": STANDARD.encode(server),
                "config": STANDARD.encode(config.text().as_bytes()),
            });
        }
        secret["metadata"] =
            json!({"name": name.name, "namespace": argo::NAMESPACE, "labels": labels, "annotations": annotations});
        secret
    }
}

/// What Argo CD logs in with to the cluster of this Secret. `None` where there is no such Secret, or it says nothing.
pub async fn config_of(cluster: &Cluster, secret: &ObjectRef) -> Result<Option<ClusterConfig>, Fault> {
    let Some(mut live) = cluster.get(secret).await? else { return Ok(None) };
    let bytes = secret_value(&live, "config").map(Zeroizing::new).unwrap_or_default();
    wipe(&mut live);
    let config = str::from_utf8(&bytes).ok().and_then(ClusterConfig::read);
    if let Some(token) = config.as_ref().map(ClusterConfig::token).filter(|it| !it.is_empty()) {
        remember_secret(token);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_says_who_it_is_and_never_that_it_was_proven() {
        let config = ClusterConfig::read(r#"{"bearerToken":"t"}"#).expect("JSON");
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let access = Some(("https://a:6443", &config));
        let registration = Registration { name: "a", source: "step", uid: "1", labels: &labels, access };
        let secret = registration.secret(true);
        assert_eq!(secret["metadata"]["name"], "spoke-a");
        let wanted = json!({"argocd.argoproj.io/secret-type": "cluster", "backstack.dev/spoke": "a",
            "backstack.dev/spoke-state": "new", "env": "prod"});
        assert_eq!(secret["metadata"]["labels"], wanted);
        assert_eq!(secret["data"]["server"], STANDARD.encode("https://a:6443"));
        assert_eq!(secret["metadata"]["annotations"][spoke::CREDENTIAL], "token");
        let again = registration.secret(false);
        assert_eq!(again["metadata"]["labels"].get(spoke::STATE), None, "whoever took it further says so");
        let of_others = Registration { access: None, ..registration }.secret(false);
        assert_eq!((of_others.get("data"), of_others.get("type")), (None, None));
        assert_eq!(of_others["metadata"]["labels"], json!({"backstack.dev/spoke": "a", "env": "prod"}));
        assert_eq!(of_others["metadata"]["annotations"], json!({spoke::UID: "1"}));
    }
}
