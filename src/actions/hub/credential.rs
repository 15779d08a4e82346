//! The repository credential that Argo CD keeps: read-only, for exactly this repository, never in git.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::argo;
use crate::engine::{CREDENTIALS_MANAGER, Cluster};
use crate::gitops::GitCredential;
use crate::object::{ObjectRef, str_at};
use crate::report::{Outcome, remember_secret, wipe};

/// The name of the Secret.
const SECRET: &str = "hub-repository";

/// Writes the Secret under its own field manager, which is never released: git does not hold it. Answers whether that
/// changed anything.
pub async fn write(cluster: &Cluster, url: &str, credential: &GitCredential) -> Outcome<bool> {
    let name = ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), SECRET);
    let version = |live: &Value| str_at(live, "/metadata/resourceVersion").to_owned();
    let before = cluster.metadata(&name).await?.map(|live| version(&live));
    let mut secret = secret(url, credential);
    let applied = cluster.apply(&secret, CREDENTIALS_MANAGER).await;
    wipe(&mut secret);
    let after = applied?;
    Ok(before != Some(version(&after)))
}

/// The credential that the cluster keeps, so that reading the repository needs no other.
pub async fn read(cluster: &Cluster) -> Outcome<Option<GitCredential>> {
    let Some(mut secret) = cluster.get(&ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), SECRET)).await? else {
        return Ok(None);
    };
    let value = |key: &str| {
        let bytes = STANDARD.decode(str_at(&secret, &format!("/data/{key}"))).ok()?;
        String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
    };
    let hidden = |key: &str| value(key).inspect(|text| remember_secret(text)).map(SecretString::from);
    let credential = GitCredential {
        username: value("username"),
        password: hidden("password"),
        ssh_private_key: hidden("sshPrivateKey"),
        known_hosts: None,
    };
    wipe(&mut secret);
    Ok(Some(credential))
}

/// The Secret. Without a project, since Applications of every project of the hub read their values from it. Label
/// `repository`, not `repo-creds`: the latter would serve every repository with this prefix (argo-cd `docs/operator-manual/declarative-setup.md`).
pub fn secret(url: &str, credential: &GitCredential) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: &str| data.insert(key.to_owned(), Value::String(STANDARD.encode(value)));
    put("type", "git");
    put("url", url);
    if let Some(username) = &credential.username {
        put("username", username);
    }
    if let Some(password) = &credential.password {
        put("password", password.expose_secret());
    }
    if let Some(key) = &credential.ssh_private_key {
        put("sshPrivateKey", key.expose_secret());
    }
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": SECRET,
            "namespace": argo::NAMESPACE,
            "labels": {argo::SECRET_TYPE: "repository"},
        },
        "type": "Opaque",
        "data": data,
    })
}
