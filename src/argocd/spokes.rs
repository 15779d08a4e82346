//! The clusters that Argo CD knows, as their Secrets say. What logs in there is not kept.
//!
//! Source of the fields: argo-cd 3.6.1, `util/db/cluster.go` and `docs/operator-manual/declarative-setup.md`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::application::Application;
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, annotation, secret_value, str_at};
use crate::report::wipe;
use crate::schema::address;
use crate::words::argo;
use crate::words::spoke::{SPOKE, STATE, Standing};

/// What the annotations begin with that say something of a cluster.
const ANNOTATIONS: [&str; 2] = [argo::ANNOTATIONS, "backstack.dev/"];

/// A cluster that Argo CD knows.
#[derive(Debug, Clone)]
pub struct Spoke {
    /// Its Secret.
    pub secret: Identity,
    /// Its name in Argo CD.
    pub name: String,
    /// Its address, without a slash at the end.
    pub server: String,
    /// How far it is.
    pub standing: Standing,
    /// The labels of its Secret.
    pub labels: BTreeMap<String, String>,
    /// The metadata of its Secret, with the annotations of Argo CD and of ours alone: what wrote the Secret may keep all of it
    /// in one of its own.
    pub metadata: Value,
}

/// The clusters that Argo CD knows beside its own.
#[derive(Debug, Clone, Default)]
pub struct Spokes {
    /// Those whose Secret can be read, by name.
    pub all: Vec<Spoke>,
    /// The Secrets that say nothing, each with the reason. Argo CD deletes no Application of any `ApplicationSet` while there is
    /// one, and takes its cluster for not registered.
    pub broken: Vec<Broken>,
}

/// A Secret that says nothing.
#[derive(Debug, Clone)]
pub struct Broken {
    /// It.
    pub secret: ObjectRef,
    /// Why.
    pub why: &'static str,
}

impl Spokes {
    /// Those of this hub.
    pub async fn of(cluster: &Cluster) -> Result<Self, Fault> {
        let secrets = ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), "");
        let take = |mut live: Value| {
            let spoke = is_of_a_cluster(&live).then(|| read(&live));
            wipe(&mut live);
            spoke
        };
        let mut found = Self::default();
        for one in cluster.list_with(&secrets, take).await? {
            match one {
                Ok(spoke) => found.all.push(spoke),
                Err(broken) => found.broken.push(*broken),
            }
        }
        found.all.retain(|it| it.server != argo::IN_CLUSTER);
        found.all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Those that we know.
    pub fn ours(&self) -> impl Iterator<Item = &Spoke> {
        self.all.iter().filter(|it| it.standing != Standing::Foreign)
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Spoke> {
        self.all.iter().find(|it| it.name == name)
    }

    /// Whether the one of this name is surely not ready: a Secret that cannot be read may be its own.
    #[must_use]
    pub fn lack(&self, name: &str) -> bool {
        self.broken.is_empty() && self.named(name).is_none_or(|it| it.standing != Standing::Ready)
    }
}

impl Spoke {
    /// The value of an annotation of its Secret.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        annotation(&self.metadata, key)
    }

    /// Its address as it may be shown: somebody else may have written a password there.
    #[must_use]
    pub fn address(&self) -> String {
        address::shown(&self.server)
    }

    /// Whether an Application deploys there, by its name or by its address.
    #[must_use]
    pub fn is_destination_of(&self, application: &Application) -> bool {
        let of = |key: &str| str_at(&application.0, &format!("/spec/destination/{key}"));
        of("name") == self.name || of("server").trim_end_matches('/') == self.server
    }

    /// Whether Argo CD takes it, and it alone, for the destination of an Application: one that names an address as well has none.
    #[must_use]
    pub fn is_the_destination_of(&self, application: &Application) -> bool {
        let has = |key: &str| !str_at(&application.0, &format!("/spec/destination/{key}")).is_empty();
        self.is_destination_of(application) && !(has("name") && has("server"))
    }

    /// Whether its Secret has the name of a spoke of ours, and is none.
    #[must_use]
    pub fn is_of_others(&self, name: &str) -> bool {
        self.labels.get(SPOKE).is_none_or(|it| it != name)
    }

    /// Whether it has all of these labels.
    #[must_use]
    pub fn has(&self, labels: &BTreeMap<String, String>) -> bool {
        labels.iter().all(|(key, value)| self.labels.get(key) == Some(value))
    }
}

fn is_of_a_cluster(secret: &Value) -> bool {
    let labels = secret.pointer("/metadata/labels");
    labels.and_then(|it| it.get(argo::SECRET_TYPE)).and_then(Value::as_str) == Some(argo::CLUSTER)
}

