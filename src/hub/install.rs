//! install and upgrade of the hub: one path for the first run, a re-run and a resumed run.

use serde_json::Value;

use super::adopt::Adoption;
use super::alone::Company;
use super::claims::access_to_claims;
use super::credential::{self, Of};
use super::document::HubFiles;
use super::handover::{self, Handover};
use super::settings_secrets::Given;
use super::{
    access_of_argocd, access_since, gate, installed, inventory, proven, tell_unknown, trust, with_certificates,
};
use crate::argocd::{self, Applications};
use crate::cluster::connect;
use crate::document::{HubStep, Repository};
use crate::engine::{self, Cluster, Deadline, Fault, Live, order, permissions};
use crate::files::Tree;
use crate::git::{Access, Published};
use crate::object::{ObjectRef, is_being_deleted};
use crate::publish::{self, Leaving, Plan, Renewal};
use crate::render::hub::{Bootstrap, Rendered};
use crate::report::{Console, Outcome, counted};
use crate::run::secrets::git_credential;
use crate::run::{Found, Losses, Named, Run, beads_of, follow, since_with};
use crate::words::argo;
use crate::{guard, render};

/// Renders, publishes, bootstraps what Argo CD does not own yet, hands over, proves.
///
/// What can refuse comes before the first write, and git before the cluster: what is applied is read back from the commit, so that
/// it is what Argo CD will find there, byte for byte.
pub async fn install(step: &HubStep, renewal: Renewal, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let mut files = HubFiles::read(&step.file)?;
    let repository = &step.repository;
    let push = git_credential("repository.push", repository.push.as_ref())?;
    let pull = git_credential("repository.pull", repository.pull.as_ref())?;
    let reader = access_of_argocd(repository, pull)?;
    let secrets = Given::of(step)?;
    let claims = access_to_claims(files.hub(), step)?;
    files = with_certificates(files, &reader, claims.as_ref());
    let read = [(Of::Hub, reader)].into_iter().chain(claims.map(|it| (Of::Claims, it)));
    let read: Vec<(Of, Access)> = read.inspect(|(_, it)| trust::tell_ended(it, console)).collect();

    let cluster = connect(&step.cluster, run).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    run.found.url = files.url();

    let applications = Applications::of(&cluster).await?;
    let standing = guard::check_install(&cluster, &applications, repository, step.adopt).await?;
    if renewal == Renewal::Bring {
        installed::demand(repository, push.clone(), standing.as_ref(), &cluster, console).await?;
    }
    // It grows with the cluster, and a hub that is there was told of it, as `upgrade` and `status` tell at any time.
    if renewal == Renewal::Bring || !applications.iter().any(|it| it.holds_hub() && it.name() == argo::ROOT) {
        Company::of(&cluster, &applications).await.tell(console);
    }
    let is_of_others = standing.as_ref().is_some_and(|it| !it.is_of_hub);
    let beads = beads_of(&applications);
    drop(applications);
    let given: Vec<_> = read.iter().map(|(of, it)| (*of, it.credential.as_ref())).collect();
    files.trust(&given, &cluster).await?;
    let readers = credential::to_be_kept(read, &cluster).await?;
    let Rendered { tree, objects, lock } = files.render_for(repository, &cluster)?;
    let planned = render::hub::bootstrap_of(objects);
    check_plan(&cluster, &planned.objects).await?;
    console.done("render", format!("{} files, {} objects to bootstrap", tree.len(), planned.objects.len()));
    secrets.refuse_those_of_others(&cluster).await?;
    secrets.tell_missing(&files.hub().spec.argocd, &cluster, console).await?;
    let adoption = match standing {
        Some(standing) => Some(Adoption::of(standing, &planned.objects, files.hub(), step, &cluster, console).await?),
        None => None,
    };
    files.tell_images(&lock.images, console);
    if repository.push_url.as_deref().unwrap_or_default().is_empty() {
        for (of, reader) in &readers {
            try_reader(*of, reader, run.deadline, console).await?;
        }
    }

    // Where others have an Application `root` or `argocd`, it follows another branch.
    let since = if is_of_others { None } else { since_with(beads, &cluster, step.accept_history.as_ref()).await? };
    let access = access_since(step, push, since)?;
    if step.check {
        return may_come(step, &files, &tree, renewal, &access, &cluster, console).await;
    }
    let (hub, tool) = (&files.hub().metadata.name, env!("CARGO_PKG_VERSION"));
    let message = format!("{}{hub} with backstack {tool}", publish::RENDERS);
    let may_remove = adoption.as_ref().map_or_else(|| step.may_remove.clone(), |it| it.rest_of(&step.may_remove));
    let admit = async |leaving: &Leaving| {
        let losses = Losses::of(leaving, &cluster).await?;
        losses.refuse(&may_remove)?;
        gate::pass(leaving, files.steps(), step.migrate, &cluster, console).await?;
        losses.admit(&may_remove, console)
    };
    let published = publish::publish(&access, &tree, renewal, &message, run.deadline.end(), admit).await?;
    console.done("commit", describe(&published));
    tell_unknown(&published.unknown, console);
    if let Some(adoption) = &adoption {
        adoption.prepare(&cluster, console).await?;
    }
    let adoption = adoption.as_ref();
    let (readers, secrets, access, cluster) = (&readers, &secrets, &access, &cluster);
    let delivery = Delivery { repository, hub, readers, secrets, access, adoption, is_back: false, cluster, console };
    let again = async || publish::plan(access, &tree, renewal, run.deadline.end()).await;
    delivery.complete(published, (&tree, planned), again, run.found).await
}

