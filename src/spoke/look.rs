//! The hub that a spoke is registered in, and the clusters that it knows: looked at before anything is written.

use crate::argocd::{Spoke, Spokes};
use crate::bead::no_hub;
use crate::cluster::connect;
use crate::document::SpokeStep;
use crate::engine::{Cluster, ownership};
use crate::object::str_at;
use crate::report::{Failure, Outcome};
use crate::run::Run;
use crate::words::{argo, spoke};

/// A hub as a spoke meets it.
pub struct Hub {
    /// Its cluster.
    pub cluster: Cluster,
    /// The clusters that it knows, each of them readable.
    pub spokes: Spokes,
    /// The address of its repository, as Argo CD reads it.
    pub repository: String,
    /// The branch that it follows.
    pub branch: String,
}

impl Hub {
    /// Finds the hub on the cluster. Refuses one that is not handed over, and one with a Secret of a cluster that says nothing:
    /// whoever has written it, Argo CD deletes no Application of any `ApplicationSet` until it is mended.
    pub async fn of(step: &SpokeStep, run: &mut Run<'_>) -> Outcome<Self> {
        let cluster = connect(&step.cluster, run).await?;
        let root = cluster.get(&argo::application(argo::ROOT)).await?.ok_or_else(no_hub)?;
        if ownership::is_unreleased(&root) {
            return Err(Failure::refused("the handover of this hub is unfinished; nothing was changed")
                .hint("run the installation of the hub to its end first"));
        }
        let spokes = Spokes::of(&cluster).await?;
        demand_readable(&spokes)?;
        let of_source = |field: &str| str_at(&root, &format!("/spec/source/{field}")).to_owned();
        Ok(Self { cluster, spokes, repository: of_source("repoURL"), branch: of_source("targetRevision") })
    }

    /// The same hub, with its spokes as they are now.
    pub async fn again(&self) -> Outcome<Self> {
        let spokes = Spokes::of(&self.cluster).await?;
        let (cluster, repository, branch) = (self.cluster.clone(), self.repository.clone(), self.branch.clone());
        Ok(Self { cluster, spokes, repository, branch })
    }

    /// Demands that the hub has what the probes of spokes are synced by.
    pub async fn demand_probes(&self) -> Outcome<()> {
        let project = argo::project(spoke::PROJECT);
        if self.cluster.metadata(&project).await?.is_some() {
            return Ok(());
        }
        Err(Failure::refused(format!("the hub has no {project}; nothing was changed"))
            .hint("upgrade the hub first, with a bundle of this version: it brings what spokes are proven by"))
    }

    /// The spoke of the step, where it is registered.
    pub fn spoke(&self, name: &str) -> Option<&Spoke> {
        let secret = spoke::secret(name);
        self.spokes.all.iter().find(|it| it.secret.object == secret)
    }
}

fn demand_readable(spokes: &Spokes) -> Outcome<()> {
    if spokes.broken.is_empty() {
        return Ok(());
    }
    let count = spokes.broken.len();
    Err(Failure::refused(format!("{count} of the clusters that Argo CD knows say nothing; nothing was changed"))
        .details(spokes.broken.iter().map(|it| format!("{}: {}", it.secret, it.why)))
        .hint("mend or delete the Secret: while it is there, Argo CD deletes no Application of any ApplicationSet"))
}
