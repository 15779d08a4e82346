//! What Argo CD makes of the version of a chart that it fetches.

use std::sync::LazyLock;

use regex::Regex;

use super::hub::Chart;
use crate::schema::{VersionRange, is_template};

/// What a version asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// One version. Argo CD reads `1.2` as one, and finds it by that very text (`util/versions`).
    Version,
    /// The newest that is in it.
    Range,
    /// Neither: a tag of a registry, such as `latest`.
    Tag,
}

/// One to three numbers, a prerelease, a build.
static VERSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$").ok());

impl Asked {
    /// What a text asks for.
    #[must_use]
    pub fn by(version: &str) -> Self {
        if VERSION.as_ref().is_some_and(|it| it.is_match(version)) {
            Self::Version
        } else if VersionRange::parse(version).is_ok() {
            Self::Range
        } else {
            Self::Tag
        }
    }
}

/// What is wrong with the version of a chart, and what would be right. Of a template in it others tell.
pub(super) fn mistake(chart: &Chart) -> Option<(String, &'static str)> {
    let version = chart.version.as_deref().filter(|it| !is_template(it))?;
    if version.trim().is_empty() {
        return Some(("the version of the chart is empty".to_owned(), "write the version, or a range such as `1.2.x`"));
    }
    (chart.repository.is_some() && Asked::by(version) == Asked::Tag).then(|| {
        let message = format!(
            "`{version}` is neither a version nor a range of versions, and a Helm repository has no other names"
        );
        (message, "write the version, or a range such as `1.2.x`; the newest of all is `*`")
    })
}

/// What may come of the version of a chart in a registry without a commit, or never.
#[must_use]
pub fn doubt(chart: &Chart) -> Option<String> {
    let (oci, version) = chart.oci.as_ref().zip(chart.version.as_ref()).filter(|_| chart.digest.is_none())?;
    match Asked::by(version) {
        Asked::Version => None,
        Asked::Range => Some(format!(
            "the chart is the newest that {oci} has of `{version}`, and Argo CD does not find that where its version has a `+`, for which its tag \
             has `_`"
        )),
        Asked::Tag => {
            Some(format!("the chart is what {oci} has under the tag `{version}`, which anybody who may push can move"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_a_range_and_a_tag_are_told_apart() {
        for version in ["1.2.3", "v1.2.3", "1.2", "1", "1.2.3-rc.1", "1.2.3+up4"] {
            assert_eq!(Asked::by(version), Asked::Version, "{version}");
        }
        for range in ["*", "1.2.x", "^1", "~1.2", ">=1.2 <2", "1.2 || 3", "1.2 - 1.4"] {
            assert_eq!(Asked::by(range), Asked::Range, "{range}");
        }
        for tag in ["latest", "stable", "1.2.3.4", "main-abc"] {
            assert_eq!(Asked::by(tag), Asked::Tag, "{tag}");
        }
    }

    #[test]
    fn what_a_repository_never_has_is_a_mistake_and_what_a_registry_may_have_a_doubt() {
        let chart = |source: &str, version: &str| {
            let none = Chart {
                repository: None,
                oci: None,
                path: None,
                locked: None,
                name: None,
                version: None,
                digest: None,
            };
            let (version, address) = (Some(version.to_owned()), Some("x".to_owned()));
            if source == "oci" {
                Chart { oci: address, version, ..none }
            } else {
                Chart { repository: address, version, ..none }
            }
        };
        for (source, version, wrong) in [
            ("repository", "1.2.3", None),
            ("repository", ">=1", None),
            ("repository", "latest", Some("neither a version nor a range")),
            ("repository", "", Some("is empty")),
            ("oci", " ", Some("is empty")),
            ("oci", "latest", None),
        ] {
            let found = mistake(&chart(source, version)).map(|(message, _)| message);
            assert_eq!(found.is_some(), wrong.is_some(), "{source} {version}: {found:?}");
            assert!(wrong.is_none_or(|words| found.is_some_and(|it| it.contains(words))), "{source} {version}");
        }
        for (source, version, words) in [
            ("oci", "1.2.3", None),
            ("oci", "1.2.x", Some("for which its tag has `_`")),
            ("oci", "latest", Some("under the tag `latest`")),
            ("repository", "1.2.x", None),
        ] {
            let found = doubt(&chart(source, version));
            assert_eq!(found.is_some(), words.is_some(), "{source} {version}: {found:?}");
            assert!(words.is_none_or(|words| found.is_some_and(|it| it.contains(words))), "{source} {version}");
        }
        let pinned = Chart { digest: Some("sha256:0".to_owned()), ..chart("oci", "1.2.x") };
        assert_eq!(doubt(&pinned), None, "a digest is asked for instead");
    }
}
