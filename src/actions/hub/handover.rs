//! The handover: Argo CD syncs exactly this commit, our ownership is released, and the result is proved.

use serde_json::Value;

use crate::argocd::proof::{self, Claim};
use crate::argocd::{self, Proof};
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
    /// Waits, releases, waits again, proves. Every part finds out for itself what is left to do, so this is the
    /// same for a first install, a re-run and a resumed run.
    pub async fn complete(&self, cluster: &Cluster, console: &Console) -> Outcome<Proof> {
        self.wait(cluster, console).await?;
        console.done("sync", format!("{} Applications at {}", self.applications.len(), self.revision));
        let managers_before = proof::managers(cluster, self.objects).await?;
        let names: Vec<ObjectRef> = self.objects.iter().map(ObjectRef::of).collect();
        let released = argocd::release(cluster, &names).await?;
        if released.rewritten > 0 {
            // What only the bootstrap had set is a difference from now on; Argo CD prunes it.
            argocd::compare_anew(cluster, console, &["root", "argocd"]).await?;
            self.wait(cluster, console).await?;
        }
        console.done(
            "release",
            format!("{} objects released, {} had nothing of ours", released.rewritten, released.untouched),
        );
        let proof = self.prove(cluster, console, managers_before, self.changed || released.rewritten > 0).await?;
        self.wait(cluster, console).await?;
        Ok(proof)
    }

    async fn prove(
        &self,
        cluster: &Cluster,
        console: &Console,
        managers_before: std::collections::BTreeMap<String, usize>,
        probe: bool,
    ) -> Outcome<Proof> {
        let claim = Claim {
            revision: self.revision,
            repository: self.repository,
            applications: self.applications,
            objects: self.objects,
            managers_before,
            probe,
        };
        Proof::of(claim, cluster, console).await
    }

    async fn wait(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        argocd::wait_synced(cluster, console, self.applications, self.revision, self.repository).await
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