/// A commit on its way to a proven hub.
pub(super) struct Delivery<'a> {
    /// The hub repository, as the step has it.
    pub repository: &'a Repository,
    /// The name of the hub.
    pub hub: &'a str,
    /// The repositories with the credentials that Argo CD is given.
    pub readers: &'a [(Of, Access)],
    /// The Secrets that the settings of Argo CD refer to.
    pub secrets: &'a Given,
    /// The hub repository, as this run reaches it.
    pub access: &'a Access,
    /// The Argo CD that is taken over, if one is.
    pub adoption: Option<&'a Adoption>,
    /// Whether it goes back: by what Argo CD trusted then it may not be able to read the commit.
    pub is_back: bool,
    /// The cluster of the hub.
    pub cluster: &'a Cluster,
    /// Where people read how it goes.
    pub console: &'a Console,
}

impl Delivery<'_> {
    /// Bootstraps what Argo CD does not own yet, hands over, proves, and writes down that it is proven. `again` says what would
    /// be left to commit on top of what others push meanwhile, and `planned` what was rendered into the files that were to be
    /// committed.
    pub async fn complete(
        &self,
        mut published: Published,
        planned: (&Tree, Bootstrap),
        again: impl AsyncFn() -> Outcome<Plan>,
        found: &mut Found,
    ) -> Outcome<()> {
        let Self { access, cluster, console, .. } = *self;
        let left = std::mem::take(&mut published.left);
        let (mut changed, mut before, (rendered, mut planned)) = (published.committed, None, planned);
        let hand_over = async |published: &Published, earlier: &[String]| {
            found.revision = Some(published.revision.clone());
            // From here on the repository speaks: people's edits in it are part of what is applied.
            let planned = std::mem::take(&mut planned);
            let objects = render::hub::bootstrap_set_after(&published.tree, rendered, planned)?;
            let Bootstrapped { is_new, mut seen } =
                bootstrap(&objects, self.hub, self.readers, self.secrets, self.adoption, cluster, console).await?;
            changed |= is_new;
            if !self.is_back && trust::renew(cluster, &objects, seen.as_ref(), console).await? {
                (changed, seen) = (true, None);
            }
            let handover = Handover {
                revision: &published.revision,
                earlier,
                repository: &self.repository.url,
                access,
                applications: &render::hub::applications_in(&published.tree),
                objects: &objects,
                changed,
                seen,
                left: &left,
            };
            let proof = handover.complete(&mut before, cluster, console).await?;
            Ok(proof.map(|proof| (proof, objects)))
        };
        let again = async || again().await?.kept(access);
        let (published, (mut proof, objects)) = follow(published, |it| &it.revision, hand_over, again, console).await?;
        if let Some(adoption) = self.adoption.filter(|_| proof.holds_but_for_leftovers()) {
            adoption.finish(cluster, console).await?;
            proof.look_for_leftovers(&objects, cluster).await?;
        }
        proof.tell(console);
        let writer = Some(access).filter(|it| it.credential.is_some());
        proven::write_down(&proof, &published.tree, self.repository, writer, cluster, console).await;
        let verdict = handover::demand(&proof);
        found.proof = Some(proof);
        verdict
    }
}

/// Refuses what the commit would be refused for. Nothing is written.
async fn may_come(
    step: &HubStep,
    files: &HubFiles,
    tree: &Tree,
    renewal: Renewal,
    access: &Access,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    let planned = publish::plan(access, tree, renewal, cluster.deadline().end()).await?;
    Losses::of(&planned.leaving, cluster).await?.refuse(&step.may_remove)?;
    let plan = gate::look(&planned.leaving, files.steps(), cluster).await?;
    gate::refuse(&plan, step.migrate)?;
    planned.or_conflict(access)?;
    console.done("check", "the hub may come as the bundle has it");
    Ok(())
}

