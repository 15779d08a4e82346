//! Who tells which versions there are of something that is pinned.

use std::time::{Duration, Instant};

use semver::Version;

use super::ways::Ways;
use crate::document::{Asset, AssetForm};
use crate::report::{Failure, Outcome};
use crate::schema::ImageReference;
use crate::vendor::fetch::OCI;
use crate::vendor::{helm_index, version_of};

/// Where releases of a project are kept, by which its Go module can be known.
const FORGE: [&str; 2] = ["https://github.com/", "https://raw.githubusercontent.com/"];
/// Projects there whose module has another name.
const RENAMED: [(&str, &str); 1] = [("github.com/kubernetes-sigs/kind", "sigs.k8s.io/kind")];
/// How long the next major version is asked for, which mostly is not there.
const PATIENCE_FOR_A_MAJOR: Duration = Duration::from_secs(60);

/// Who tells the versions of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// The Go tool, of a module without its version.
    Module(String),
    /// The index of a Helm repository.
    Index {
        /// The address of the repository.
        repository: String,
        /// The name of the chart in it.
        chart: String,
    },
    /// A registry, of whose tags those count that are written as this one.
    Tags(ImageReference),
    /// A registry, of a tag that is no version and moves: whether it still has the digest that is pinned.
    Moving(ImageReference),
    /// Nobody, and why.
    Nobody(String),
}

/// The versions that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// All that are known.
    pub all: Vec<Version>,
    /// What was not looked at, and why.
    pub not_looked_at: Option<String>,
}

impl Upstream {
    /// Who tells those of a download.
    pub fn of_asset(asset: &Asset) -> Self {
        let url = asset.url.as_deref().unwrap_or_default();
        if let Some(repository) = &asset.repository {
            return Self::Index { repository: repository.clone(), chart: chart_in(url, asset) };
        }
        if let Some(chart) = url.strip_prefix(OCI) {
            let reference = ImageReference::parse(chart);
            return reference.map_or_else(|| Self::Nobody(format!("{url} is no reference")), Self::Tags);
        }
        if let Some(module) = &asset.module {
            return Self::Module(module.parts().0.to_owned());
        }
        if asset.form == AssetForm::Chart {
            return Self::Nobody("lock.yaml names no `repository` for it, whose index has its versions".to_owned());
        }
        let module = module_of(url, &asset.version);
        module.map_or_else(|| Self::Nobody("its address does not tell whose it is".to_owned()), Self::Module)
    }

    /// Who tells those of a chart that Argo CD fetches from a registry.
    pub fn of_chart(oci: &str, name: &str, version: &str) -> Self {
        let reference = chart_reference(oci, name, version);
        reference.map_or_else(|_| Self::Nobody(format!("{oci} is no address of a registry")), Self::Tags)
    }

    /// Who tells those of an image.
    pub fn of_image(image: &ImageReference) -> Self {
        match &image.tag {
            None => Self::Nobody("it has no tag, only a digest".to_owned()),
            Some(tag) if Spelling::of(tag).is_some() => Self::Tags(image.clone()),
            Some(_) if image.digest.is_some() => Self::Moving(image.clone()),
            Some(tag) => Self::Nobody(format!("`{tag}` is no version, and no digest is pinned")),
        }
    }

    /// All versions that it tells, of which there is one at least: who tells none does not say that nothing is newer.
    pub async fn versions(&self, ways: &Ways) -> Outcome<Versions> {
        let versions = self.told(ways).await?;
        if versions.all.is_empty() {
            return Err(Failure::failed("upstream tells no version that is written like it"));
        }
        Ok(versions)
    }

    async fn told(&self, ways: &Ways) -> Outcome<Versions> {
        match self {
            Self::Module(module) => of_module(module, ways).await,
            Self::Index { repository, chart } => {
                ways.demand_closed(repository)?;
                let (mirror, login) = (ways.mirror.as_deref(), &ways.login);
                let scratch = ways.scratch.path();
                let all = helm_index::published(repository, chart, mirror, login, scratch, Ways::deadline()).await?;
                let all = all.iter().filter_map(|it| version_of(&it.version)).collect();
                Ok(Versions { all, not_looked_at: None })
            }
            Self::Tags(reference) => {
                let Some(current) = reference.tag.as_deref().and_then(Spelling::of) else {
                    let tag = reference.tag.as_deref().unwrap_or_default();
                    return Err(Failure::failed(format!(
                        "the tag `{tag}` is no version that others can be held against"
                    )));
                };
                let tags = ways.registry().tags(reference).await?;
                let alike = tags.iter().filter_map(|tag| Spelling::of(tag)).filter(|it| it.is_like(&current));
                Ok(Versions { all: alike.map(|it| it.version).collect(), not_looked_at: None })
            }
            Self::Moving(image) => Err(Failure::failed(format!("the tag of {image} is no version"))),
            Self::Nobody(why) => Err(Failure::failed(why.clone())),
        }
    }
}

/// A chart in a registry; a text that is no reference is the error.
pub fn chart_reference(oci: &str, name: &str, version: &str) -> Result<ImageReference, String> {
    let path = oci.trim_start_matches(OCI).trim_end_matches('/');
    let text = format!("{path}/{name}:{}", version.replace('+', "_"));
    ImageReference::parse(&text).ok_or(text)
}

