//! The repository credentials that Argo CD keeps: read-only, each for exactly one repository, never in git. By which proxy it reads
//! stands beside them, since that may hold a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::engine::{CREDENTIALS_MANAGER, Cluster, Fault, FaultKind, is_settled};
use crate::git::{Access, ClientCertificate, Connection, GitCredential};
use crate::object::{ObjectRef, resource_version, secret_value};
use crate::report::{Outcome, remember_secret, wipe};
use crate::schema::{address, is_same_repository, pem};
use crate::words::argo;

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

    /// The Secret that holds it.
    pub fn secret(self) -> ObjectRef {
        let name = match self {
            Self::Hub => "hub-repository",
            Self::Claims => "claims-repository",
        };
        ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), name)
    }
}

/// Writes the Secret under its own field manager, which is never released: git does not hold it. Answers whether that
/// changed anything.
pub async fn write(cluster: &Cluster, of: Of, reader: &Access) -> Outcome<bool> {
    let name = of.secret();
    let mut live = cluster.get(&name).await?.unwrap_or_default();
    let before = resource_version(&live).to_owned();
    let mut secret = secret(of, reader);
    let is_there = is_settled(CREDENTIALS_MANAGER, &secret, &live);
    wipe(&mut live);
    let applied = if is_there { None } else { Some(cluster.apply(&secret, CREDENTIALS_MANAGER).await) };
    wipe(&mut secret);
    Ok(applied.transpose()?.is_some_and(|after| before != resource_version(&after)))
}

/// The credential for the hub repository that the cluster keeps, so that reading it needs no other.
pub async fn read(cluster: &Cluster) -> Result<Option<GitCredential>, Fault> {
    read_of(cluster, Of::Hub).await
}

/// The same with how Argo CD reaches the repository at this address.
pub async fn kept(cluster: &Cluster, url: &str) -> Result<(Option<GitCredential>, Connection), Fault> {
    let mut secret = cluster.get(&Of::Hub.secret()).await?.unwrap_or_default();
    let (credential, certificates) = (login_in(&secret), certificates(cluster).await);
    let connection = certificates.map(|it| connection_in(&secret, &it, url));
    wipe(&mut secret);
    Ok((credential, connection?))
}

/// What a step gives, or else what the cluster keeps.
pub async fn given_or_kept(given: Option<GitCredential>, cluster: &Cluster) -> Outcome<Option<GitCredential>> {
    match given {
        Some(given) => Ok(Some(given)),
        None => Ok(read(cluster).await?),
    }
}

/// What the cluster keeps for any of the repositories.
pub async fn read_of(cluster: &Cluster, of: Of) -> Result<Option<GitCredential>, Fault> {
    let Some(mut secret) = cluster.get(&of.secret()).await? else {
        return Ok(None);
    };
    let credential = login_in(&secret);
    wipe(&mut secret);
    Ok(credential)
}

/// The readers of which Argo CD is to keep something, each with the login that the cluster keeps for the same repository where the
/// step gives none: the Secret is written whole, and what is not given stays.
pub async fn to_be_kept(
    readers: impl IntoIterator<Item = (Of, Access)>,
    cluster: &Cluster,
) -> Outcome<Vec<(Of, Access)>> {
    let mut kept = Vec::new();
    for (of, mut reader) in
        readers.into_iter().filter(|(_, it)| it.credential.is_some() || it.connection.proxy.is_some())
    {
        if reader.credential.is_none() {
            let mut secret = cluster.get(&of.secret()).await?.unwrap_or_default();
            reader.credential = kept_for(&reader.url, &secret);
            wipe(&mut secret);
        }
        kept.push((of, reader));
    }
    Ok(kept)
}

/// What a repository Secret logs in with at an address; nothing where it is of another repository.
fn kept_for(url: &str, secret: &Value) -> Option<GitCredential> {
    value(secret, "url").filter(|of| is_same_repository(of, url)).and_then(|_| login_in(secret))
}

/// The same at its own; nothing where it says by which proxy a public repository is read, and no more.
fn login_in(secret: &Value) -> Option<GitCredential> {
    let found = credential_in(secret);
    let logs_in = found.password.is_some() || found.ssh_private_key.is_some() || found.client.is_some();
    logs_in.then_some(found)
}

/// What a repository Secret logs in with. It is remembered as a secret before anything is done by it.
pub fn credential_in(secret: &Value) -> GitCredential {
    let hidden = |key: &str| value(secret, key).inspect(|text| remember_secret(text)).map(SecretString::from);
    let client = value(secret, "tlsClientCertData").zip(hidden("tlsClientCertKey"));
    GitCredential {
        username: value(secret, "username"),
        password: hidden("password"),
        ssh_private_key: hidden("sshPrivateKey"),
        known_hosts: value(secret, KNOWN_HOSTS),
        client: client.map(|(certificate, key)| ClientCertificate { certificate, key }),
    }
}

/// How Argo CD reaches a repository, as far as its Secret and its ConfigMap say. Whoever may not read them knows nothing of it.
pub async fn connection_of(cluster: &Cluster, of: Of, url: &str) -> Outcome<Connection> {
    let mut secret = readable(cluster, &of.secret()).await?;
    let connection = certificates(cluster).await.map(|it| connection_in(&secret, &it, url));
    wipe(&mut secret);
    Ok(connection?)
}

