//! recover: an Argo CD that a commit has broken is brought back to the last proven commit, by the Kubernetes API alone.
//!
//! Nothing here needs Argo CD, and nothing up to the commit needs git. Each part looks at what is there and does what is
//! missing, so a run that was interrupted, or that could not reach git, is finished by the next one:
//!
//! 1. `source`, `look`: what the proven commit holds, and what of it is not so on the cluster
//! 2. `past`: webhook configurations that the step names are taken out of the way, and put back before the proof
//! 3. `argocd::hold`: the controller is stopped, root and argocd are held, their operations ended
//! 4. `apply`: the objects of the proven commit
//! 5. `commit`: the files in git, by a commit of ours on top of the one that broke them
//! 6. `finish`: the controller, then argocd, then root are let go, and the hub is proven

mod apply;
mod commit;
mod denied;
mod finish;
mod kyverno;
mod look;
mod past;
mod source;
mod told;

pub use kyverno::left as left_stopped;
pub use past::left as left_narrow;

use std::cell::OnceCell;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::claims::access_to_claims;
use super::document::HubFiles;
use super::{access, access_of_argocd, called, credential, show, trust, with_certificates};
use crate::argocd::Application;
use crate::argocd::application::short;
use crate::argocd::hold::{self, Hold};
use crate::argocd::proven::Proven;
use crate::cluster::connect;
use crate::document::HubStep;
use crate::engine::Cluster;
use crate::git::Access;
use crate::object::{ObjectRef, str_at};
use crate::publish;
use crate::report::{Console, Exit, Failure, Outcome};
use crate::run::secrets::git_credential;
use crate::run::{Found, Run};
use crate::words::argo;
use apply::By;
use commit::BranchState;
use look::Looked;
use past::Past;
use source::Source;
use told::{Told, both};

/// The Applications that are held, the parent first: it would put the other one back.
const HELD: [&str; 2] = [argo::ROOT, argo::ARGOCD];

/// Brings the hub back to its last proven commit, and proves it. Where git cannot be reached the cluster is brought back and
/// held, and the next run finishes it.
pub async fn recover(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = HubFiles::read_as_they_are(&step.file)?;
    let push = git_credential("repository.push", step.repository.push.as_ref())?;
    let pull = git_credential("repository.pull", step.repository.pull.as_ref())?;
    let reader = access_of_argocd(&step.repository, None)?;
    let claims = access_to_claims(files.hub(), step)?;
    let files = with_certificates(files, &reader, claims.as_ref());
    let cluster = connect(&step.cluster, run).await?;
    run.found.url = files.url();
    called::refuse_another(&files, &step.repository, &cluster, console).await?;
    Past::put_back(&cluster, console).await?;
    let proven = source::last_proven(&cluster, &step.repository).await?;
    console.done("proven", format!("{}  at {}", proven.revision, proven.time));
    let kept = if push.is_none() && pull.is_none() { credential::read(&cluster).await? } else { None };
    let access = access(&step.repository, push.or(pull).or(kept))?;

    let by = who(&cluster).await?;
    let past = OnceCell::new();
    let recovery = Recovery {
        step,
        files: &files,
        access: &access,
        proven: &proven,
        by: &by,
        past: &past,
        cluster: &cluster,
        console,
    };
    let mut told = Told::of(&proven);
    let recovered = recovery.carry_out(&mut told, run.found).await;
    let closed = match past.get() {
        Some(past) => past.close(&cluster, console).await,
        None => Ok(()),
    };
    told.past = past.get().map(Past::names).unwrap_or_default();
    let shown = show(step.format, &json!(told), || ());
    both(both(recovered, closed), shown)
}

/// The user of the kubeconfig, as the API server calls them.
async fn who(cluster: &Cluster) -> Outcome<String> {
    let question = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = cluster.review(&question, "/apis/authentication.k8s.io/v1/selfsubjectreviews").await?;
    Ok(str_at(&answer, "/status/userInfo/username").to_owned())
}

/// One run.
struct Recovery<'a> {
    step: &'a HubStep,
    files: &'a HubFiles,
    access: &'a Access,
    proven: &'a Proven,
    by: &'a str,
    past: &'a OnceCell<Past>,
    cluster: &'a Cluster,
    console: &'a Console,
}

