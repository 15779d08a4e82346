//! The version that a download tells of itself, which a digest alone does not: who moves a version in the lock and forgets the
//! digest would get the old one under the new name. Pure.

use serde_json::Value;

use super::tree::Tree;
use crate::object::str_at;
use crate::spec::{ImageReference, yaml};

/// The version of a manifest of Argo CD, by the tag of its image; `None` where that tells none.
#[must_use]
pub fn version_of_argocd(manifest: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(manifest);
    let images = text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"));
    let mut tags = images.filter_map(|image| {
        let image = ImageReference::parse(image.trim().trim_matches(['"', '\'']))?;
        let is_argocd = image.repository.rsplit('/').next() == Some("argocd");
        let tag = image.tag.filter(|_| is_argocd)?.trim_start_matches('v').to_owned();
        tag.starts_with(|it: char| it.is_ascii_digit()).then_some(tag)
    });
    tags.next()
}

/// The version of a chart, as it says itself.
#[must_use]
pub fn version_of_chart(files: &Tree) -> Option<String> {
    let chart: Value = yaml::manifests("Chart.yaml", files.text("Chart.yaml").ok()?).ok()?.into_iter().next()?;
    Some(str_at(&chart, "/version").to_owned()).filter(|it| !it.is_empty())
}

/// Whether a version is the one that is pinned, or a build of it.
#[must_use]
pub fn is_same(told: &str, pinned: &str) -> bool {
    let (told, pinned) = (told.trim_start_matches('v'), pinned.trim_start_matches('v'));
    told.strip_prefix(pinned).is_some_and(|more| more.is_empty() || more.starts_with(['-', '+', '_']))
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
            ("image: quay.io/argoproj/argocd:latest", None),
            ("image: ghcr.io/dexidp/dex:v2.45.0", None),
        ] {
            assert_eq!(version_of_argocd(format!("spec:\n  {line}\n").as_bytes()).as_deref(), told, "{line}");
        }
    }

    #[test]
    fn a_build_of_a_version_is_that_version() {
        for (told, pinned, is_so) in [
            ("3.6.1", "3.6.1", true),
            ("v1.0.0", "1.0.0", true),
            ("3.6.1-ours", "3.6.1", true),
            ("1.0.0+up4", "1.0.0", true),
            ("3.6.10", "3.6.1", false),
            ("3.6.1", "3.6.0", false),
        ] {
            assert_eq!(is_same(told, pinned), is_so, "{told} {pinned}");
        }
    }
}
