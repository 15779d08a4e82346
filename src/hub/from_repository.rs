//! `install` with `from: repository`: the hub as its repository holds it, onto a fresh cluster. The bundle is not rendered.
//!
//! It goes the way of `install.rs` from where that has committed. A repository belongs to one cluster; to another one it moves by
//! one commit, which changes what names the cluster, and only where the step says so: nobody can prove from here that the old
//! hub is dead, and two of them would both work on whatever the repository orders.

use std::time::Duration;

use serde_json::{Value, json};

use super::alone::Company;
use super::claims::access_to_claims;
use super::credential::{self, Of};
use super::handover::{self, Handover};
use super::install::{Bootstrapped, bootstrap, check_plan, describe, try_reader};
use super::settings_secrets::Given;
use super::unheld::{Unheld, refuse_orders};
use super::{access_of_argocd, access_to_commit, proven, trust};
use crate::argocd::Applications;
use crate::cluster::connect;
use crate::document::{HubStep, Repository};
use crate::engine::{Cluster, FaultKind, REQUEST_MANAGER};
use crate::files::Snapshot;
use crate::git::Access;
use crate::hub_repository::layout::RepoFile;
use crate::object::{Identity, ObjectRef, annotate, annotation, kind};
use crate::publish::{self, Whole};
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::secrets::git_credential;
use crate::run::{Found, Named, Run, follow};
use crate::words::argo;
use crate::words::crossplane::OUTSIDE;
use crate::{guard, render, yaml};

/// How long a look at a repository beside the hub's may take, and a kind to be served.
const PATIENCE: Duration = Duration::from_secs(30);

/// A hub that comes from its repository.
pub struct Coming<'a> {
    /// The repository, as the step has it.
    pub repository: &'a Repository,
    /// The repository, as this run reaches it.
    pub access: &'a Access,
    /// How the claims repository is reached, where the hub has one.
    pub claims: Option<Access>,
    /// The credentials to be written for Argo CD.
    pub readers: Vec<(Of, Access)>,
    /// The Secrets that the settings of Argo CD refer to.
    pub secrets: Given,
    /// What the repository holds.
    pub whole: Whole,
    /// What becomes of the repository.
    pub way: Way,
}

/// What becomes of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is this cluster's, or becomes so by one commit.
    Move,
    /// It stays another cluster's: this is a rehearsal, and nothing is written to it.
    Rehearse,
}

/// Reads the repository, says what it does not hold, and brings the hub.
pub async fn install(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let repository = &step.repository;
    let push = git_credential("repository.push", repository.push.as_ref())?;
    let pull = git_credential("repository.pull", repository.pull.as_ref())?;
    access_of_argocd(repository, pull.clone())?;
    let secrets = Given::of(step)?;
    let cluster = connect(&step.cluster, run).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    let applications = Applications::of(&cluster).await?;
    guard::check_install(&cluster, &applications, repository, false).await?;
    Company::of(&cluster, &applications).await.tell(console);
    drop(applications);

    // One that was imported with the other Secrets need not be given again.
    let reading = credential::given_or_kept(pull.clone(), &cluster).await?;
    let access = access_to_commit(step, push.or(reading), &cluster).await?;
    let whole = Whole::read(&access, run.deadline.end()).await?;
    whole.is_of(repository)?;
    console.done(
        "read",
        format!("{}  {} of hub {}", whole.revision, counted(whole.files.len(), "file"), whole.hub.metadata.name),
    );
    refuse_unnamed_move(&whole, step, &access, &cluster)?;
    let claims = access_to_claims(&whole.hub, step)?;
    let reader = access_of_argocd(repository, pull)?;
    let read = [(Of::Hub, reader.clone())].into_iter();
    let readers = credential::to_be_kept(read.chain(claims.clone().map(|it| (Of::Claims, it))), &cluster).await?;
    if repository.push_url.as_deref().unwrap_or_default().is_empty() {
        for (of, reader) in &readers {
            try_reader(*of, reader, run.deadline, console).await?;
        }
    }
    let as_read: Vec<&Access> = readers.iter().map(|(_, it)| it).chain([&reader]).chain(&claims).collect();
    trust::refuse_unknown(&as_read, &render::hub::bootstrap_set(&whole.tree()?)?)?;
    secrets.refuse_those_of_others(&cluster).await?;
    secrets.tell_missing(&whole.hub.spec.argocd, &cluster, console).await?;
    let coming = Coming { repository, access: &access, claims, readers, secrets, whole, way: Way::Move };
    if step.check {
        coming.may_come(&cluster).await?;
        let unheld = coming.look(&cluster).await?;
        coming.refuse_orders(&unheld, &cluster)?;
        unheld.tell_before(console);
        console.done("check", "the hub may come as its repository has it");
        return Ok(());
    }
    coming.bring(&cluster, console, run.found).await.map(drop)
}

