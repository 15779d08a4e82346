//! What is newer than a version, and how far upstream lets one go in one step. Pure.

use semver::Version;

use super::finding::{Finding, Weight};
use super::step::Step;
use super::steps::{findings, findings_by};
use crate::document::VersionStep;

/// How far a step may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Within the minor.
    Patch,
    /// Within the major.
    Minor,
    /// Anywhere.
    Major,
}

/// The newest releases above a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Newer {
    /// Within its minor.
    pub patch: Option<Version>,
    /// Of a later minor of its major.
    pub minor: Option<Version>,
    /// Of a later major.
    pub major: Option<Version>,
}

impl Newer {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The newest of all.
    #[must_use]
    pub fn newest(&self) -> Option<&Version> {
        self.major.as_ref().or(self.minor.as_ref()).or(self.patch.as_ref())
    }
}

/// What is newer than a version among those that there are. What is not released is nobody's upgrade.
#[must_use]
pub fn newer(current: &Version, all: &[Version]) -> Newer {
    let of = |reach: Reach| all.iter().filter(|it| reach_of(current, it) == Some(reach)).max().cloned();
    Newer { patch: of(Reach::Patch), minor: of(Reach::Minor), major: of(Reach::Major) }
}

/// The newest release within a reach that upstream does not forbid to go to, by what the program and the lock know.
#[must_use]
pub fn newest_allowed(
    program: &str,
    current: &Version,
    all: &[Version],
    reach: Reach,
    rows: &[VersionStep],
) -> Option<Version> {
    let is_allowed = |to: &&Version| {
        reach_of(current, to).is_some_and(|it| it <= reach) && forbidden(program, current, to, rows).is_empty()
    };
    all.iter().filter(is_allowed).max().cloned()
}

/// What upstream says against a step.
#[must_use]
pub fn forbidden(program: &str, from: &Version, to: &Version, rows: &[VersionStep]) -> Vec<Finding> {
    let step = Step { program: program.to_owned(), from: from.clone(), to: to.clone() };
    let all = findings(&step).into_iter().chain(findings_by(rows, &step));
    all.filter(|it| it.weight == Weight::Stops).collect()
}

/// How far a release above a version is; `None` of what is no such one.
fn reach_of(current: &Version, to: &Version) -> Option<Reach> {
    let is_release = to.pre.is_empty();
    (is_release && to > current).then_some(if to.major != current.major {
        Reach::Major
    } else if to.minor != current.minor {
        Reach::Minor
    } else {
        Reach::Patch
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    fn versions(all: &[&str]) -> Vec<Version> {
        all.iter().map(|it| version(it)).collect()
    }

    #[test]
    fn the_newest_of_each_reach_is_found() {
        let all = versions(&["1.2.0", "1.2.3", "1.2.10", "1.3.0", "1.4.1", "2.0.0", "2.1.0-rc.1", "0.9.0"]);
        let found = newer(&version("1.2.3"), &all);
        let expected =
            Newer { patch: Some(version("1.2.10")), minor: Some(version("1.4.1")), major: Some(version("2.0.0")) };
        assert_eq!(found, expected);
        assert_eq!(found.newest(), Some(&version("2.0.0")));
        assert!(newer(&version("2.0.0"), &all).is_none(), "no prerelease");
    }

    #[test]
    fn no_further_than_upstream_lets_one_go() {
        let all = versions(&["2.1.0", "2.1.4", "2.2.1", "2.3.5"]);
        let newest = |reach, rows: &[VersionStep]| {
            newest_allowed("crossplane", &version("2.1.0"), &all, reach, rows).map(|it| it.to_string())
        };
        assert_eq!(newest(Reach::Patch, &[]).as_deref(), Some("2.1.4"));
        assert_eq!(newest(Reach::Minor, &[]).as_deref(), Some("2.2.1"), "one minor at a time");
        let row = VersionStep {
            program: "crossplane".to_owned(),
            from: "2.1".to_owned(),
            to: ">=2.2".to_owned(),
            refused: true,
            says: "not yet".to_owned(),
            remedy: None,
            source: "us".to_owned(),
        };
        assert_eq!(newest(Reach::Major, &[row]).as_deref(), Some("2.1.4"), "what the lock forbids");
        assert_eq!(forbidden("crossplane", &version("2.1.0"), &version("2.3.5"), &[]).len(), 1);
    }
}
