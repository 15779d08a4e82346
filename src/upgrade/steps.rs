//! What upstream says to a step from version to version, by the table of `step_table.rs`. Of a program that this does not know it is
//! told which minors are skipped, since every project asks to read the notes of each.

use semver::Version;

use super::finding::{Finding, Weight};
use super::step::{Step, version};
use super::step_table::ROWS;
use crate::document::{VersionStep, fits};

/// The versions of Kubernetes that a minor of Argo CD is tested with: `docs/operator-manual/tested-kubernetes-versions.md`.
const TESTED: [(u64, u64, [u64; 2]); 3] = [(3, 4, [32, 35]), (3, 5, [33, 36]), (3, 6, [34, 37])];

/// What the lock of a bundle knows of a step.
#[must_use]
pub fn findings_by(rows: &[VersionStep], step: &Step) -> Vec<Finding> {
    let is_in = |version: &Version, range: &str| fits(&version.to_string(), range) == Some(true);
    let covers =
        |row: &&VersionStep| row.program == step.program && is_in(&step.from, &row.from) && is_in(&step.to, &row.to);
    let finding = |row: &VersionStep| {
        let (code, weight) =
            if row.refused { ("step-forbidden", Weight::Stops) } else { ("step-notes", Weight::Warns) };
        let finding = Finding::new(code, weight, step.said(), &row.says).source(&row.source);
        finding.remedy(row.remedy.as_deref().unwrap_or_default())
    };
    rows.iter().filter(covers).map(finding).collect()
}

/// What upstream says to a step.
#[must_use]
pub fn findings(step: &Step) -> Vec<Finding> {
    let rows = ROWS.iter().filter(|row| row.program == step.program && row.when.covers(step));
    let mut found: Vec<Finding> = rows
        .map(|row| {
            let finding = Finding::new(row.code, row.weight, step.said(), row.says).source(row.source);
            if row.remedy.is_empty() { finding } else { finding.remedy(row.remedy) }
        })
        .collect();
    let told: Vec<&str> = found.iter().map(|it| it.code).collect();
    let is_told = |code: &str| told.iter().any(|it| *it == code || *it == "step-forbidden");
    if step.is_down() && !is_told("step-down") {
        let says = "goes down: whether it can read what the newer version has written, nobody has looked at";
        found.push(Finding::new("step-down", Weight::NoWayBack, step.said(), says));
    }
    let skipped = step.skipped();
    if !step.is_down() && (skipped > 0 || step.goes_up_a_major()) && !is_told("step-skips") {
        let says = if step.goes_up_a_major() {
            format!("goes to another major version, {}", step.to.major)
        } else {
            format!("leaves out {skipped} minor version{}", if skipped == 1 { "" } else { "s" })
        };
        found.push(
            Finding::new("step-skips", Weight::Warns, step.said(), says)
                .remedy("read the notes of each version in between: each of them holds"),
        );
    }
    found
}

/// The first and the last minor of Kubernetes 1 that this version of Argo CD is tested with; nothing where that is not known here.
#[must_use]
pub fn tested_with(argocd: &str) -> Option<[u64; 2]> {
    let version = version(argocd)?;
    let row = TESTED.iter().find(|(major, minor, _)| (*major, *minor) == (version.major, version.minor));
    row.map(|(.., range)| *range)
}

/// A Kubernetes that this version of Argo CD is not tested with.
#[must_use]
pub fn untested(argocd: &str, kubernetes: &str) -> Option<Finding> {
    let cluster = version(kubernetes)?;
    let [least, most] = tested_with(argocd)?;
    let is_tested = cluster.major == 1 && (least..=most).contains(&cluster.minor);
    (!is_tested).then(|| {
        Finding::new(
            "kubernetes-untested",
            Weight::Warns,
            format!("Argo CD {argocd}"),
            format!("it is tested with Kubernetes 1.{least} to 1.{most}, and this cluster has {kubernetes}"),
        )
        .source("argo-cd docs/operator-manual/tested-kubernetes-versions.md")
    })
}

#[cfg(test)]
mod tests {
    use super::super::step_table::{ARGOCD, CERT_MANAGER, CROSSPLANE, KYVERNO};
    use super::*;

