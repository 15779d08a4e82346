//! The handover: Argo CD syncs exactly this commit, our ownership is released, and the result is proved.

use serde_json::Value;

use crate::argocd::canary::{self, Heal};
use crate::argocd::proof::{self, Claim, Drift};
use crate::argocd::{self, Application, Proof};
use crate::engine::{Cluster, ObjectRef};
use crate::report::{Console, Failure, Outcome};

/// What is handed over.
pub struct Handover<'a> {
    /// The commit.
    pub revision: &'a str,
    /// The URL of the hub repository, as Argo CD reads it.
    pub repository: &'a str,
    /// The Applications of the hub.
    pub applications: &'a [String],
    /// The objects of the bootstrap, as git holds them at the commit.
    pub objects: &'a [Value],
    /// Whether this run has changed anything in git or on the cluster so far.
    pub changed: bool,
}

impl Handover<'_> {
    /// Waits, releases, probes, proves. Every part finds out for itself what is left to do, so this is the same for a
    /// first install, a re-run and a resumed run.
    ///
    /// The root Application is released last, after the drift canary was healed: as long as it is ours, the handover
    /// is unfinished, whichever run finds it so.
    pub async fn complete(&self, cluster: &Cluster, console: &Console) -> Outcome<Proof> {
        self.wait(cluster, console).await?;
        console.done("sync", format!("{} Applications at {}", self.applications.len(), self.revision));
        let managers_before = proof::managers(cluster, self.objects).await?;
        let root = Application::reference("root");
        let unfinished = self.changed || argocd::is_unreleased(cluster, &root).await?;

        let others: Vec<ObjectRef> = self.objects.iter().map(ObjectRef::of).filter(|it| *it != root).collect();
        let mut released = argocd::release(cluster, &others).await?;
        let mut drift = Drift::Leave;
        if unfinished || released.rewritten > 0 {
            // What only the bootstrap had set is a difference from now on; Argo CD prunes it.
            argocd::compare_anew(cluster, console, &["root", "argocd"]).await?;
            self.wait(cluster, console).await?;
            drift = Drift::Found(canary::probe(cluster, console).await?);
        }
        let healed = !matches!(drift, Drift::Found(Heal::Failed(_)));
        if unfinished && healed {
            released += argocd::release(cluster, &[root]).await?;
            argocd::compare_anew(cluster, console, &["root"]).await?;
        }
        console.done(
            "release",
            format!("{} objects released, {} had nothing of ours", released.rewritten, released.untouched),
        );
        if healed {
            self.wait(cluster, console).await?;
        }
        let claim = Claim {
            revision: self.revision,
            repository: self.repository,
            applications: self.applications,
            objects: self.objects,
            managers_before,
            drift,
        };
        Proof::of(claim, cluster, console).await
    }

    async fn wait(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        argocd::wait_synced(cluster, console, self.applications, self.revision).await
    }
}

/// A proof that does not hold is a failure that lists what is wrong.
pub fn demand(proof: &Proof) -> Outcome<()> {
    if proof.holds {
        return Ok(());
    }
    Err(Failure::failed("the handover does not hold")
        .details(proof.failures())
        .hint("mend what is listed (in git, where git is wrong) and run again"))
}