/// Whoever names the move says that the old hub is gone.
fn refuse_unnamed_move(whole: &Whole, step: &HubStep, access: &Access, cluster: &Cluster) -> Outcome<()> {
    let (theirs, ours) = (&whole.lock.cluster_uid, &cluster.facts().uid);
    if theirs == ours || step.moves {
        return Ok(());
    }
    Err(Failure::refused(format!("{access} holds the hub of another cluster; nothing was written"))
        .details([
            format!("recorded in lock.yaml: cluster {theirs}"),
            format!("this cluster: {ours}"),
            "while that hub lives, two of them would work on the same clouds, spokes and claims".to_owned(),
        ])
        .hint(
            "where the old cluster is gone, or its Argo CD and Crossplane are ended for good, let the hub move by `move: true` in \
             the step; to try it on a scratch cluster: backstack rehearse",
        ))
}

impl Coming<'_> {
    /// Refuses what would end badly. Nothing is written.
    pub async fn may_come(&self, cluster: &Cluster) -> Outcome<()> {
        let planned = render::hub::bootstrap_set(&self.whole.tree()?)?;
        check_plan(cluster, &planned).await?;
        if planned.is_empty() {
            return Err(Failure::refused("the repository holds no Argo CD; nothing was written")
                .hint("restore the files that lock.yaml names from the history"));
        }
        if self.moves(cluster) { refuse_what_stands_for_something(cluster).await } else { Ok(()) }
    }

    /// Whether the repository becomes that of this cluster by this run.
    fn moves(&self, cluster: &Cluster) -> bool {
        self.way == Way::Move && self.whole.lock.cluster_uid != cluster.facts().uid
    }

    fn refuse_orders(&self, unheld: &Unheld, cluster: &Cluster) -> Outcome<()> {
        if self.moves(cluster) { refuse_orders(&unheld.ordered) } else { Ok(()) }
    }

    /// What the repository names and does not hold, and what of it is on the cluster.
    pub async fn look(&self, cluster: &Cluster) -> Outcome<Unheld> {
        Unheld::of(&self.whole, self.claims.as_ref(), PATIENCE, cluster).await
    }

    /// Brings the hub, hands it over and proves it. Answers what git does not hold of it.
    pub async fn bring(mut self, cluster: &Cluster, console: &Console, found: &mut Found) -> Outcome<Unheld> {
        self.may_come(cluster).await?;
        let unheld = self.look(cluster).await?;
        self.refuse_orders(&unheld, cluster)?;
        unheld.tell_before(console);
        let mut claims = Holding::of(cluster).await?;
        let mut changed = self.make_ours(cluster, console).await?;
        let mut before = None;
        let hand_over = async |whole: &Whole, earlier: &[String]| {
            let tree = whole.tree()?;
            found.revision = Some(whole.revision.clone());
            let objects = render::hub::bootstrap_set(&tree)?;
            let name = &whole.hub.metadata.name;
            // Held before there is a root that would bring it.
            let platform: Vec<Value> = objects.iter().filter(|it| kind(it) != argo::APPLICATION).cloned().collect();
            changed |= bootstrap(&platform, name, &self.readers, &self.secrets, None, cluster, console).await?.is_new;
            changed |= trust::renew(cluster, &platform, None, console).await?;
            claims.hold(&whole.files, cluster, console).await?;
            let Bootstrapped { is_new, seen } =
                bootstrap(&objects, name, &[], &Given::default(), None, cluster, console).await?;
            changed |= is_new;
            let handover = Handover {
                revision: &whole.revision,
                earlier,
                repository: &self.repository.url,
                access: self.access,
                applications: &render::hub::applications_in(&tree),
                objects: &objects,
                changed,
                seen,
                left: &[],
            };
            handover.complete(&mut before, cluster, console).await
        };
        let again = async || {
            let whole = Whole::read(self.access, cluster.deadline().end()).await?;
            whole.is_of(self.repository)?;
            Ok(whole)
        };
        let (whole, proof) = follow(self.whole, |it| &it.revision, hand_over, again, console).await?;
        proof.tell(console);
        if self.way == Way::Move {
            let writer = Some(self.access).filter(|it| it.credential.is_some());
            proven::write_down(&proof, &whole.tree()?, self.repository, writer, cluster, console).await;
        }
        unheld.tell_after(cluster, console).await?;
        let verdict = handover::demand(&proof);
        found.proof = Some(proof);
        verdict.map(|()| unheld)
    }

    /// Makes the repository that of this cluster, where it is not and may be.
    async fn make_ours(&mut self, cluster: &Cluster, console: &Console) -> Outcome<bool> {
        let uid = &cluster.facts().uid;
        if !self.moves(cluster) {
            console.done("commit", format!("{}  no change", self.whole.revision));
            return Ok(false);
        }
        let theirs = self.whole.lock.cluster_uid.clone();
        let may_move = |there: &Whole| refuse_orders(&publish::ordered(&there.files)?);
        let published = publish::move_to(self.access, &theirs, uid, may_move, cluster.deadline().end()).await?;
        console.done("commit", describe(&published));
        console.done("move", format!("from cluster {theirs} to {uid}"));
        for path in self.whole.others_that_name(&theirs) {
            console.say(format!("warning: {path} names the old cluster, too; it is not ours to change"));
        }
        self.whole = Whole::read(self.access, cluster.deadline().end()).await?;
        Ok(published.committed)
    }
}

