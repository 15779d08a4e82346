//! Small images in an OCI registry on loopback, and what an image there is.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::loopback::{self, Answer};

/// The annotation of a manifest that says which program of the testbed the image stands for: `argocd:v3.6.1`. It is
/// below the digest, so it survives every copy of the image.
pub const STANDS_FOR: &str = "testbed/image";

/// The registries that are asked.
pub const LOOPBACK: &str = "127.0.0.1";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Pushes an image without content that stands for a program, such as `argocd:v3.6.1`, to a registry on loopback, and
/// answers its digest. `image` is `127.0.0.1:PORT/NAME:TAG`.
pub async fn push(image: &str, stands_for: &str) -> Result<String> {
    let Place { port, name, version } = Place::of(image).with_context(|| format!("{image} is not on loopback"))?;
    let layer = stands_for.as_bytes(); // nobody unpacks it
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
    });
    let config = config.to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": push_blob(port, name, "application/vnd.oci.image.config.v1+json", config.as_bytes()).await?,
        "layers": [push_blob(port, name, "application/vnd.oci.image.layer.v1.tar", layer).await?],
        "annotations": {STANDS_FOR: stands_for},
    });
    let bytes = manifest.to_string().into_bytes();
    let path = format!("/v2/{name}/manifests/{version}");
    let answer = loopback::request(port, "PUT", &path, &[("Content-Type", MANIFEST)], &bytes).await?;
    ensure!(answer.status == 201, "PUT {path} was answered with {}", answer.status);
    Ok(sha256(&bytes))
}

/// Answers how a manifest names the blob.
async fn push_blob(port: u16, name: &str, media_type: &str, bytes: &[u8]) -> Result<Value> {
    let path = format!("/v2/{name}/blobs/uploads/");
    let started = loopback::request(port, "POST", &path, &[], &[]).await?;
    let place = started.header("location").with_context(|| format!("POST {path} was answered with no place"))?;
    let place = place.find("/v2/").map_or(place, |start| &place[start..]);
    let separator = if place.contains('?') { '&' } else { '?' };
    let path = format!("{place}{separator}digest={}", sha256(bytes));
    let kind = ("Content-Type", "application/octet-stream");
    let Answer { status, .. } = loopback::request(port, "PUT", &path, &[kind], bytes).await?;
    ensure!(status == 201, "PUT {path} was answered with {status}");
    Ok(json!({"mediaType": media_type, "digest": sha256(bytes), "size": bytes.len()}))
}

/// What an image is: of one in a registry on loopback the registry is asked, as a kubelet does, or why it cannot be
/// "pulled". Of other images, and of those that stand for nothing, the name says it.
pub async fn identify(image: &str) -> Result<String, String> {
    let Some(Place { port, name, version }) = Place::of(image) else { return Ok(image.to_owned()) };
    let path = format!("/v2/{name}/manifests/{version}");
    let accept = [("Accept", MANIFEST), ("Accept", INDEX), ("Accept", DOCKER_MANIFEST), ("Accept", DOCKER_INDEX)];
    let refused = |why: String| format!("{image} cannot be pulled: {why}");
    let answer =
        loopback::request(port, "GET", &path, &accept, &[]).await.map_err(|error| refused(error.to_string()))?;
    if answer.status != 200 {
        return Err(refused(format!("the registry answers {}", answer.status)));
    }
    let manifest: Value = serde_json::from_slice(&answer.body).map_err(|error| refused(error.to_string()))?;
    Ok(manifest["annotations"][STANDS_FOR].as_str().unwrap_or(image).to_owned())
}

/// Whether a reference names a registry on loopback.
#[must_use]
pub fn is_on_loopback(image: &str) -> bool {
    Place::of(image).is_some()
}

/// A place in a registry on loopback.
#[derive(Debug, PartialEq, Eq)]
struct Place<'r> {
    port: u16,
    name: &'r str,
    /// A tag or a digest.
    version: &'r str,
}

impl<'r> Place<'r> {
    fn of(image: &'r str) -> Option<Self> {
        let (port, rest) = image.strip_prefix(LOOPBACK)?.strip_prefix(':')?.split_once('/')?;
        let (name, version) = match rest.split_once('@') {
            Some((name, digest)) => (name.split(':').next()?, digest),
            None => rest.split_once(':').unwrap_or((rest, "latest")),
        };
        Some(Self { port: port.parse().ok()?, name, version })
    }
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_to_loopback_are_asked_about() {
        for (image, expected) in [
            ("quay.io/argoproj/argocd:v1", None),
            ("127.0.0.1:5000/a/b:v1", Some(Place { port: 5000, name: "a/b", version: "v1" })),
            ("127.0.0.1:5000/a/b", Some(Place { port: 5000, name: "a/b", version: "latest" })),
            ("127.0.0.1:5000/a/b:v1@sha256:0", Some(Place { port: 5000, name: "a/b", version: "sha256:0" })),
        ] {
            assert_eq!(Place::of(image), expected, "{image}");
        }
    }

    #[tokio::test]
    async fn without_a_registry_there_is_no_image() {
        assert_eq!(identify("quay.io/argoproj/argocd:v1").await, Ok("quay.io/argoproj/argocd:v1".to_owned()));
        let refusal = identify("127.0.0.1:1/argocd:v1").await.expect_err("nobody listens there");
        assert!(refusal.starts_with("127.0.0.1:1/argocd:v1 cannot be pulled: "), "{refusal}");
    }
}