    type Told = (&'static str, Weight);

    fn found(program: &str, from: &str, to: &str) -> Vec<Told> {
        let step = Step::of(program, from, to).unwrap_or_else(|| panic!("{program} {from} {to} is a step"));
        findings(&step).iter().map(|it| (it.code, it.weight)).collect()
    }

    #[test]
    fn what_upstream_forbids_stops_and_what_it_notes_is_told() {
        use Weight::{NoWayBack, Stops, Warns};
        let (forbidden, notes) = (("step-forbidden", Stops), ("step-notes", Warns));
        let (skips, down) = (("step-skips", Warns), ("step-down", NoWayBack));
        let table: [(&str, &str, &str, &[Told]); 23] = [
            (CROSSPLANE, "1.18.0", "1.19.0", &[]),
            (CROSSPLANE, "1.18.0", "1.20.0", &[forbidden]),
            (CROSSPLANE, "1.20.0", "2.0.0", &[skips]),
            (CROSSPLANE, "1.20.0", "2.1.0", &[forbidden]),
            (CROSSPLANE, "1.19.3", "2.0.0", &[forbidden]),
            (CROSSPLANE, "v2.0.1", "v2.1.0", &[]),
            (CROSSPLANE, "2.1.0", "1.20.0", &[down]),
            (CROSSPLANE, "2.1.0", "2.1.3", &[]),
            (KYVERNO, "1.18.2", "1.19.1", &[]),
            (KYVERNO, "1.16.0", "1.19.1", &[skips]),
            (KYVERNO, "1.20.0", "1.21.0", &[]),
            (KYVERNO, "1.19.1", "1.21.0", &[forbidden]),
            (ARGOCD, "3.6.0", "3.6.1", &[]),
            (ARGOCD, "3.5.1", "3.6.1", &[notes]),
            (ARGOCD, "3.4.4", "3.6.1", &[notes, notes, skips]),
            (ARGOCD, "3.2.0", "3.3.1", &[forbidden]),
            (ARGOCD, "3.2.0", "3.3.2", &[notes]),
            (ARGOCD, "2.13.0", "3.6.1", &[forbidden, notes, notes, notes, notes]),
            (ARGOCD, "3.6.1", "3.5.1", &[down]),
            (CERT_MANAGER, "1.19.0", "1.21.0", &[skips, notes]),
            ("other", "1.0.0", "1.2.0", &[skips]),
            ("other", "1.0.0", "2.0.0", &[skips]),
            ("other", "1.2.0", "1.1.0", &[down]),
        ];
        for (program, from, to, expected) in table {
            assert_eq!(found(program, from, to), expected, "{program} {from} -> {to}");
        }
    }

    #[test]
    fn a_lock_adds_rows_of_its_own() {
        let row = |refused: bool| VersionStep {
            program: "other".to_owned(),
            from: "<2".to_owned(),
            to: ">=2".to_owned(),
            refused,
            says: "the old database is not read".to_owned(),
            remedy: Some("dump it".to_owned()),
            source: "its docs".to_owned(),
        };
        let by = |refused: bool, from: &str, to: &str| {
            let step = Step::of("other", from, to).expect("a step");
            findings_by(&[row(refused)], &step).into_iter().map(|it| (it.code, it.weight)).collect::<Vec<_>>()
        };
        assert_eq!(by(true, "1.9.0", "2.0.0"), [("step-forbidden", Weight::Stops)]);
        assert_eq!(by(false, "1.9.0", "2.0.0"), [("step-notes", Weight::Warns)]);
        assert_eq!(by(true, "2.0.0", "2.1.0"), []);
    }

    #[test]
    fn a_kubernetes_that_nobody_has_tested_is_told() {
        for (argocd, kubernetes, is_told) in [
            ("3.6.1", "v1.37.2", false),
            ("3.6.1", "v1.33.4-gke.1", true),
            ("3.5.1", "v1.37.2", true),
            ("3.9.0", "v1.50.0", false),
        ] {
            assert_eq!(untested(argocd, kubernetes).is_some(), is_told, "{argocd} {kubernetes}");
        }
    }
}
