//! Which steps from version to version upstream allows and forbids: a table with a source a row.
//!
//! It knows the programs of The BACK Stack as of autumn 2026. Of a program that it does not know it tells which minors are
//! skipped, since every project asks to read the notes of each.

use semver::Version;

use super::finding::{Finding, Weight};
use crate::spec::{VersionStep, fits};

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

/// A row of the table.
struct Row {
    program: &'static str,
    when: When,
    weight: Weight,
    code: &'static str,
    says: &'static str,
    remedy: &'static str,
    source: &'static str,
}

/// Which steps a row is about.
enum When {
    /// Those from below a version to it or above it.
    To(u64, u64, u64),
    /// Those from below a version to one of a range: from the second, to below the third.
    Into([u64; 3], [u64; 3]),
    /// Those from below the first version to the second or above it.
    Over([u64; 3], [u64; 3]),
    /// Those that leave a minor out.
    Skips,
    /// Those to an older minor.
    Down,
}

const ARGOCD: &str = "argocd";
const CROSSPLANE: &str = "crossplane";
const KYVERNO: &str = "kyverno";
const CERT_MANAGER: &str = "cert-manager";

const ROWS: &[Row] = &[
    Row {
        program: ARGOCD,
        when: When::Over([3, 0, 0], [3, 0, 0]),
        weight: Weight::Stops,
        code: "step-forbidden",
        says: "2.x becomes 3.x by 2.14 and 3.0, with a full sync in between: tracking goes from labels to annotations, and what was \
               not synced is an orphan",
        remedy: "go to 2.14, then to 3.0 and sync everything, then on",
        source: "argo-cd docs/operator-manual/upgrading/2.14-3.0.md",
    },
    Row {
        program: ARGOCD,
        when: When::Into([3, 3, 0], [3, 3, 2]),
        weight: Weight::Stops,
        code: "step-forbidden",
        says: "3.3.0 and 3.3.1 fail when they take over what was applied client-side",
        remedy: "go to 3.3.2 or later",
        source: "argo-cd issue 26279, mended in 3.3.2",
    },
    Row {
        program: ARGOCD,
        when: When::To(3, 3, 2),
        weight: Weight::Warns,
        code: "step-notes",
        says: "3.3: the definition of ApplicationSets is too long for client-side apply; whoever applies it without \
               `ServerSideApply=true` fails",
        remedy: "look for Applications of yours that bring Argo CD or its definitions",
        source: "argo-cd docs/operator-manual/upgrading/3.2-3.3.md",
    },
    Row {
        program: ARGOCD,
        when: When::To(3, 4, 0),
        weight: Weight::Warns,
        code: "step-notes",
        says: "3.4: the label kubernetes-version of clusters becomes vMajor.Minor.Patch: cluster generators that select by it match \
               nothing, and their Applications go",
        remedy: "change these generators first",
        source: "argo-cd docs/operator-manual/upgrading/3.3-3.4.md",
    },
    Row {
        program: ARGOCD,
        when: When::To(3, 5, 0),
        weight: Weight::Warns,
        code: "step-notes",
        says: "3.5: Helm 4 renders all charts, `helm.version: v3` is ignored, and plain-http OCI needs insecureOCIForceHttp; a Secret \
               argocd-repo-server-mtls turns mTLS on",
        remedy: "render your charts with Helm 4 and look at the difference",
        source: "argo-cd docs/operator-manual/upgrading/3.4-3.5.md",
    },
    Row {
        program: ARGOCD,
        when: When::To(3, 6, 0),
        weight: Weight::Warns,
        code: "step-notes",
        says: "3.6: server-side apply implies server-side diff: one object whose dry run is refused makes its whole Application Unknown",
        remedy: "look for Applications of yours that are Unknown afterwards",
        source: "argo-cd docs/operator-manual/upgrading/3.5-3.6.md, controller/state.go",
    },
    Row {
        program: ARGOCD,
        when: When::Down,
        weight: Weight::NoWayBack,
        code: "step-down",
        says: "upstream has no notes for a way down; what the newer definitions know and the older lack is lost from every object",
        remedy: "",
        source: "argo-cd docs/operator-manual/upgrading/overview.md",
    },
    Row {
        program: CROSSPLANE,
        when: When::Over([1, 20, 0], [2, 0, 0]),
        weight: Weight::Stops,
        code: "step-forbidden",
        says: "Crossplane 2 is reached from 1.20 alone: what it no longer defines is only migrated there",
        remedy: "go up to 1.20 one minor at a time, then to 2.0",
        source: "crossplane docs guides/upgrade-to-crossplane-v2.md",
    },
    Row {
        program: CROSSPLANE,
        when: When::Skips,
        weight: Weight::Stops,
        code: "step-forbidden",
        says: "Crossplane goes up one minor at a time: its migrations run after its new definitions are applied, so what they lack is \
               never migrated",
        remedy: "bring each minor in between",
        source: "crossplane docs guides/upgrade-crossplane.md; issues 6717, 6555",
    },
    Row {
        program: CROSSPLANE,
        when: When::Down,
        weight: Weight::NoWayBack,
        code: "step-down",
        says: "upstream describes no way down; package revisions, and what only the newer version defines, do not go back",
        remedy: "",
        source: "crossplane docs guides/upgrade-crossplane.md",
    },
    Row {
        program: KYVERNO,
        when: When::Over([1, 20, 0], [1, 21, 0]),
        weight: Weight::Stops,
        code: "step-forbidden",
        says: "1.21 takes away the definitions of the kyverno.io policies, and every object of them; 1.20 is there to convert them by",
        remedy: "go by 1.20, convert all of them to policies.kyverno.io there, then go on",
        source: "kyverno pull request 17718",
    },
    Row {
        program: CERT_MANAGER,
        when: When::Skips,
        weight: Weight::Warns,
        code: "step-skips",
        says: "upstream recommends one minor at a time",
        remedy: "read the notes of each minor in between",
        source: "cert-manager docs installation/upgrade",
    },
    Row {
        program: CERT_MANAGER,
        when: When::To(0, 0, 0),
        weight: Weight::Warns,
        code: "step-notes",
        says: "an upgrade renews the certificates of its webhooks: for up to 90 s its objects are not taken",
        remedy: "",
        source: "cluster-api pull request 10513",
    },
];

