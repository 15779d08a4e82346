//! The repository credentials that Argo CD keeps: read-only, each for exactly one repository, never in git.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::argo;
use crate::engine::{CREDENTIALS_MANAGER, Cluster};
use crate::gitops::GitCredential;
use crate::object::{ObjectRef, str_at};
use crate::report::{Outcome, remember_secret, wipe};

/// A repository that Argo CD reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The hub repository. Applications of every project of the hub read their values from it.
    Hub,
    /// The claims repository, for the project of claims alone.
    Claims,
}

/// Where the host keys stand in the Secret, for later runs: Argo CD itself reads them in a ConfigMap, for all repositories.
const KNOWN_HOSTS: &str = "knownHosts";

impl Of {
    /// What the credential is called in a step.
    pub fn field(self) -> &'static str {
        match self {
            Self::Hub => "repository.pull",
            Self::Claims => "claims.pull",
        }
    }

    fn secret(self) -> ObjectRef {
        let name = match self {
            Self::Hub => "hub-repository",
            Self::Claims => "claims-repository",
        };
        ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), name)
    }
}

/// Writes the Secret under its own field manager, which is never released: git does not hold it. Answers whether that
/// changed anything.
pub async fn write(cluster: &Cluster, of: Of, url: &str, credential: &GitCredential) -> Outcome<bool> {
    let name = of.secret();
    let version = |live: &Value| str_at(live, "/metadata/resourceVersion").to_owned();
    let before = cluster.metadata(&name).await?.map(|live| version(&live));
    let mut secret = secret(of, url, credential);
    let applied = cluster.apply(&secret, CREDENTIALS_MANAGER).await;
    wipe(&mut secret);
    let after = applied?;
    Ok(before != Some(version(&after)))
}

/// The credential for the hub repository that the cluster keeps, so that reading it needs no other.
pub async fn read(cluster: &Cluster) -> Outcome<Option<GitCredential>> {
    read_of(cluster, Of::Hub).await
}

/// What a step gives, or else what the cluster keeps.
pub async fn given_or_kept(given: Option<GitCredential>, cluster: &Cluster) -> Outcome<Option<GitCredential>> {
    match given {
        Some(given) => Ok(Some(given)),
        None => read(cluster).await,
    }
}

/// What the cluster keeps for any of the repositories.
pub async fn read_of(cluster: &Cluster, of: Of) -> Outcome<Option<GitCredential>> {
    let Some(mut secret) = cluster.get(&of.secret()).await? else {
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
        known_hosts: value(KNOWN_HOSTS),
    };
    wipe(&mut secret);
    Ok(Some(credential))
}

/// The Secret. Label `repository`, not `repo-creds`: the latter would serve every repository with this prefix (argo-cd
/// `docs/operator-manual/declarative-setup.md`).
pub fn secret(of: Of, url: &str, credential: &GitCredential) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, value: &str| data.insert(key.to_owned(), Value::String(STANDARD.encode(value)));
    put("type", "git");
    put("url", url);
    if of == Of::Claims {
        put("project", argo::CLAIMS);
    }
    if let Some(username) = &credential.username {
        put("username", username);
    }
    if let Some(password) = &credential.password {
        put("password", password.expose_secret());
    }
    if let Some(key) = &credential.ssh_private_key {
        put("sshPrivateKey", key.expose_secret());
    }
    if let Some(known_hosts) = &credential.known_hosts {
        put(KNOWN_HOSTS, known_hosts);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": of.secret().name,
            "namespace": argo::NAMESPACE,
            "labels": {argo::SECRET_TYPE: "repository"},
        },
        "type": "Opaque",
        "data": data,
    })
}
