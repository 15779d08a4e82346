//! The version and variant that a download tells of itself, which a digest alone does not: who moves a version in the lock and
//! forgets the digest would get the old one under the new name. Pure.

use semver::Version;
use serde_json::Value;

use super::tree::Tree;
use crate::argo;
use crate::object::str_at;
use crate::spec::{ArgoCdVariant, ImageReference, yaml};

/// The version of a manifest of Argo CD, by the tag of its image; `None` where that is no version.
#[must_use]
pub fn version_of_argocd(manifest: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(manifest);
    let images = text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"));
    let mut tags = images.filter_map(|image| {
        let image = ImageReference::parse(image.trim().trim_matches(['"', '\'']))?;
        let is_argocd = image.repository.rsplit('/').next() == Some("argocd");
        let tag = image.tag.filter(|_| is_argocd)?.trim_start_matches('v').to_owned();
        Version::parse(&plain(&tag)).is_ok().then_some(tag)
    });
    tags.next()
}

/// Which of upstream's manifests of Argo CD one is, by its redis.
#[must_use]
pub fn variant_of_argocd(manifest: &[u8]) -> ArgoCdVariant {
    let text = String::from_utf8_lossy(manifest);
    let mut names = text.lines().filter_map(|line| line.trim().strip_prefix("name:"));
    let is_ha = names.any(|name| name.trim().trim_matches(['"', '\'']).ends_with(argo::REDIS_HA));
    if is_ha { ArgoCdVariant::Ha } else { ArgoCdVariant::Standard }
}

/// The version of a chart, as it says itself.
#[must_use]
pub fn version_of_chart(files: &Tree) -> Option<String> {
    let chart: Value = yaml::manifests("Chart.yaml", files.text("Chart.yaml").ok()?).ok()?.into_iter().next()?;
    Some(str_at(&chart, "/version").to_owned()).filter(|it| !it.is_empty())
}

/// Whether one of two versions is the other, or a build of it.
#[must_use]
pub fn is_same(told: &str, pinned: &str) -> bool {
    let (told, pinned) = (plain(told), plain(pinned));
    let is_build =
        |one: &str, of: &str| one.strip_prefix(of).is_some_and(|it| it.is_empty() || it.starts_with(['-', '+']));
    is_build(&told, &pinned) || is_build(&pinned, &told)
}

/// A version without `v`. A tag has `_` where a version has `+`.
fn plain(version: &str) -> String {
    version.trim_start_matches('v').replace('_', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_of_the_version_of_its_image() {
        for (line, told) in [
            ("image: quay.io/argoproj/argocd:v3.6.1", Some("3.6.1")),
            ("- image: \"localhost:5000/team/argocd:v3.6.1\"", Some("3.6.1")),
            ("image: quay.io/argoproj/argocd:v3.6.1-ours", Some("3.6.1-ours")),
            ("image: quay.io/argoproj/argocd:v3.6.1_ours", Some("3.6.1_ours")),
            ("image: quay.io/argoproj/argocd:latest", None),
            ("image: quay.io/argoproj/argocd:3.6", None),
            ("image: quay.io/argoproj/argocd:20261129-1", None),
            ("image: ghcr.io/dexidp/dex:v2.45.0", None),
        ] {
            assert_eq!(version_of_argocd(format!("spec:\n  {line}\n").as_bytes()).as_deref(), told, "{line}");
        }
    }

    #[test]
    fn a_manifest_is_of_the_variant_of_its_redis() {
        for (name, variant) in [
            ("name: argocd-redis", ArgoCdVariant::Standard),
            ("name: argocd-redis-ha-server", ArgoCdVariant::Ha),
            ("name: \"argocd-redis-ha-server\"", ArgoCdVariant::Ha),
            ("description: unlike argocd-redis-ha-server", ArgoCdVariant::Standard),
        ] {
            assert_eq!(variant_of_argocd(format!("metadata:\n  {name}\n").as_bytes()), variant, "{name}");
        }
    }

    #[test]
    fn a_build_of_a_version_is_that_version() {
        for (told, pinned, is_so) in [
            ("3.6.1", "3.6.1", true),
            ("v1.0.0", "1.0.0", true),
            ("3.6.1-ours", "3.6.1", true),
            ("1.0.0+up4", "1.0.0", true),
            ("1.0.0+up4", "1.0.0_up4", true),
            ("v3.6.1", "3.6.1-ours", true),
            ("3.6.1-theirs", "3.6.1-ours", false),
            ("3.6.10", "3.6.1", false),
            ("3.6.1", "3.6.10", false),
            ("3.6.1", "3.6.0", false),
        ] {
            assert_eq!(is_same(told, pinned), is_so, "{told} {pinned}");
        }
    }
}