/// What a Secret says of its cluster.
fn read(secret: &Value) -> Result<Spoke, Box<Broken>> {
    let broken = |why| Box::new(Broken { secret: ObjectRef::of(secret), why });
    let text = |key: &str| String::from_utf8(secret_value(secret, key)?).ok().map(zeroize::Zeroizing::new);
    let config = text("config").ok_or_else(|| broken("its `config` is no text"))?;
    is_config(&config).map_err(broken)?;
    let server = text("server").filter(|it| !it.is_empty()).ok_or_else(|| broken("it has no `server`"))?;
    let name = text("name").filter(|it| !it.is_empty());
    let labels: BTreeMap<String, String> = secret
        .pointer("/metadata/labels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    // Kyverno leaves the state to the step: until then a spoke of a claim has none.
    let unmarked = if labels.contains_key(SPOKE) { Standing::New } else { Standing::Foreign };
    let standing = labels.get(STATE).map_or(unmarked, |it| Standing::of(it));
    let annotations = secret.pointer("/metadata/annotations").and_then(Value::as_object);
    let kept = annotations.into_iter().flatten().filter(|(key, _)| ANNOTATIONS.iter().any(|it| key.starts_with(it)));
    let annotations: Value = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(Spoke {
        secret: Identity::of(secret),
        name: name.map_or_else(|| address::shown(&server), |it| it.to_string()),
        server: server.trim_end_matches('/').to_owned(),
        standing,
        labels,
        metadata: serde_json::json!({"metadata": {"annotations": annotations}}),
    })
}

/// The fields of `config` that are texts, and those that are bytes in base64 (argo-cd 3.6.1, `ClusterConfig`). Where one is
/// of another type, Argo CD reads nothing of the Secret.
const TEXTS: [&str; 5] = ["/username", "/password", "/bearerToken", "/proxyUrl", "/tlsClientConfig/serverName"];
const BYTES: [&str; 3] = ["/tlsClientConfig/caData", "/tlsClientConfig/certData", "/tlsClientConfig/keyData"];

/// Whether Argo CD can read a `config`; else why not.
fn is_config(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Ok(());
    }
    let mut config: Value = serde_json::from_str(text).map_err(|_| "its `config` is no JSON")?;
    let fits = |at: &str, is_right: fn(&str) -> bool| match config.pointer(at) {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(is_right),
    };
    let is_base64 = |text: &str| STANDARD.decode(text.replace(['\r', '\n'], "")).is_ok();
    let is_read = TEXTS.iter().all(|at| fits(at, |_| true)) && BYTES.iter().all(|at| fits(at, is_base64));
    let is_mapping = config.is_object() || config.is_null();
    wipe(&mut config);
    if is_read && is_mapping { Ok(()) } else { Err("a field of its `config` is not of the type that Argo CD reads") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::spoke::UID;

    fn secret(config: &str, server: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "spoke-a", "namespace": "argocd", "uid": "u",
                "labels": {argo::SECRET_TYPE: "cluster", STATE: "ready", "env": "prod"},
                "annotations": {UID: "1"}},
            "data": {"name": STANDARD.encode("a"), "server": STANDARD.encode(server), "config": STANDARD.encode(config)},
        })
    }

    #[test]
    fn a_secret_of_a_cluster_is_read_without_its_credential() {
        let spoke = read(&secret(r#"{"bearerToken":"planted"}"#, "https://a:6443/")).expect("a spoke");
        assert_eq!((spoke.name.as_str(), spoke.server.as_str()), ("a", "https://a:6443"));
        assert_eq!((spoke.standing, spoke.annotation(UID)), (Standing::Ready, Some("1")));
        assert!(spoke.has(&[("env".to_owned(), "prod".to_owned())].into()));
        assert!(!spoke.has(&[("env".to_owned(), "test".to_owned())].into()));
        assert!(!format!("{spoke:?}").contains("planted"));
    }

    #[test]
    fn what_wrote_a_secret_may_keep_its_credential_beside_it() {
        let mut secret = secret("{}", "https://a");
        secret["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "planted".into();
        secret["metadata"]["managedFields"] = json!([{"manager": "planted"}]);
        let spoke = read(&secret).expect("a spoke");
        assert_eq!(spoke.annotation(UID), Some("1"));
        assert!(!format!("{spoke:?}").contains("planted"));
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let mut secret = secret("{}", "https://me:planted@a:6443/");
        secret["data"]["name"] = "".into();
        let spoke = read(&secret).expect("a spoke");
        assert_eq!((spoke.name.as_str(), spoke.address().as_str()), ("https://a:6443/", "https://a:6443"));
        assert_eq!(spoke.server, "https://me:planted@a:6443", "Argo CD knows it by all of it");
    }

    #[test]
    fn a_spoke_without_a_state_is_new() {
        for (label, standing) in [(SPOKE, Standing::New), ("env", Standing::Foreign)] {
            let mut secret = secret("", "https://a");
            secret["metadata"]["labels"] = json!({argo::SECRET_TYPE: "cluster", label: "a"});
            assert_eq!(read(&secret).expect("a spoke").standing, standing, "{label}");
        }
    }

    #[test]
    fn a_secret_that_says_nothing_is_named() {
        let unread = "a field of its `config` is not of the type that Argo CD reads";
        for (config, server, why) in [
            ("{", "https://a", "its `config` is no JSON"),
            ("{}", "", "it has no `server`"),
            (r#"{"bearerToken":7}"#, "https://a", unread),
            (r#"{"tlsClientConfig":{"caData":"@"}}"#, "https://a", unread),
            ("[]", "https://a", unread),
        ] {
            let broken = read(&secret(config, server)).expect_err("broken");
            assert_eq!((broken.secret.name.as_str(), broken.why), ("spoke-a", why));
        }
    }
}
