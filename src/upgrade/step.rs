//! A step of a program from one version to another.

use semver::Version;

/// A step of a program from one version to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The program, as its chart or asset is called.
    pub program: String,
    /// The version that is there.
    pub from: Version,
    /// The version that is to come.
    pub to: Version,
}

/// The most minors that are counted: projects have fewer.
const MOST: u64 = 100;

impl Step {
    /// A step between two versions as they are written; `None` where one of them is none, or where nothing changes.
    #[must_use]
    pub fn of(program: &str, from: &str, to: &str) -> Option<Self> {
        let (from, to) = (version(from)?, version(to)?);
        (from != to).then(|| Self { program: program.to_owned(), from, to })
    }

    /// Whether it goes to a version of this major and minor or above it, from below.
    #[must_use]
    pub fn crosses(&self, major: u64, minor: u64) -> bool {
        let bound = Version::new(major, minor, 0);
        plain(&self.from) < bound && plain(&self.to) >= bound
    }

    /// Whether it stays within its minor.
    #[must_use]
    pub fn is_patch(&self) -> bool {
        (self.from.major, self.from.minor) == (self.to.major, self.to.minor)
    }

    /// As people read it.
    #[must_use]
    pub fn said(&self) -> String {
        format!("{} {} -> {}", self.program, self.from, self.to)
    }

    /// Whether it goes to an older minor.
    #[must_use]
    pub fn is_down(&self) -> bool {
        (self.to.major, self.to.minor) < (self.from.major, self.from.minor)
    }

    /// How many minors are left out. Of another major nobody can count them; the last minor of the old one is what counts there,
    /// and where a table names it, a row says so.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        if self.from.major == self.to.major {
            (self.to.minor.saturating_sub(self.from.minor)).saturating_sub(1).min(MOST)
        } else {
            self.to.minor.min(MOST)
        }
    }

    /// Whether it goes to a later major.
    #[must_use]
    pub fn goes_up_a_major(&self) -> bool {
        self.to.major > self.from.major
    }
}

/// A version as it is written; `None` of other texts.
#[must_use]
pub fn version(text: &str) -> Option<Version> {
    Version::parse(text.trim_start_matches('v')).ok()
}

/// A version without what is appended to it.
#[must_use]
pub fn plain(version: &Version) -> Version {
    Version::new(version.major, version.minor, version.patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_version_or_no_change_is_no_step() {
        assert_eq!(Step::of("a", "latest", "1.0.0"), None);
        assert_eq!(Step::of("a", "v1.0.0", "1.0.0"), None);
    }
}
