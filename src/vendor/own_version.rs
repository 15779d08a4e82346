//! The version and variant that a download tells of itself, which a digest alone does not: who moves a version in the lock and
//! forgets the digest would get the old one under the new name. Pure.

use std::collections::BTreeSet;

use semver::Version;
use serde_json::Value;

use crate::document::{ArgoCdVariant, Asset, ModulePath};
use crate::files::Tree;
use crate::object::str_at;
use crate::schema::ImageReference;
use crate::words::argo;
use crate::yaml;

/// The label that Kubernetes recommends for the version of a program.
const VERSION_LABEL: &str = "app.kubernetes.io/version";
/// How annotations of bundles of definitions end, such as those of the Gateway API.
const BUNDLE_VERSION: &str = "/bundle-version";
/// What stands in a source tree for a version that the release has.
const FILLED_IN_LATER: [&str; 3] = ["0.0.0", "0.0.1", "0.1.0"];

/// The version of a manifest of Argo CD, by the tag of its image; `None` where that is no version.
#[must_use]
pub fn version_of_argocd(manifest: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(manifest);
    let images = text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"));
    let mut tags = images.filter_map(|image| {
        let image = ImageReference::parse(image.trim().trim_matches(['"', '\'']))?;
        let is_argocd = image.repository.rsplit('/').next() == Some("argocd");
        let tag = image.tag.filter(|_| is_argocd)?.trim_start_matches('v').to_owned();
        is_version(&tag).then_some(tag)
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

/// The version of other manifests, by the labels and annotations in which projects write it: that of all their objects. `None` where
/// they write none, or several.
#[must_use]
pub fn version_of_manifests(manifest: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(manifest);
    let lines = text.lines().filter_map(|line| line.trim().split_once(": "));
    let told = lines.filter(|(key, _)| *key == VERSION_LABEL || key.ends_with(BUNDLE_VERSION));
    let told: BTreeSet<&str> = told.map(|(_, value)| value.trim().trim_matches(['"', '\''])).collect();
    let version = told.first().filter(|_| told.len() == 1)?;
    is_version(version).then(|| (*version).to_owned())
}

/// What a chart says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChartWords {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// That of the program that it brings.
    pub app_version: String,
}

/// What a chart says of itself; `None` where it says nothing that can be read.
#[must_use]
pub fn words_of_chart(files: &Tree) -> Option<ChartWords> {
    let chart: Value = yaml::manifests("Chart.yaml", files.text("Chart.yaml").ok()?).ok()?.into_iter().next()?;
    let at = |pointer: &str| str_at(&chart, pointer).to_owned();
    Some(ChartWords { name: at("/name"), version: at("/version"), app_version: at("/appVersion") })
}

/// The version of a chart, where it is another one than a lock says. In a source tree it may be that of the next release, or none
/// at all: there that of the program or of the module will do as well, and a version that only a release fills in tells nothing.
#[must_use]
pub fn another_version_of_chart(words: &ChartWords, asset: &Asset) -> Option<String> {
    let is_pinned = |told: &&str| is_same(told, &asset.version);
    let Some(module) = asset.module.as_ref() else {
        return Some(words.version.as_str()).filter(|told| !told.is_empty() && !is_pinned(told)).map(str::to_owned);
    };
    let of_module = version_of_module(module);
    let told = [of_module.unwrap_or_default(), &words.version, &words.app_version];
    if told.iter().any(is_pinned) {
        return None;
    }
    let tells = |it: &&&str| is_version(it) && !FILLED_IN_LATER.contains(&it.trim_start_matches('v'));
    told.iter().find(tells).map(|it| (*it).trim_start_matches('v').to_owned())
}

/// The version of a module; `None` of a commit that has none.
fn version_of_module(module: &ModulePath) -> Option<&str> {
    let version = module.parts().1?;
    let parsed = Version::parse(version.trim_start_matches('v')).ok()?;
    let is_commit = |hash: &str| hash.len() == 12 && hash.bytes().all(|it| it.is_ascii_hexdigit());
    let is_of_commit = parsed.pre.rsplit_once('-').is_some_and(|(_, hash)| is_commit(hash));
    (!is_of_commit).then_some(version)
}

/// The name of a chart, where what is pinned is called by another one: in the lock, in the address of its archive, in its module.
#[must_use]
pub fn another_name_of_chart(words: &ChartWords, asset: &Asset) -> Option<String> {
    let module = asset.module.as_ref().map(|it| it.path.as_str());
    let mut known = [asset.name.as_str()].into_iter().chain(asset.url.as_deref()).chain(module);
    let is_known = words.name.is_empty() || known.any(|it| it.contains(words.name.as_str()));
    (!is_known).then(|| words.name.clone())
}

/// The version in the address of what is run, where it is another one than the lock says.
#[must_use]
pub fn another_version_of_address(asset: &Asset) -> Option<String> {
    let url = asset.url.as_deref().filter(|it| !it.contains(&asset.version))?;
    versions_in(url).next().map(str::to_owned)
}

/// The versions in an address, without `v`.
pub fn versions_in(address: &str) -> impl Iterator<Item = &str> {
    let words = address.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.map(|it| it.trim_start_matches('v')).filter(|word| is_version(word))
}

/// A version as projects tag it; `None` of other texts. A tag of a registry has `_` where a version has `+`.
#[must_use]
pub fn version_of(text: &str) -> Option<Version> {
    Version::parse(&plain(text)).ok()
}

fn is_version(text: &str) -> bool {
    version_of(text).is_some()
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
    fn manifests_are_of_the_version_that_all_of_them_write() {
        for (text, told) in [
            ("labels:\n  app.kubernetes.io/version: v1.2.3\n", Some("v1.2.3")),
            ("annotations:\n  gateway.networking.k8s.io/bundle-version: \"v1.4.0\"\n", Some("v1.4.0")),
            ("app.kubernetes.io/version: 1.2.3\n---\napp.kubernetes.io/version: 1.2.4\n", None),
            ("app.kubernetes.io/version: latest\n", None),
            ("kind: A\n", None),
        ] {
            assert_eq!(version_of_manifests(text.as_bytes()).as_deref(), told, "{text}");
        }
    }

    fn chart(version: &str, more: &str) -> Asset {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: thing, type: chart, version: {version}, \
             sha256: 'sha256:{}', {more}}}\n",
            "0".repeat(64)
        );
        crate::document::read_lock("lock.yaml", &text).expect("a lock").assets.remove(0)
    }

    #[test]
    fn a_chart_is_of_its_version_or_of_that_of_its_source_tree() {
        let url = "url: 'https://c.example.org/thing-1.0.0.tgz'";
        let module = |version: &str| format!("module: {{module: example.org/thing@{version}, path: charts/thing}}");
        let commit = "v0.0.0-20260723090831-fb2785727f98";
        for (pinned, more, version, app, told) in [
            ("1.0.0", url.to_owned(), "1.0.0", "v9.9.9", None),
            ("1.0.1", url.to_owned(), "1.0.0", "1.0.1", Some("1.0.0")),
            ("1.0.1", url.to_owned(), "", "", None),
            ("2.1.0", module("v2.1.0"), "0.0.1", "0.0.1", None),
            ("2.2.0", module("v2.1.0"), "0.0.1", "0.0.1", Some("2.1.0")),
            ("1.19.1", module("v1.19.1"), "3.9.1", "v1.19.1", None),
            ("3.9.1", module("v1.19.1"), "3.9.1", "v1.19.1", None),
            ("1.19.1", module("v1.19.0"), "3.9.0", "v1.19.1", None),
            ("1.19.2", module(commit), "3.9.1", "v1.19.1", Some("3.9.1")),
            ("1.19.2", module(commit), "0.0.0", "v0.0.0", None),
        ] {
            let words =
                ChartWords { name: "thing".to_owned(), version: version.to_owned(), app_version: app.to_owned() };
            let found = another_version_of_chart(&words, &chart(pinned, &more));
            assert_eq!(found.as_deref(), told, "{pinned} {more} {version} {app}");
        }
    }

    #[test]
    fn a_chart_of_another_name_is_told() {
        let name = |name: &str, more: &str| {
            let words = ChartWords { name: name.to_owned(), ..ChartWords::default() };
            another_name_of_chart(&words, &chart("1.0.0", more))
        };
        assert_eq!(name("thing", "url: 'https://c.example.org/x.tgz'"), None);
        assert_eq!(name("upstream", "url: 'https://c.example.org/upstream-1.0.0.tgz'"), None);
        assert_eq!(name("other", "url: 'https://c.example.org/x.tgz'").as_deref(), Some("other"));
        assert_eq!(name("", "url: 'https://c.example.org/x.tgz'"), None);
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
