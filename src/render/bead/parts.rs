//! The Applications of a bead: a parent, and one for each part, in the order in which they come up.

use serde_json::{Value, json};

use super::namespace::Writer;
use crate::document::{Bead, Resolved};
use crate::hub_repository::layout::{APPS, BeadFile, CHART, RepoFile, folder_of_bead};
use crate::object::annotate;
use crate::render::applications::{
    PlacedChart, application, beside, deploy_chart, in_hub_repository, leave_alone, own_folder,
};
use crate::words::argo;
use crate::words::bead::{self, PARTS};

/// The parts on which the data of others hangs: Argo CD asks before it removes anything of them.
pub const BEHIND: [Part; 2] = [Part::Providers, Part::Apis];

/// A part of a bead, in the order of [`PARTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Crossplane's provider and function packages.
    Providers,
    /// Composite APIs: configuration packages, XRDs, Compositions.
    Apis,
    /// How the providers reach what they manage.
    Config,
    /// Kyverno policies.
    Policies,
    /// The application.
    Application,
}

impl Part {
    /// Its name: of its folder, and behind the name of the bead in that of its Application.
    #[must_use]
    pub fn name(self) -> &'static str {
        PARTS[self as usize]
    }

    /// Its sync wave in the bead: each waits until the one before it is healthy, and is removed before it.
    fn wave(self) -> i32 {
        match self {
            Self::Providers => argo::FIRST_PART_WAVE,
            Self::Apis => 10,
            Self::Config => 20,
            Self::Policies => 30,
            Self::Application => 40,
        }
    }

    fn options(self, bead: &Bead, namespace: Writer) -> Vec<&'static str> {
        let makes = (namespace != Writer::Above).then_some("CreateNamespace=true");
        match self {
            // Their kinds come with packages, while they are synced. Before the first apply Argo CD tries every object, and one of a
            // kind that is not served yet would end the sync there.
            Self::Providers | Self::Apis => {
                ["SkipDryRunOnMissingResource=true"].into_iter().chain(argo::CONFIRM).collect()
            }
            Self::Config => vec!["SkipDryRunOnMissingResource=true"],
            Self::Policies => Vec::new(),
            // A removal takes its first steps between the request and the approval.
            Self::Application if !bead.spec.uninstall.first.is_empty() => {
                makes.into_iter().chain(["Delete=confirm"]).collect()
            }
            Self::Application => makes.into_iter().collect(),
        }
    }
}

/// The file of the Application above the parts of a bead. While it is in git the bead is on the hub.
#[must_use]
pub fn parent_file(bead: &str) -> String {
    RepoFile::Application(&bead::parent(bead)).path()
}

/// The parent Application, a child of the root. `depth` is how many beads have to be there before it.
pub fn parent(bead: &Bead, hub: &Resolved, depth: usize) -> Value {
    let wave = argo::BEAD_WAVE + i32::try_from(depth.min(argo::LONGEST_CHAIN)).unwrap_or_default();
    let mut object = application(&bead.application_name(), wave, argo::HUB, argo::NAMESPACE, &[]);
    object["metadata"]["finalizers"] = json!([argo::CASCADE]);
    object["spec"]["source"] = in_hub_repository(hub, &format!("{}/{APPS}", folder_of_bead(&bead.metadata.name)));
    object
}

/// The Application of a part.
pub fn part(bead: &Bead, part: Part, hub: &Resolved, writer: Writer) -> Value {
    let namespace = &bead.spec.application.namespace;
    let mut object = application(
        &bead.part_application(part.name()),
        part.wave(),
        &bead.application_name(),
        namespace,
        &part.options(bead, writer),
    );
    object["metadata"]["finalizers"] = json!([argo::CASCADE]);
    let folder = folder_of_bead(&bead.metadata.name);
    match &bead.spec.application.chart {
        Some(chart) if part == Part::Application => {
            let values = RepoFile::Bead(&bead.metadata.name, BeadFile::Values).path();
            let chart_folder = own_folder(chart).unwrap_or_else(|| format!("{folder}/{CHART}"));
            let placed = PlacedChart { release: &bead.metadata.name, values: &values, folder: &chart_folder };
            deploy_chart(&mut object, chart, &placed, hub);
            if !bead.spec.application.hooks.is_empty() {
                beside(&mut object, in_hub_repository(hub, &format!("{folder}/{}", part.name())));
            }
        }
        _ => object["spec"]["source"] = in_hub_repository(hub, &format!("{folder}/{}", part.name())),
    }
    if part == Part::Application {
        leave_alone(&mut object["spec"], &bead.spec.application.ignore_differences);
    }
    if part == Part::Policies {
        // Kyverno writes defaults and rules of its own into policies.
        annotate(&mut object, argo::COMPARE_OPTIONS, "ServerSideDiff=true,IncludeMutationWebhook=true");
    }
    object
}
