//! What an installation would change, in git and on the cluster. Nothing is written.
//!
//! The way is that of `install.rs` as far as it only reads; then the merge is made but not committed.

mod changes;
mod cluster;
mod git;
mod held;
mod kept;
mod live;
mod losses;
pub mod markdown;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::back::Way;
use super::claims::access_to_claims;
use super::credential::{self, Of};
use super::document::HubFiles;
use super::install::check_plan;
use super::settings_secrets::Given;
use super::{access_of_argocd, access_to_commit, gate, show_difference, tell_unknown, with_certificates};
use crate::argocd::Applications;
use crate::cluster::connect;
use crate::document::HubStep;
use crate::engine::Cluster;
use crate::hub_repository::layout::LOCK_FILE;
use crate::publish::{self, Renewal};
use crate::render::hub::Rendered;
use crate::report::{Console, Outcome};
use crate::run::secrets::git_credential;
use crate::run::{Found, Losses, Named, Run};
use crate::upgrade::{Finding, Plan, Weight};
use crate::{guard, render};
use changes::Changes;
use cluster::AsRendered;
use kept::Kept;

pub use changes::{Counts, tell_plan};
pub use git::changes as changes_in_git;
pub use live::Live;
pub use losses::leaves;
pub use markdown::markdown;

/// Tells what install would change. A difference is a finding, not a failure; what install would refuse is refused.
pub async fn diff(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let mut files = HubFiles::read(&step.file)?;
    let repository = &step.repository;
    let pull = git_credential("repository.pull", repository.pull.as_ref())?;
    let reader = access_of_argocd(repository, pull.clone())?;
    let settings = Given::of(step)?;
    let claims = access_to_claims(files.hub(), step)?;
    files = with_certificates(files, &reader, claims.as_ref());
    let cluster = connect(&step.cluster, run).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    guard::check_install(&cluster, &Applications::of(&cluster).await?, repository, step.adopt).await?;
    let of_claims = claims.iter().map(|it| (Of::Claims, it.credential.as_ref()));
    let given: Vec<_> = [(Of::Hub, pull.as_ref())].into_iter().chain(of_claims).collect();
    files.trust(&given, &cluster).await?;
    settings.refuse_those_of_others(&cluster).await?;
    settings.tell_missing(&files.hub().spec.argocd, &cluster, console).await?;
    let Rendered { tree, objects, .. } = files.render_for(repository, &cluster)?;
    let kept = objects.iter().map(|(path, object)| (path.clone(), Kept::of(object))).collect();
    check_plan(&cluster, &render::hub::bootstrap_of(objects).objects).await?;
    let rendered = AsRendered { tree, objects: kept };

    let kept = credential::given_or_kept(pull, &cluster).await?;
    let access = access_to_commit(step, kept, &cluster).await?;
    let plan = publish::foresee(&access, &rendered.tree, Renewal::Bring, run.deadline.end()).await?;
    tell_unknown(&plan.unknown, console);
    let upgrade = gate::look(&plan.leaving, files.steps(), &cluster).await?;
    let read = [(Of::Hub, reader)].into_iter().chain(claims.map(|it| (Of::Claims, it)));
    let readers = credential::to_be_kept(read, &cluster).await?;
    let secrets = readers.iter().map(|(of, it)| credential::secret(*of, it));
    let secrets = secrets.chain(settings.foreseen(&cluster).await?).collect();
    Foreseen { plan, rendered, upgrade, secrets }.tell(step, &cluster, console, run.found).await
}

/// Tells what `upgrade` with `back: true` would change. What that would refuse is refused.
pub async fn diff_back(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let pull = git_credential("repository.pull", step.repository.pull.as_ref())?;
    access_of_argocd(&step.repository, None)?;
    let cluster = connect(&step.cluster, run).await?;
    let reader = credential::given_or_kept(pull, &cluster).await?;
    let Way { access, past, stays } = Way::of(step, reader, &cluster, console).await?;
    check_plan(&cluster, &render::hub::bootstrap_set(&past.files)?).await?;
    let plan = publish::plan_back(&access, &past, run.deadline.end()).await?;
    tell_unknown(&plan.unknown, console);
    let mut upgrade = gate::look_back(&plan.leaving, &cluster).await?;
    upgrade.add(stays);
    let rendered = AsRendered { tree: past.files, objects: BTreeMap::new() };
    Foreseen { plan, rendered, upgrade, secrets: Vec::new() }.tell(step, &cluster, console, run.found).await
}

/// What a commit would bring, before it is made.
struct Foreseen {
    /// What it would change in git.
    plan: publish::Plan,
    /// What is to be in the files, people's edits aside.
    rendered: AsRendered,
    /// What it would mean to a hub that is there.
    upgrade: Plan,
    /// The credentials that go to the cluster beside it.
    secrets: Vec<Value>,
}

impl Foreseen {
    /// Holds it against the cluster, and tells all of it in the form of the step.
    async fn tell(self, step: &HubStep, cluster: &Cluster, console: &Console, found: &mut Found) -> Outcome<()> {
        let git = git::changes(&self.plan, &self.rendered.tree, &step.repository.branch, LOCK_FILE);
        let on_cluster = match &self.plan.merged {
            Ok(merged) => {
                let mut changes =
                    cluster::changes(cluster, &self.plan.before, merged, self.rendered, &self.secrets).await?;
                changes.add_losses(Losses::of(&self.plan.leaving, cluster).await?, &step.may_remove);
                Some(changes)
            }
            Err(_) => None,
        };
        let upgrade = with_beads(self.upgrade, &self.plan);
        let changes = Changes { upgrade, ..Changes::of(git, on_cluster) };
        let document = json!(changes);
        let shown = show_difference(step.format, &document, || changes.markdown(), || changes.tell(console));
        found.diff = Some(document);
        shown
    }
}

/// What the commit would mean, with what installed beads say to it; nothing where there is nothing to say.
fn with_beads(mut upgrade: Plan, plan: &publish::Plan) -> Option<Plan> {
    let unfit = |line: &String| {
        let remedy = "bring the bead to a version that allows it, or uninstall it, first";
        Finding { object: None, ..Finding::new("bead-requires", Weight::Stops, "", line) }.remedy(remedy)
    };
    upgrade.findings.extend(plan.unfit.iter().map(unfit));
    upgrade.not_looked_at.extend(plan.unknown.iter().cloned());
    upgrade.settle();
    (upgrade != Plan::default()).then_some(upgrade)
}
