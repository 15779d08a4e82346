//! Ranges that are a version and nothing else, which do not mean to every reader what they mean here.

use super::bead::Bead;
use crate::report::Diagnostic;

/// A warning for each range of a bead that is a version without an operator. Earlier versions of this program read `1.2.3` as `^1.2.3`,
/// as Cargo does.
#[must_use]
pub fn bare_ranges(bead: &Bead) -> Vec<Diagnostic> {
    let requires = &bead.spec.requires;
    let of_programs = [
        ("kubernetes", &requires.kubernetes),
        ("argocd", &requires.argocd),
        ("crossplane", &requires.crossplane),
        ("kyverno", &requires.kyverno),
    ];
    let of_programs = of_programs.into_iter().map(|(name, range)| (format!("spec.requires.{name}"), range));
    let of_beads = bead.spec.depends_on.iter().enumerate();
    let of_beads = of_beads.map(|(index, it)| (format!("spec.dependsOn[{index}].version"), &it.version));
    let told = of_programs.chain(of_beads).filter_map(|(path, range)| {
        let range = range.as_deref()?;
        let (meaning, exactly) = bare(range)?;
        let plain = range.trim();
        let message = format!("`{path}` is `{plain}`, and that is {meaning}");
        let hint = format!("write `^{plain}` if later versions are meant, else `{exactly}`");
        Some(Diagnostic::warning(path, message).hint(hint))
    });
    told.collect()
}

/// What a version without an operator is as a range, and how that is written so that nobody reads it otherwise.
fn bare(range: &str) -> Option<(String, String)> {
    let version = range.trim();
    let plain = version.strip_prefix('v').unwrap_or(version);
    let numbers = plain.split(['-', '+']).next()?;
    let is_bare = !plain.is_empty() && plain.chars().all(|it| it.is_ascii_alphanumeric() || "-+.".contains(it));
    if !is_bare || !numbers.split('.').all(|it| it.parse::<u64>().is_ok()) {
        return None;
    }
    Some(match numbers.split('.').count() {
        3 => ("that version alone".to_owned(), format!("={version}")),
        _ => (format!("`{numbers}.x` alone"), format!("{numbers}.x")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::bead_rules::read_bead;
    use super::*;

    #[test]
    fn a_version_alone_is_told_and_a_range_is_not() {
        for (range, exactly) in [
            ("1.2.3", Some("=1.2.3")),
            ("v1.2.3-rc.1", Some("=v1.2.3-rc.1")),
            ("1.30", Some("1.30.x")),
            ("v2", Some("2.x")),
            ("^1.2.3", None),
            ("=1.2.3", None),
            ("1.30.x", None),
            ("*", None),
            (">=1.2 <2", None),
            ("1.2 - 1.4", None),
        ] {
            assert_eq!(bare(range).map(|(_, exactly)| exactly).as_deref(), exactly, "{range}");
        }
    }

    #[test]
    fn each_is_told_with_its_path() {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: b}\nspec:\n  version: 0.1.0\n  \
                    requires: {kubernetes: \"1.30\", argocd: \">=3\"}\n  dependsOn: [{bead: a, version: 1.2.3}]\n  \
                    application: {namespace: b, manifests: app}\n";
        let bead = read_bead("bead.yaml", text).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let told: Vec<String> = bare_ranges(&bead).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`spec.requires.kubernetes` is `1.30`, and that is `1.30.x` alone (hint: write `^1.30` if later versions are meant, else `1.30.x`)",
                "`spec.dependsOn[0].version` is `1.2.3`, and that is that version alone (hint: write `^1.2.3` if later versions are meant, else `=1.2.3`)",
            ]
        );
    }
}
