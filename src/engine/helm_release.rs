//! The Secrets in which Helm keeps its releases: which release, in which state, and what Helm thinks is its. Pure.
//!
//! The record is JSON, compressed, in base64 twice: Helm's own, and that of a Secret (helm `pkg/storage/driver/util.go`).

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use super::installers::RELEASE_TYPE;
use crate::object::{Identity, str_at};
use crate::yaml;

/// What a record may have in bytes when it is unpacked: Kubernetes holds a Secret of 1 MiB at most, and manifests compress well.
const MOST: u64 = 64 << 20;

/// One revision of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct HelmRevision {
    /// The Secret.
    pub secret: Identity,
    /// The name of the release.
    pub release: String,
    /// Which revision it is.
    pub revision: u64,
    /// `deployed`, `superseded`, `failed`, `pending-upgrade`, …
    pub status: String,
    /// The objects of its manifest, without hooks; or why they cannot be read.
    pub objects: Result<Vec<Value>, String>,
}

impl HelmRevision {
    /// Reads a Secret; `None` where it is no record of Helm.
    #[must_use]
    pub fn of(secret: &Value) -> Option<Self> {
        let label = |key: &str| str_at(secret, &format!("/metadata/labels/{key}"));
        (str_at(secret, "/type") == RELEASE_TYPE && label("owner") == "helm").then(|| Self {
            secret: Identity::of(secret),
            release: label("name").to_owned(),
            revision: label("version").parse().unwrap_or_default(),
            status: label("status").to_owned(),
            objects: manifest(str_at(secret, "/data/release"))
                .and_then(|text| yaml::manifests("its manifest", &text).map_err(|failure| failure.message)),
        })
    }

    /// What tells its release from others: the namespace in which it is kept, and its name.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (self.secret.object.namespace.clone().unwrap_or_default(), self.release.clone())
    }

    /// Whether Helm is in the middle of something, or has given up there: what is its is not known then.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.status.starts_with("pending-") || matches!(self.status.as_str(), "failed" | "uninstalling")
    }
}

fn manifest(data: &str) -> Result<String, String> {
    let unreadable = |what: &str| format!("its record is not {what}");
    let outer = STANDARD.decode(data).map_err(|_| unreadable("base64"))?;
    let inner = STANDARD.decode(outer).map_err(|_| unreadable("base64 in base64"))?;
    let mut text = Vec::new();
    GzDecoder::new(inner.as_slice()).take(MOST).read_to_end(&mut text).map_err(|_| unreadable("compressed"))?;
    let record: Value = serde_json::from_slice(&text).map_err(|_| unreadable("JSON"))?;
    Ok(str_at(&record, "/manifest").to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::*;

    fn secret(status: &str, record: &[u8]) -> Value {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(record).expect("in memory");
        let data = STANDARD.encode(STANDARD.encode(packed.finish().expect("in memory")));
        json!({"apiVersion": "v1", "kind": "Secret", "type": RELEASE_TYPE, "data": {"release": data},
            "metadata": {"name": "sh.helm.release.v1.argo.v2", "namespace": "argocd", "uid": "1",
                "labels": {"owner": "helm", "name": "argo", "version": "2", "status": status}}})
    }

    #[test]
    fn a_release_says_what_is_its() {
        let manifest = "---\n# Source: a\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\n";
        let read = HelmRevision::of(&secret("deployed", json!({"manifest": manifest}).to_string().as_bytes()));
        let read = read.expect("a release");
        assert_eq!((read.release.as_str(), read.revision, read.is_unfinished()), ("argo", 2, false));
        assert_eq!(read.objects.expect("objects")[0]["metadata"]["name"], "argocd-cm");
    }

    #[test]
    fn what_is_under_way_or_cannot_be_read_is_said() {
        for status in ["pending-install", "pending-rollback", "failed", "uninstalling"] {
            assert!(HelmRevision::of(&secret(status, b"{}")).expect("a release").is_unfinished(), "{status}");
        }
        let broken = HelmRevision::of(&secret("deployed", b"no JSON")).expect("a release");
        assert_eq!(broken.objects, Err("its record is not JSON".to_owned()));
        let mut other = secret("deployed", b"{}");
        other["type"] = json!("Opaque");
        assert_eq!(HelmRevision::of(&other), None);
    }
}
