//! The handover: Argo CD syncs exactly this commit, our ownership is released, and the result is proved.

use std::collections::BTreeMap;

use futures::future::try_join;
use serde_json::Value;

use crate::argocd::canary::{self, Heal};
use crate::argocd::{self, Application, Claim, Drift, Goal, Proof, Released};
use crate::engine::ownership::is_unreleased;
use crate::engine::{Cluster, Live};
use crate::git::Access;
use crate::object::ObjectRef;
use crate::publish;
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::{Wait, unless_left, wait_for};
use crate::words::argo;

/// What is handed over.
pub struct Handover<'a> {
    /// The commit.
    pub revision: &'a str,
    /// The commits that this run has waited for before.
    pub earlier: &'a [String],
    /// The URL of the hub repository, as Argo CD reads it.
    pub repository: &'a str,
    /// The hub repository, as this run reaches it.
    pub access: &'a Access,
    /// The Applications of the hub.
    pub applications: &'a [String],
    /// The objects of the bootstrap, as git holds them at the commit.
    pub objects: &'a [Value],
    /// Whether this run has changed anything in git or on the cluster so far.
    pub changed: bool,
    /// What there is of the objects, where this run has looked at them and written nothing since.
    pub seen: Option<Live>,
    /// What left with the commit, by name.
    pub left: &'a [String],
}