async fn certificates(cluster: &Cluster) -> Result<Value, Fault> {
    readable(cluster, &argo::certificates()).await
}

/// An object; nothing where there is none, or for whoever may not read it.
async fn readable(cluster: &Cluster, object: &ObjectRef) -> Result<Value, Fault> {
    match cluster.get(object).await {
        Err(fault) if fault.kind == FaultKind::Forbidden => Ok(Value::Null),
        read => read.map(Option::unwrap_or_default),
    }
}

/// The same of what was read.
pub fn connection_in(secret: &Value, certificates: &Value, url: &str) -> Connection {
    let proxy = value(secret, "proxy").inspect(|it| address::secrets_in(it).for_each(remember_secret));
    let ca = certificates.get("data").and_then(|data| data.get(address::host(url))?.as_str());
    Connection {
        ca: ca.filter(|_| address::is_encrypted(url)).and_then(|text| pem::authorities(text).ok()),
        no_proxy: value(secret, "noProxy"),
        proxy: proxy.map(SecretString::from),
    }
}

/// A value of a Secret; an empty one is none.
pub fn value(secret: &Value, key: &str) -> Option<String> {
    String::from_utf8(secret_value(secret, key)?).ok().filter(|text| !text.is_empty())
}

/// The Secret. Label `repository`, not `repo-creds`: the latter would serve every repository with this prefix (argo-cd
/// `docs/operator-manual/declarative-setup.md`).
pub fn secret(of: Of, reader: &Access) -> Value {
    let Access { url, credential, connection, .. } = reader;
    let mut data = Map::new();
    let mut put = |key: &str, value: &str| data.insert(key.to_owned(), Value::String(STANDARD.encode(value)));
    put("type", "git");
    put("url", url);
    if of == Of::Claims {
        put("project", argo::CLAIMS);
    }
    let credential = credential.clone().unwrap_or_default();
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
    if let Some(ClientCertificate { certificate, key }) = &credential.client {
        put("tlsClientCertData", certificate);
        put("tlsClientCertKey", key.expose_secret());
    }
    if let Some(proxy) = &connection.proxy {
        put("proxy", proxy.expose_secret());
    }
    if let Some(hosts) = &connection.no_proxy {
        put("noProxy", hosts);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key is one of argo-cd 3.6.1 `util/db/repository_secrets.go`, which passes over those that it does not know.
    #[test]
    fn the_secret_has_what_argo_cd_reads_and_gives_it_back() {
        let hidden = |text: &str| Some(SecretString::from(text));
        let client =
            ClientCertificate { certificate: "certificate".to_owned(), key: SecretString::from("key-of-mine") };
        let credential = GitCredential {
            username: Some("me".to_owned()),
            password: hidden("password-of-mine"),
            client: Some(client),
            ..GitCredential::default()
        };
        let connection = Connection {
            proxy: hidden("http://u:password-of-proxy@p:1"),
            no_proxy: Some(".svc".to_owned()),
            ..Connection::default()
        };
        let url = "https://git.example.org/hub.git";
        let access = Access { connection, ..Access::new(url, "main", Some(credential)) };
        let written = secret(Of::Hub, &access);
        let all = written["data"].as_object().expect("data");
        let all: Vec<(&str, String)> =
            all.keys().map(|key| (key.as_str(), value(&written, key).expect("text"))).collect();
        let expected = [
            ("noProxy", ".svc"),
            ("password", "password-of-mine"),
            ("proxy", "http://u:password-of-proxy@p:1"),
            ("tlsClientCertData", "certificate"),
            ("tlsClientCertKey", "key-of-mine"),
            ("type", "git"),
            ("url", url),
            ("username", "me"),
        ];
        assert_eq!(all, expected.map(|(key, value)| (key, value.to_owned())));

        let again = Access {
            connection: connection_in(&written, &Value::Null, url),
            ..Access::new(url, "main", Some(credential_in(&written)))
        };
        assert_eq!(secret(Of::Hub, &again), written);
        let bare = secret(Of::Claims, &Access::new(url, "main", None));
        assert_eq!(bare["data"].as_object().expect("data").len(), 3, "a type, an address, a project");
    }

    /// A later run may give the proxy alone.
    #[test]
    fn what_is_kept_logs_in_at_its_own_repository_alone() {
        let url = "https://git.example.org/hub.git";
        let proxy = || Connection { proxy: Some(SecretString::from("http://p:1")), ..Connection::default() };
        let through = |credential| Access { connection: proxy(), ..Access::new(url, "main", credential) };
        let given = GitCredential {
            password: Some(SecretString::from("password-of-mine")),
            known_hosts: Some("lines".to_owned()),
            ..GitCredential::default()
        };
        let live = secret(Of::Hub, &through(Some(given)));
        let kept = kept_for("https://git.example.org/hub", &live).expect("a credential");
        assert_eq!(secret(Of::Hub, &through(Some(kept))), live, "nothing of it is lost");
        assert!(kept_for("https://other.example.org/hub.git", &live).is_none());
        assert!(kept_for("http://git.example.org/hub.git", &live).is_none(), "it would be sent unencrypted");
        assert!(kept_for(url, &secret(Of::Hub, &through(None))).is_none(), "a public repository");
        assert!(kept_for(url, &Value::Null).is_none(), "nothing is kept");
    }
}
