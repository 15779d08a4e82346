//! The Secrets of a namespace, kept out of what is shown of its pods: programs print what they were given.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Cluster, Fault};
use crate::object::{ObjectRef, str_at};
use crate::report::{remember_secret, wipe};

/// Values of Secrets that are no secrets, and would be masked everywhere.
const PUBLIC: &[&str] =
    &["url", "type", "name", "project", "server", "username", "insecure", "ca.crt", "tls.crt", "namespace"];
/// What Helm keeps of a release: large, packed, and given to no program.
const RELEASE_OF_HELM: &str = "helm.sh/release.v1";
/// Shorter values would mask words.
const SHORTEST: usize = 8;

/// Has the values of all Secrets of a namespace masked from here on.
pub async fn remember_secrets_of(cluster: &Cluster, namespace: &str) -> Result<(), Fault> {
    let mut secrets = cluster.list(&ObjectRef::new("v1", "Secret", Some(namespace), "")).await?;
    let given = secrets.iter().filter(|secret| str_at(secret, "/type") != RELEASE_OF_HELM);
    for data in given.filter_map(|secret| secret.get("data")?.as_object()) {
        for (_, value) in data.iter().filter(|(key, _)| !PUBLIC.contains(&key.as_str())) {
            remember(value);
        }
    }
    secrets.iter_mut().for_each(wipe);
    Ok(())
}

fn remember(value: &Value) {
    let bytes = Zeroizing::new(STANDARD.decode(value.as_str().unwrap_or_default()).unwrap_or_default());
    if bytes.len() >= SHORTEST && std::str::from_utf8(&bytes).is_ok() {
        remember_secret(&*bytes);
    }
}
