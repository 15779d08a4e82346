//! Versions, and the ranges that beads name.

use semver::{Version, VersionReq};

use super::bead::Dependency;

/// Whether a version of a program is in a range; `None` when it is no version. What providers append to it
/// (`v1.29.4-gke.100`) does not count: a range would not match that.
#[must_use]
pub fn fits(version: &str, range: &str) -> Option<bool> {
    let version = Version::parse(version.trim_start_matches('v')).ok()?;
    let plain = Version::new(version.major, version.minor, version.patch);
    Some(VersionReq::parse(range).is_ok_and(|range| range.matches(&plain)))
}

impl Dependency {
    /// Whether this version of the other bead will do.
    #[must_use]
    pub fn takes(&self, version: &str) -> bool {
        let Some(range) = &self.version else { return true };
        VersionReq::parse(range).is_ok_and(|it| Version::parse(version).is_ok_and(|version| it.matches(&version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_compared_without_what_providers_append() {
        for (version, range, fit) in [
            ("v1.29.4-gke.100", ">=1.29", Some(true)),
            ("v1.28.15", ">=1.29", Some(false)),
            ("2.3.5", ">=1.20, <3", Some(true)),
            ("latest", ">=1", None),
        ] {
            assert_eq!(fits(version, range), fit, "{version} {range}");
        }
    }

    #[test]
    fn a_bead_is_compared_with_all_of_its_version() {
        let need = |version: Option<&str>| Dependency { bead: "a".to_owned(), version: version.map(str::to_owned) };
        assert!(need(None).takes("0.0.1-rc.1") && need(Some("^1")).takes("1.9.0"));
        assert!(!need(Some("^1")).takes("2.0.0") && !need(Some("^1")).takes("1.0.0-rc.1"));
    }
}