impl Recovery<'_> {
    async fn carry_out(&self, told: &mut Told, found: &mut Found) -> Outcome<()> {
        let (source, objects) = Source::of(self).await?;
        self.cluster.learn(&objects);
        let Some(looked) = self.look(&objects, source.by()).await? else {
            self.console.done("look", "nothing is broken: the hub is as it was proven");
            return Ok(());
        };
        looked.signs.iter().for_each(|sign| self.console.done("broken", sign));
        self.refuse_where_well(&looked, &source).await?;
        told.broken = looked.signs;
        if let Source::Git = source {
            self.refuse_losses().await?;
        }
        self.put_past().await?;
        trust::tell_older(&self.step.repository.url, &objects, self.cluster, self.console).await?;

        told.held = true;
        let in_git = self.bring_back(&source, &objects, told).await.map_err(left)?;
        match in_git {
            BranchState::At(published) => match self.finish(&published, told, found).await {
                Err(failure) if told.held => Err(left(failure)),
                outcome => outcome,
            },
            other => self.leave_held(&objects, &other, told, found).await,
        }
    }

    /// What is broken, if something is. Nothing is written where nothing is in the way of the look; else what the step names is
    /// put out of the way first.
    async fn look(&self, objects: &[Value], by: By) -> Outcome<Option<Looked>> {
        let looked = match look::look(self, objects, by).await {
            Err(failure) if failure.exit == Exit::Refused && !self.step.past.is_empty() => {
                self.put_past().await?;
                look::look(self, objects, by).await?
            }
            looked => looked?,
        };
        Ok(Some(looked).filter(|it| !it.signs.is_empty()))
    }

    /// Puts what the step names out of the way, once.
    async fn put_past(&self) -> Outcome<()> {
        if self.past.get().is_none() {
            let past = Past::open(&self.step.past, self.by, self.cluster, self.console).await?;
            // Nobody else sets it.
            self.past.set(past).ok();
        }
        Ok(())
    }

    /// An Argo CD that is well at a later commit is no reason to go back: that would take away what was rolled out since.
    async fn refuse_where_well(&self, looked: &Looked, source: &Source) -> Outcome<()> {
        let Some(at) = looked.well_at.as_ref().filter(|at| **at != self.proven.revision) else { return Ok(()) };
        if let Source::Git = source {
            let head = publish::head(self.access, self.cluster.deadline().end()).await?;
            if head.is_some_and(|head| head != *at) {
                return Ok(());
            }
        }
        let (at, proven) = (short(at), short(&self.proven.revision));
        Err(Failure::refused(format!(
            "the hub is well at {at}, which is later than {proven}, the commit that was proven last; nothing was changed"
        ))
        .details(looked.signs.clone())
        .hint("`verify` proves it as it is; an `upgrade` with `back: true` goes back"))
    }

    /// Brings the cluster back, with root and argocd held, then git, and lets Argo CD run.
    async fn bring_back(&self, source: &Source, objects: &[Value], told: &mut Told) -> Outcome<BranchState> {
        let hold = self.hold_still().await?;
        let applied = apply::apply(self.cluster, &held(objects, &hold), source.by()).await?;
        told.taken.clone_from(&applied.taken);
        applied.tell(self.console);

        let in_git = match source {
            Source::Git => self.bring_git_back().await,
            Source::Bundle { why } => BranchState::Unreached(why.clone()),
        };
        in_git.tell(self.console);
        self.start(&in_git.objects(objects)?, source.by()).await?;
        Ok(in_git)
    }

    /// Nothing of Argo CD works on the hub any more, and nothing will that was under way. In this order: a hold does not stop what
    /// runs, so the controller goes first; and what is not ended before it comes back, it goes on with, at the commit that broke
    /// the hub (argo-cd #10367).
    async fn hold_still(&self) -> Outcome<Hold> {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let root = self.cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
        let before = root.as_ref().and_then(|it| Hold::on(&it.0));
        let hold = before.unwrap_or_else(|| Hold {
            by: self.by.to_owned(),
            since: now.clone(),
            from: root.as_ref().and_then(Application::last_synced).map(str::to_owned),
            to: self.proven.revision.clone(),
        });
        let stopped = hold::stop_controller(self.cluster, self.console).await?;
        self.console.done("hold", if stopped { "the controller is stopped" } else { "the controller does not run" });
        for name in HELD {
            hold.put_on(self.cluster, &argo::application(name)).await?;
        }
        for name in HELD {
            if hold::end_by_hand(self.cluster, &argo::application(name), &now).await? {
                self.console.done("hold", format!("the operation of {name} is ended"));
            }
        }
        self.console.done("hold", format!("root and argocd are held, for {} since {}", hold.by, hold.since));
        Ok(hold)
    }

    /// Lets the controller run again, as git has it, and waits until all parts of Argo CD do.
    async fn start(&self, objects: &[Value], by: By) -> Outcome<()> {
        let controller: Vec<Value> =
            objects.iter().filter(|it| ObjectRef::of(it) == argo::controller()).cloned().collect();
        apply::apply(self.cluster, &controller, by).await?;
        hold::start_controller(self.cluster).await?;
        look::until_up(self, objects).await?;
        self.console.done("start", "all parts of Argo CD run");
        Ok(())
    }
}

/// What a failure leaves behind once the hub is being held, and the way on.
fn left(failure: Failure) -> Failure {
    let hint = failure.hint.clone().map(|hint| format!("{hint}; ")).unwrap_or_default();
    failure
        .details(["left: root and argocd are held or about to be, and Argo CD's controller may be stopped".to_owned()])
        .hint(format!(
            "{hint}run again: each run finishes the one before; to undo by hand what it has done: `kubectl scale statefulset \
             argocd-application-controller -n {argocd} --replicas 1`, and `kubectl annotate application root argocd -n {argocd} \
             {held}- {skip}-`, then switch their automated sync on",
            argocd = argo::NAMESPACE,
            held = argo::HELD,
            skip = argo::SKIP_RECONCILE
        ))
}

/// The objects as they are applied while the hub is held.
fn held(objects: &[Value], hold: &Hold) -> Vec<Value> {
    let of_one = |object: &Value| {
        let name = ObjectRef::of(object);
        if HELD.iter().any(|held| argo::application(held) == name) {
            return hold.over(object);
        }
        let mut object = object.clone();
        if name == argo::controller() && object.pointer("/spec/replicas").is_some() {
            object["spec"]["replicas"] = json!(0);
        }
        object
    };
    objects.iter().map(of_one).collect()
}
