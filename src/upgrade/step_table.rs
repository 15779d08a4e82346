//! Which steps from version to version upstream allows and forbids: a row each, with its source. It knows the programs of The BACK
//! Stack as of autumn 2026.

use semver::Version;

use super::finding::Weight;
use super::step::{Step, plain};
pub use crate::words::crossplane::PROGRAM as CROSSPLANE;
pub use crate::words::kyverno::PROGRAM as KYVERNO;

/// A row of the table.
pub struct Row {
    /// The program.
    pub program: &'static str,
    /// Which steps.
    pub when: When,
    /// What it is to them.
    pub weight: Weight,
    /// What sort of thing it is.
    pub code: &'static str,
    /// What there is to know.
    pub says: &'static str,
    /// What to do; empty where there is nothing.
    pub remedy: &'static str,
    /// Where upstream says so.
    pub source: &'static str,
}

/// Which steps a row is about.
pub enum When {
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

/// The others of the programs.
pub const ARGOCD: &str = "argocd";
pub const CERT_MANAGER: &str = "cert-manager";

/// All of them.
pub const ROWS: &[Row] = &[
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

    /// Whether a step is one of these.
    pub fn covers(&self, step: &Step) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_source_and_what_stops_a_remedy() {
        for row in ROWS {
            assert!(!row.source.is_empty(), "{}", row.says);
            assert!(row.weight != Weight::Stops || !row.remedy.is_empty(), "{}", row.says);
        }
    }
}
