//! Versions of programs and beads, held against the ranges that beads name.

use semver::Version;

use super::bead::Dependency;
use crate::schema::VersionRange;

/// Whether a version of a program is in a range; `None` when it is no version. What providers append to it
/// (`v1.29.4-gke.100`) does not count: a range would not match that.
#[must_use]
pub fn fits(version: &str, range: &str) -> Option<bool> {
    let version = plain(version)?;
    Some(VersionRange::parse(range).is_ok_and(|range| range.has(&version)))
}

/// The three numbers of a version. Those of clouds are no semantic versions always: `v1.28.3-r0.01`.
fn plain(version: &str) -> Option<Version> {
    let version = version.trim_start_matches('v');
    let numbers = version.find(['-', '+']).map_or(version, |end| &version[..end]);
    Version::parse(numbers).ok()
}

impl Dependency {
    /// Whether this version of the other bead will do.
    #[must_use]
    pub fn takes(&self, version: &str) -> bool {
        let Some(range) = &self.version else { return true };
        VersionRange::parse(range).is_ok_and(|it| Version::parse(version).is_ok_and(|version| it.has(&version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `kubectl version` tells of the clusters of the field.
    #[test]
    fn a_version_is_compared_without_what_providers_append() {
        for version in [
            "v1.29.4",
            "1.29.4",
            "v1.29.4-gke.100",
            "v1.29.4-gke.1043002",
            "v1.29.4-eks-a18cd3a",
            "v1.29.4+k3s1",
            "v1.29.4-rc1+k3s1",
            "v1.29.4+rke2r1",
            "v1.29.4-rancher1-1",
            "v1.29.4+4fab27b",         // OpenShift
            "v1.29.4+IKS",             // IBM
            "v1.29.4+vmware.1-fips.1", // Tanzu
            "v1.29.4+vmware.wcp.1",    // vSphere
            "v1.29.4-aliyun.1",        // Alibaba
            "v1.29.4-tke.3",           // Tencent
            "v1.29.4-r0-29.0.8.3",     // Huawei
            "v1.29.4-vke.5",           // Volcano Engine
            "v1.29.4-mirantis-1",      // MKE
            "v1.29.4+k0s.0",
            "v1.29.4-alpha.0.12+abc", // a build of one's own
            "v1.29.4-dkp.01",         // no semantic version
        ] {
            for (range, fit) in
                [(">=1.29", true), ("1.29", true), ("1.29.4", true), ("^1.20 <1.30", true), (">=1.30", false)]
            {
                assert_eq!(fits(version, range), Some(fit), "{version} {range}");
            }
        }
        for version in ["latest", "", "v1.29", "1.29.x", "sha256"] {
            assert_eq!(fits(version, "*"), None, "{version}");
        }
    }

    #[test]
    fn a_bead_is_compared_with_all_of_its_version() {
        let need = |version: Option<&str>| Dependency { bead: "a".to_owned(), version: version.map(str::to_owned) };
        assert!(need(None).takes("0.0.1-rc.1") && need(Some("^1")).takes("1.9.0"));
        assert!(!need(Some("^1")).takes("2.0.0") && !need(Some("^1")).takes("1.0.0-rc.1"));
        assert!(need(Some("1.2")).takes("1.2.9") && !need(Some("1.2")).takes("1.3.0"));
    }
}