/// What a bootstrap came to.
pub(super) struct Bootstrapped {
    /// Whether it has changed anything.
    pub is_new: bool,
    /// What there is of the objects, where it has written nothing and so has seen them as they are.
    pub seen: Option<Live>,
}

/// Applies what Argo CD does not own yet, the Applications last.
///
/// With `root` Argo CD begins by itself. By then it has to have its settings, since without the health check in them waves wait for
/// nothing, the project, without which an Application is an error, and what it reads the repository with.
pub(super) async fn bootstrap(
    objects: &[Value],
    hub: &str,
    readers: &[(Of, Access)],
    secrets: &Given,
    adoption: Option<&Adoption>,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<Bootstrapped> {
    cluster.learn(objects);
    let (applications, platform): (Vec<&Value>, Vec<&Value>) =
        objects.iter().partition(|object| ObjectRef::of(object).kind == argo::APPLICATION);
    let namespace = cluster.metadata(&inventory::namespace()).await?.filter(|it| !is_being_deleted(it));
    // Made for a hub that is called otherwise now, it says so from here on.
    let is_made = namespace.as_ref().is_none_or(|it| inventory::made_for(it).is_some_and(|name| name != hub));
    if is_made {
        inventory::make_namespace(cluster, hub).await?;
    }
    let has_namespace = namespace.is_some();
    let is_looked_at = |it: &&Value| adoption.is_none() && ObjectRef::of(it) != inventory::namespace();
    let mut seen = what_is_there(objects.iter().filter(is_looked_at), has_namespace, cluster).await?;
    if adoption.is_none() {
        seen.insert(inventory::namespace(), namespace);
    }
    let mut applied = match adoption {
        Some(adoption) => adoption.apply(&platform, cluster, console).await?,
        None => engine::bootstrap(cluster, &platform, &seen).await?,
    };
    let mut changed_credential = false;
    for (of, reader) in readers {
        let is_new = credential::write(cluster, *of, reader).await?;
        let whose = if *of == Of::Claims { "of the claims: " } else { "" };
        let what = if is_new { "written for Argo CD, read-only" } else { "no change" };
        console.done("credential", format!("{whose}{what}"));
        changed_credential |= is_new;
    }
    changed_credential |= secrets.write(cluster, console).await?;
    if adoption.is_some() {
        seen = what_is_there(applications.iter().copied(), has_namespace, cluster).await?;
    }
    applied += engine::bootstrap(cluster, &applications, &seen).await?;
    console.done("apply", format!("{} objects applied, {} left to Argo CD", applied.sent, applied.left_to_argocd));
    let mut seen = Some(seen).filter(|_| applied.sent == 0 && adoption.is_none() && !is_made);
    if argocd::enable_automated_sync(cluster, objects, seen.as_ref()).await? {
        seen = None;
    }
    Ok(Bootstrapped { is_new: applied.sent > 0 || changed_credential, seen })
}

/// What there is of these objects. Without the namespace there is no Argo CD that could own anything of it, and nothing is asked.
async fn what_is_there<'o>(
    objects: impl Iterator<Item = &'o Value>,
    has_namespace: bool,
    cluster: &Cluster,
) -> Result<Live, Fault> {
    if has_namespace { argocd::read_objects(cluster, objects).await } else { Ok(Live::new()) }
}

/// Asks whether everything that would be applied can be, in some order, and may be.
pub(super) async fn check_plan(cluster: &Cluster, planned: &[Value]) -> Outcome<()> {
    order::Order::of(&planned.iter().collect::<Vec<_>>())?;
    cluster.learn(planned);
    permissions::check_apply(cluster, planned).await
}

/// Argo CD would fail for hours with a credential that cannot read; and whoever reads the cluster's Secrets has it, so
/// it should only read. Tried before anything is written; a repository may still be empty then. Where Argo CD's address
/// is another one than ours, it cannot be tried from here.
pub(super) async fn try_reader(of: Of, reader: &Access, deadline: Deadline, console: &Console) -> Outcome<()> {
    // To be told what the branch is at, one has to be let in; the files come with the other credential, and once.
    let place = if of == Of::Claims { "claims.pull" } else { "repository.pull" };
    let head = publish::head(reader, deadline.end()).await.map_err(|failure| failure.context(place))?;
    if of == Of::Claims && head.is_none() {
        console.say(format!("warning: {reader} has no commit yet, and Application claims waits for the first"));
    }
    if reader.credential.is_some() && publish::can_push(reader, deadline.end()).await? {
        console
            .say(format!("warning: the pull credential for {} may push; give Argo CD a read-only one", reader.shown()));
    }
    Ok(())
}

/// What a commit did, in a line.
pub fn describe(published: &Published) -> String {
    let what = if published.committed {
        format!("{} changed", counted(published.changed.len(), "file"))
    } else {
        "no change".to_owned()
    };
    format!("{}  {what}", published.revision)
}