impl Handover<'_> {
    /// Waits, releases, probes, proves. Every part finds out for itself what is left to do, so this is the same for a
    /// first install, a re-run and a resumed run.
    ///
    /// The root Application is released last, after the drift canary was healed: as long as it is ours, the handover
    /// is unfinished, whichever run finds it so. There is no proof when somebody has pushed on top of the commit.
    /// `before` are the field managers before the release, once they are known.
    ///
    /// The order is no choice. Released before Argo CD has applied it, an object loses its content. Not released at all, a field
    /// that only the bootstrap had set goes on acting, and Argo CD says Synced; only a comparison after the release shows it. So
    /// Application `argocd` is compared after its objects were released, and `root` after the rest, and again after itself.
    pub async fn complete(
        &self,
        before: &mut Option<BTreeMap<String, usize>>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Option<Proof>> {
        let proof = match self.of_what_is_done(before, cluster, console).await? {
            Some(proof) => Some(proof),
            None => self.hand_over(before, cluster, console).await?,
        };
        let is_of_the_past = proof.as_ref().is_some_and(|it| !it.holds)
            && publish::has_left(self.access, self.revision, cluster.deadline().end()).await;
        Ok(proof.filter(|_| !is_of_the_past))
    }

    /// The proof where nothing is left to do: of the objects as this run has seen them since it has read the commit, root among them,
    /// and of the other Applications as they are now.
    async fn of_what_is_done(
        &self,
        before: &mut Option<BTreeMap<String, usize>>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Option<Proof>> {
        let seen = self.seen.as_ref().filter(|_| !self.changed);
        let Some(seen) = seen.filter(|it| !it.values().flatten().any(is_unreleased)) else { return Ok(None) };
        let applications = argocd::read_applications(cluster, self.applications, Some(seen)).await?;
        let is_synced = |it: &Application| it.blocked_at(self.revision).is_none();
        if !applications.values().all(|it| it.as_ref().is_some_and(is_synced)) {
            return Ok(None);
        }
        self.tell_synced(console);
        tell_released(&Released { rewritten: 0, untouched: seen.keys().filter(|it| **it != root()).count() }, console);
        let before = before.get_or_insert_with(|| argocd::managers(seen)).clone();
        let claim = self.claim(before, Drift::Leave);
        Proof::of_seen(claim, &applications, seen, cluster, console).await.map(Some)
    }

    /// Waits, releases, probes, proves, whatever is left of it to do.
    async fn hand_over(
        &self,
        before: &mut Option<BTreeMap<String, usize>>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Option<Proof>> {
        let root = root();
        let unfinished = self.changed || cluster.metadata(&root).await?.as_ref().is_some_and(is_unreleased);
        let sync = async {
            argocd::wait_synced(cluster, console, self.goal()).await?;
            self.tell_synced(console);
            Ok(())
        };
        let beside = async {
            if unfinished {
                self.release_argocd(before, cluster, console).await
            } else {
                Ok((Released::default(), Drift::Leave))
            }
        };
        // Both are large.
        let both = unless_left(Box::pin(try_join(sync, beside)), self.access, self.revision, cluster).await?;
        let Some(((), (mut released, mut drift))) = both else { return Ok(None) };
        let mut live = argocd::read_objects(cluster, self.objects).await?;
        before.get_or_insert_with(|| argocd::managers(&live));
        let is_left = |it: &ObjectRef| *it != root && !(unfinished && is_of_argocd(it));
        released += argocd::release(cluster, live.iter().filter(|(it, _)| is_left(it))).await?;
        let is_new = unfinished || released.rewritten > 0;
        if is_new {
            let Some(found) = self.compare(drift, cluster, console).await? else { return Ok(None) };
            drift = found;
        }
        let healed = has_healed(&drift);
        if unfinished && healed {
            released += argocd::release(cluster, [(&root, &cluster.metadata(&root).await?)]).await?;
            argocd::compare_anew("release", &[argo::ROOT], cluster, console).await?;
        }
        tell_released(&released, console);
        if healed && self.wait(cluster, console).await? == Wait::Overtaken {
            return Ok(None);
        }
        // What was read before the release is what there is, where there was nothing to release.
        if is_new {
            live = argocd::read_objects(cluster, self.objects).await?;
        }
        let claim = self.claim(before.clone().unwrap_or_default(), drift);
        Proof::of(claim, &live, cluster, console).await.map(Some)
    }

    fn claim(&self, managers_before: BTreeMap<String, usize>, drift: Drift) -> Claim<'_> {
        Claim {
            revision: self.revision,
            repository: self.repository,
            applications: self.applications,
            objects: self.objects,
            managers_before,
            drift,
            left: self.left,
        }
    }

    fn tell_synced(&self, console: &Console) {
        let count = counted(self.applications.len(), "Application");
        console.done("sync", format!("{count} at {}", self.revision));
    }

    /// Releases what Application `argocd` brings as soon as it is synced, whatever else the root goes on with.
    async fn release_argocd(
        &self,
        before: &mut Option<BTreeMap<String, usize>>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<(Released, Drift)> {
        argocd::until_synced(argo::ARGOCD, self.revision, cluster).await?;
        let live = argocd::read_objects(cluster, self.objects).await?;
        before.get_or_insert_with(|| argocd::managers(&live));
        let released = argocd::release(cluster, live.iter().filter(|(it, _)| is_of_argocd(it))).await?;
        Ok((released, self.probe(cluster, console).await?))
    }

    /// Has everything compared after it was released, but the root itself, and waits until what that has shown is gone. Answers
    /// what became of the drift canary, or nothing where somebody has pushed on top of the commit. A run that ends before leaves
    /// the root unreleased, and the next one finds that the handover is unfinished.
    async fn compare(&self, drift: Drift, cluster: &Cluster, console: &Console) -> Outcome<Option<Drift>> {
        let compared = Box::pin(async {
            argocd::compare_anew("release", &[argo::ROOT], cluster, console).await?;
            if drift == Drift::Leave { self.probe(cluster, console).await } else { Ok(drift) }
        });
        let Some(drift) = unless_left(compared, self.access, self.revision, cluster).await? else { return Ok(None) };
        let is_overtaken = has_healed(&drift) && self.wait(cluster, console).await? == Wait::Overtaken;
        Ok(Some(drift).filter(|_| !is_overtaken))
    }

    /// Has Application `argocd` compared after its objects were released, and when what that has shown is gone, probes the drift
    /// canary.
    async fn probe(&self, cluster: &Cluster, console: &Console) -> Outcome<Drift> {
        // What only the bootstrap had set is a difference from now on; Argo CD prunes it.
        argocd::compare_anew("release", &[argo::ARGOCD], cluster, console).await?;
        let alone = [argo::ARGOCD.to_owned()];
        argocd::wait_synced(cluster, console, Goal { applications: &alone, ..self.goal() }).await?;
        Ok(Drift::Found(canary::probe(cluster, console).await?))
    }

    /// Waits until everything is synced, again after what the release has shown.
    async fn wait(&self, cluster: &Cluster, console: &Console) -> Outcome<Wait> {
        wait_for(self.goal(), self.access, cluster, console).await
    }

    fn goal(&self) -> Goal<'_> {
        Goal {
            commit: self.revision,
            applications: self.applications,
            earlier: self.earlier,
            of_root: &[],
            only_look: false,
        }
    }
}

fn root() -> ObjectRef {
    argo::application(argo::ROOT)
}

fn tell_released(released: &Released, console: &Console) {
    let rewritten = counted(released.rewritten, "object");
    console.done("release", format!("{rewritten} released, {} had nothing of ours", released.untouched));
}

/// Whether the drift canary was healed, or left alone.
fn has_healed(drift: &Drift) -> bool {
    !matches!(drift, Drift::Found(Heal::Failed(_)))
}

/// Whether Application `argocd` brings an object of the bootstrap.
fn is_of_argocd(object: &ObjectRef) -> bool {
    argocd::application_of(object) == argo::ARGOCD
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