/// Those of a module, and of its next major, which is a module of its own.
async fn of_module(module: &str, ways: &Ways) -> Outcome<Versions> {
    let all = ways.go().versions(module, Ways::deadline()).await?;
    let mut versions = Versions { all: all.iter().filter_map(|it| version_of(it)).collect(), not_looked_at: None };
    let next = next_major(module);
    match ways.go().versions(&next, Instant::now() + PATIENCE_FOR_A_MAJOR).await {
        Ok(more) => versions.all.extend(more.iter().filter_map(|it| version_of(it))),
        Err(failure) if says_there_is_none(&failure) => {}
        Err(failure) => {
            let why = failure.details.last().unwrap_or(&failure.message).trim();
            versions.not_looked_at = Some(format!("whether there is a later major, {next}: {why}"));
        }
    }
    Ok(versions)
}

fn says_there_is_none(failure: &Failure) -> bool {
    let words = ["404 Not Found", "410 Gone", "no matching versions", "unknown revision", "does not contain"];
    failure.details.iter().any(|line| words.iter().any(|word| line.contains(word)))
}

/// `example.org/m/v3` of `example.org/m/v2`, `example.org/m/v2` of `example.org/m`.
fn next_major(module: &str) -> String {
    match major_of(module) {
        Some((path, major)) => format!("{path}/v{}", major + 1),
        None => format!("{module}/v2"),
    }
}

/// The path of a module without the major version that it ends with, and that.
pub fn major_of(module: &str) -> Option<(&str, u64)> {
    let (path, last) = module.rsplit_once('/')?;
    Some((path, last.strip_prefix('v')?.parse().ok().filter(|major| *major > 1)?))
}

/// The Go module of a project whose releases are kept where they are.
fn module_of(url: &str, version: &str) -> Option<String> {
    let path = FORGE.iter().find_map(|forge| url.strip_prefix(forge))?;
    let mut parts = path.split('/');
    let project = format!("github.com/{}/{}", parts.next()?, parts.next()?);
    let renamed = RENAMED.iter().find(|(known, _)| *known == project).map(|(_, name)| (*name).to_owned());
    let major = version_of(version).map_or(0, |it| it.major);
    let suffix = if major > 1 { format!("/v{major}") } else { String::new() };
    Some(format!("{}{suffix}", renamed.unwrap_or(project)))
}

/// The name of a chart in the address of its archive: what stands before its version.
fn chart_in(url: &str, asset: &Asset) -> String {
    let file = url.rsplit('/').next().unwrap_or_default();
    let name = file.strip_suffix(&format!("-{}.tgz", asset.version));
    name.filter(|it| !it.is_empty()).unwrap_or(&asset.name).to_owned()
}

/// How the tag of an image is written: `v1.2.3`, `1.2.3-alpine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    before: String,
    /// Its three numbers.
    pub version: Version,
    behind: String,
}

impl Spelling {
    /// That of a tag; `None` where it has no three numbers.
    pub fn of(tag: &str) -> Option<Self> {
        let numbers = tag.strip_prefix('v').unwrap_or(tag);
        let before = &tag[..tag.len() - numbers.len()];
        let end = numbers.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(numbers.len());
        let version = Version::parse(&numbers[..end]).ok()?;
        Some(Self { before: before.to_owned(), version, behind: numbers[end..].to_owned() })
    }

    /// Whether another one differs in its numbers alone.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.before, &self.behind) == (&other.before, &other.behind)
    }

    /// Whether nothing stands behind its numbers.
    pub fn is_plain(&self) -> bool {
        self.behind.is_empty()
    }

    /// The tag of another version.
    pub fn tag(&self, version: &Version) -> String {
        format!("{}{version}{}", self.before, self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_is_a_module_of_its_own() {
        assert_eq!(next_major("example.org/m"), "example.org/m/v2");
        assert_eq!(next_major("example.org/m/v3"), "example.org/m/v4");
        assert_eq!(next_major("example.org/m/vendor"), "example.org/m/vendor/v2");
    }

    #[test]
    fn releases_tell_whose_they_are() {
        let module = |url: &str, version: &str| module_of(url, version);
        let releases = "https://github.com/kubernetes-sigs/kind/releases/download/v0.33.0/kind-linux-amd64";
        assert_eq!(module(releases, "0.33.0").as_deref(), Some("sigs.k8s.io/kind"));
        let provider = "https://github.com/o/terraform-provider-x/releases/download/v3.4.0/x.zip";
        assert_eq!(module(provider, "3.4.0").as_deref(), Some("github.com/o/terraform-provider-x/v3"));
        assert_eq!(module("https://example.org/x", "1.0.0"), None);
    }

    #[test]
    fn tags_are_alike_when_only_their_numbers_differ() {
        let of = |tag: &str| Spelling::of(tag);
        let current = of("v1.2.3-alpine").expect("a version");
        assert!(current.is_like(&of("v1.3.0-alpine").expect("a version")));
        assert!(!current.is_like(&of("1.3.0-alpine").expect("a version")));
        assert!(!current.is_like(&of("v1.3.0").expect("a version")));
        assert_eq!(current.tag(&Version::new(2, 0, 0)), "v2.0.0-alpine");
        assert!(["13-slim", "latest", "v1.2", ""].iter().all(|tag| of(tag).is_none()));
    }
}