/// A cluster that stands for things outside already is the hub of somebody, whose Crossplane may work.
async fn refuse_what_stands_for_something(cluster: &Cluster) -> Outcome<()> {
    let kinds = cluster.kinds_in(&OUTSIDE).await?;
    let there: Vec<String> = cluster.list_metadata_of(kinds, |live| Some(ObjectRef::of(&live).to_string())).await?;
    if there.is_empty() {
        return Ok(());
    }
    let count = there.len();
    Err(Failure::refused(format!(
        "{count} claims, composite and managed resources are on this cluster; nothing was written"
    ))
    .details(there.into_iter().take(20))
    .hint("a hub moves to a fresh cluster: what is ordered there is not what this repository knows"))
}

/// Has Argo CD leave the claims alone: ordered anew, they would get new names outside, beside what the old hub has made. Crossplane
/// 2.1 derives these names from the UID of the composite resource (`internal/names/names.go`), 1.20 draws them. The mark
/// stands on the cluster before `root` brings the Application, which does not take it away; people do.
struct Holding {
    /// Whether the Application was there before this run, or was held by it: one without the mark people have let go.
    is_known: bool,
}

impl Holding {
    /// How it is before anything is written.
    async fn of(cluster: &Cluster) -> Outcome<Self> {
        Ok(Self { is_known: cluster.metadata(&argo::application(argo::CLAIMS)).await?.is_some() })
    }

    async fn hold(&mut self, files: &Snapshot, cluster: &Cluster, console: &Console) -> Outcome<()> {
        let path = RepoFile::Application(argo::CLAIMS).path();
        let Some(Some(text)) = files.get(&path) else { return Ok(()) };
        let name = argo::application(argo::CLAIMS);
        match cluster.get(&name).await? {
            Some(live) if annotation(&live, argo::SKIP_RECONCILE) == Some("true") => {}
            Some(_) if self.is_known => return Ok(()), // people have let it go
            // Brought by `root` from a commit that came meanwhile.
            Some(live) => {
                let mark = json!({"metadata": {"annotations": {argo::SKIP_RECONCILE: "true"}}});
                cluster.merge_patch_of(&Identity::of(&live), &mark, REQUEST_MANAGER).await?;
            }
            None => {
                let objects = yaml::manifests(&path, &String::from_utf8_lossy(text))?;
                let Some(wanted) = objects.into_iter().find(|it| ObjectRef::of(it) == name) else { return Ok(()) };
                apply_once_served(&held(&wanted), cluster).await?;
            }
        }
        self.is_known = true;
        console.say(format!(
            "held: Argo CD leaves {name} alone, since its claims would be ordered anew. When what they stand for was looked at: \
             kubectl annotate application {} -n {} {}-",
            argo::CLAIMS,
            argo::NAMESPACE,
            argo::SKIP_RECONCILE
        ));
        Ok(())
    }
}

/// The definition of Applications was applied a moment ago.
async fn apply_once_served(object: &Value, cluster: &Cluster) -> Outcome<()> {
    let patience = cluster.deadline().at_most(PATIENCE);
    loop {
        match cluster.apply(object, REQUEST_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::NotFound && !patience.passed() => {
                patience.pause(Duration::from_millis(50)).await;
            }
            answer => return Ok(answer.map(drop)?),
        }
    }
}

/// The least that Argo CD takes for an Application, so that nothing more of it is ours.
fn held(wanted: &Value) -> Value {
    let mut held = json!({
        "apiVersion": argo::API,
        "kind": argo::APPLICATION,
        "metadata": {"name": argo::CLAIMS, "namespace": argo::NAMESPACE},
        "spec": {
            "project": wanted["spec"]["project"],
            "destination": wanted["spec"]["destination"],
            "source": {"repoURL": wanted["spec"]["source"]["repoURL"], "path": wanted["spec"]["source"]["path"]},
        },
    });
    annotate(&mut held, argo::SKIP_RECONCILE, "true");
    held
}
