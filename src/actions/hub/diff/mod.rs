//! What an installation would change, in git and on the cluster. Nothing is written.
//!
//! The way is that of `install.rs` as far as it only reads; then the merge is made but not committed.

mod changes;
mod cluster;
mod git;
mod losses;
mod markdown;

use serde_json::{Value, json};

use super::claims::access_to_claims;
use super::credential::Of;
use super::document::HubFiles;
use super::{access_of_argocd, access_to_commit, credential, show_difference, tell_unknown};
use crate::actions::cluster::connect;
use crate::actions::found::Found;
use crate::actions::leaving::Losses;
use crate::actions::named::Named;
use crate::actions::secrets::git_credential;
use crate::actions::upgrade_gate;
use crate::engine::{Cluster, Deadline, permissions};
use crate::gitops::layout::LOCK_FILE;
use crate::gitops::{self, Renewal};
use crate::guard;
use crate::report::{Console, Outcome};
use crate::spec::{HubStep, Resolved, VersionStep};
use crate::upgrade::{Finding, Plan, Weight};
use changes::Changes;

pub use changes::{Counts, tell_plan};
pub use git::changes as changes_in_git;
pub use losses::leaves;
pub use markdown::markdown;

/// Tells what install would change. A difference is a finding, not a failure; what install would refuse is refused.
pub async fn diff(step: &HubStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let files = HubFiles::read(&step.file)?;
    let repository = &step.repository;
    let pull = git_credential("repository.pull", repository.pull.as_ref())?;
    access_of_argocd(repository, None)?;
    let claims = access_to_claims(files.hub(), step)?;
    let cluster = connect(&step.cluster, deadline, console, found).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    guard::check_install(&cluster, repository, step.adopt).await?;
    let tree = files.render(Resolved {
        repository: repository.url.clone(),
        branch: repository.branch.clone(),
        cluster_uid: cluster.facts().uid.clone(),
    })?;
    let bootstrap = gitops::bootstrap_set(&tree)?;
    cluster.learn(&bootstrap);
    permissions::check_apply(&cluster, &bootstrap).await?;

    let reader = match &pull {
        Some(given) => Some(given.clone()),
        None => credential::read(&cluster).await?,
    };
    let access = access_to_commit(step, reader, &cluster).await?;
    let plan = gitops::foresee(&access, &tree, Renewal::Bring, deadline.end()).await?;
    tell_unknown(&plan.unknown, console);
    let git = git::changes(&plan, &tree, &repository.branch, LOCK_FILE);
    let upgrade = upgrade(&plan, files.steps(), &cluster).await?;
    let cluster = match &plan.merged {
        Ok(merged) => {
            let of_hub = pull.iter().map(|pull| credential::secret(Of::Hub, &repository.url, pull));
            let of_claims =
                claims.iter().filter_map(|it| Some(credential::secret(Of::Claims, &it.url, it.credential.as_ref()?)));
            let secrets: Vec<Value> = of_hub.chain(of_claims).collect();
            let mut changes = cluster::changes(&cluster, &plan.before, merged, &secrets).await?;
            changes.add_losses(Losses::of(&plan.leaving, &cluster).await?, &step.may_remove);
            Some(changes)
        }
        Err(_) => None,
    };
    let changes = Changes { upgrade, ..Changes::of(git, cluster) };
    let document = json!(changes);
    let shown = show_difference(step.format, &document, || changes.markdown(), || changes.tell(console));
    found.diff = Some(document);
    shown
}

/// What the commit would mean to a hub that is there; nothing where it changes nothing, or cannot be made.
async fn upgrade(plan: &gitops::Plan, rows: &[VersionStep], cluster: &Cluster) -> Outcome<Option<Plan>> {
    let mut upgrade = upgrade_gate::look(&plan.leaving, rows, cluster).await?;
    let unfit = |line: &String| {
        let remedy = "bring the bead to a version that allows it, or uninstall it, first";
        Finding { object: None, ..Finding::new("bead-requires", Weight::Stops, "", line) }.remedy(remedy)
    };
    upgrade.findings.extend(plan.unfit.iter().map(unfit));
    upgrade.not_looked_at.extend(plan.unknown.iter().cloned());
    upgrade.settle();
    Ok((upgrade != Plan::default()).then_some(upgrade))
}
