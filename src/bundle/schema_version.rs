//! `schemaVersion`: whether Porter takes the bundle at all, and what its templates look like.

use semver::Version;

use super::template::Delimiters;

/// The version of the format that a `porter.yaml` is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SchemaVersion(Option<Version>);

impl SchemaVersion {
    /// Reads a version as Porter does: a `v` before it is left out, parts that are missing are 0
    /// (`NewVersion` of `github.com/Masterminds/semver`).
    pub fn read(text: &str) -> Self {
        let text = text.strip_prefix('v').unwrap_or(text);
        let core_ends = text.find(['-', '+']).unwrap_or(text.len());
        let (core, rest) = text.split_at(core_ends);
        let missing = 3_usize.saturating_sub(core.split('.').count());
        Self(Version::parse(&[core, &".0".repeat(missing), rest].concat()).ok())
    }

    /// Whether Porter 1.6 reads such a bundle: by its own settings (`SupportedSchemaVersions` in its `pkg/manifest`), or
    /// with one of its experimental features.
    pub fn is_supported(&self) -> bool {
        let Some(version) = &self.0 else { return false };
        let first = first_with_templates();
        let is_stable = version.pre.is_empty();
        version.cmp_precedence(&first).is_eq()
            || (is_stable && version.major == 1 && (version.minor, version.patch) <= (0, 1))
            || (is_stable && version.major == 1 && (1..=3).contains(&version.minor))
    }

    /// What opens and closes a template: `${ }` in everything behind 1.0.0-alpha.1, and mustache's own `{{ }}` in what
    /// is older or has no version (`GetTemplatePrefix` in Porter's `pkg/manifest`).
    pub fn delimiters(&self) -> Delimiters {
        let is_newer = self.0.as_ref().is_some_and(|version| version.cmp_precedence(&first_with_templates()).is_gt());
        if is_newer { Delimiters::dollar() } else { Delimiters::braces() }
    }
}

fn first_with_templates() -> Version {
    let pre = semver::Prerelease::new("alpha.1").unwrap_or_default();
    Version { pre, ..Version::new(1, 0, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn porter_reads_these_versions_and_no_others() {
        for text in ["1.0.0-alpha.1", "1.0.0", "1.0.1", "v1.0.1", "1.0", "1", "1.0.1+x", "1.1.0", "1.3.0"] {
            assert!(SchemaVersion::read(text).is_supported(), "{text}");
        }
        for text in ["", "0.9.0", "1.0.2", "1.0.0-alpha.2", "1.0.0-beta", "2.0.0", "1.4.0", "x", "1.0.0.0", "1.1.0-rc"]
        {
            assert!(!SchemaVersion::read(text).is_supported(), "{text}");
        }
    }
}