/// The versions of Kubernetes that a minor of Argo CD is tested with: `docs/operator-manual/tested-kubernetes-versions.md`.
const TESTED: [(u64, u64, [u64; 2]); 3] = [(3, 4, [32, 35]), (3, 5, [33, 36]), (3, 6, [34, 37])];

/// The most minors that are counted: projects have fewer.
const MOST: u64 = 100;

impl Step {
    /// A step between two versions as they are written; `None` where one of them is none, or where nothing changes.
    #[must_use]
    pub fn of(program: &str, from: &str, to: &str) -> Option<Self> {
        let read = |text: &str| Version::parse(text.trim_start_matches('v')).ok();
        let (from, to) = (read(from)?, read(to)?);
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

    fn said(&self) -> String {
        format!("{} {} -> {}", self.program, self.from, self.to)
    }

    fn is_down(&self) -> bool {
        (self.to.major, self.to.minor) < (self.from.major, self.from.minor)
    }

    /// How many minors are left out. Of another major nobody can count them; the last minor of the old one is what counts there,
    /// and where a table names it, a row says so.
    fn skipped(&self) -> u64 {
        if self.from.major == self.to.major {
            (self.to.minor.saturating_sub(self.from.minor)).saturating_sub(1).min(MOST)
        } else {
            self.to.minor.min(MOST)
        }
    }

    fn goes_up_a_major(&self) -> bool {
        self.to.major > self.from.major
    }
}

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

/// The table of the program, a row in markdown each: which steps, what becomes of them, what there is to know, where it says so.
#[must_use]
pub fn table() -> Vec<String> {
    let row = |row: &Row| {
        let weight = row.weight.name();
        let says = if row.remedy.is_empty() { row.says.to_owned() } else { format!("{}; {}", row.says, row.remedy) };
        format!("| {} | {} | {weight} | {says} | {} |", row.program, row.when.said(), row.source)
    };
    ROWS.iter().map(row).collect()
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

/// A Kubernetes that this version of Argo CD is not tested with.
#[must_use]
pub fn untested(argocd: &str, kubernetes: &str) -> Option<Finding> {
    let read = |text: &str| Version::parse(text.trim_start_matches('v')).ok();
    let (version, cluster) = (read(argocd)?, read(kubernetes)?);
    let (.., [least, most]) =
        TESTED.iter().find(|(major, minor, _)| (*major, *minor) == (version.major, version.minor))?;
    let is_tested = cluster.major == 1 && (*least..=*most).contains(&cluster.minor);
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

impl When {
    fn said(&self) -> String {
        let at = |[major, minor, patch]: [u64; 3]| Version::new(major, minor, patch);
        match *self {
            Self::To(0, 0, 0) => "any way up".to_owned(),
            Self::To(major, minor, patch) => format!("from below {major}.{minor}.{patch} to it or above"),
            Self::Into(first, end) => format!("to {} or above, below {}", at(first), at(end)),
            Self::Over(below, first) => format!("from below {} to {} or above", at(below), at(first)),
            Self::Skips => "leaves out a minor".to_owned(),
            Self::Down => "to an older minor".to_owned(),
        }
    }

    fn covers(&self, step: &Step) -> bool {
        let at = |[major, minor, patch]: [u64; 3]| Version::new(major, minor, patch);
        let (from, to) = (plain(&step.from), plain(&step.to));
        match *self {
            Self::To(0, 0, 0) => to > from,
            Self::To(major, minor, patch) => from < at([major, minor, patch]) && to >= at([major, minor, patch]),
            Self::Into(first, end) => to >= at(first) && to < at(end),
            Self::Over(below, first) => from < at(below) && to >= at(first),
            Self::Skips => !step.is_down() && step.skipped() > 0,
            Self::Down => step.is_down(),
        }
    }
}

/// A version without what is appended to it.
fn plain(version: &Version) -> Version {
    Version::new(version.major, version.minor, version.patch)
}

#[cfg(test)]
mod tests {
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
    fn every_row_has_a_source_and_what_stops_a_remedy() {
        for row in ROWS {
            assert!(!row.source.is_empty(), "{}", row.says);
            assert!(row.weight != Weight::Stops || !row.remedy.is_empty(), "{}", row.says);
        }
    }

    #[test]
    fn what_is_no_version_or_no_change_is_no_step() {
        assert_eq!(Step::of("a", "latest", "1.0.0"), None);
        assert_eq!(Step::of("a", "v1.0.0", "1.0.0"), None);
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
