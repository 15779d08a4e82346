//! The proof again, at any time.

use std::time::Duration;

use serde_json::json;

use super::answers::Answers;
use super::document::HubFiles;
use super::{access, access_of_argocd, asked, called, credential, handover, proven, show};
use crate::argocd::{self, Claim, Drift, Goal, Proof, managers, read_objects};
use crate::cluster::connect;
use crate::document::{HubStep, Repository};
use crate::engine::Cluster;
use crate::files::Tree;
use crate::git::Access;
use crate::publish::{self, Committed};
use crate::render;
use crate::report::{Console, Failure, Outcome};
use crate::run::Run;
use crate::run::secrets::git_credential;
use crate::words::argo;

/// How long Argo CD may take to notice the last commit.
const MOMENT: Duration = Duration::from_secs(60);

/// Proves the handover of the commit that the branch is at, with the drift canary, and that Argo CD comes to every spoke.
/// Changes nothing else, but for writing down that it holds.
pub async fn verify(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = HubFiles::read_as_they_are(&step.file)?;
    let repository = &step.repository;
    access_of_argocd(repository, None)?;
    let cluster = connect(&step.cluster, run).await?;
    run.found.url = files.url();
    if cluster.get(&argo::application(argo::ROOT)).await?.is_none() {
        return Err(Failure::failed("there is no hub on this cluster: Application argocd/root does not exist")
            .hint("install it first"));
    }
    called::refuse_another(&files, repository, &cluster, console).await?;
    let pull = git_credential("repository.pull", repository.pull.as_ref())?;
    let credential = credential::given_or_kept(pull, &cluster).await?;
    let access = access(repository, credential)?;
    let proven = prove(&repository.url, &access, &cluster, console).await?;
    let shown = show(step.format, &json!(proven.proof), || proven.proof.tell(console));
    let writer = match git_credential("repository.push", repository.push.as_ref()) {
        Ok(Some(push)) => Some(Access { credential: Some(push), ..access }),
        _ => None,
    };
    proven.write_down(repository, writer.as_ref(), &cluster, console).await;
    run.found.revision = Some(proven.proof.revision.clone());
    let verdict = proven.demand();
    run.found.proof = Some(proven.proof);
    verdict.and(shown)
}

/// What was proven of a hub.
pub struct Proven {
    /// The proof, with what was found of the spokes.
    pub proof: Proof,
    answers: Answers,
    tree: Tree,
}

impl Proven {
    /// Writes down that it holds: on the cluster, and in git where there is a `writer` who may push.
    pub async fn write_down(
        &self,
        repository: &Repository,
        writer: Option<&Access>,
        cluster: &Cluster,
        console: &Console,
    ) {
        proven::write_down(&self.proof, &self.tree, repository, writer, cluster, console).await;
    }

    /// Fails where something does not hold, or Argo CD does not come to a spoke.
    pub fn demand(&self) -> Outcome<()> {
        handover::demand(&self.proof).and_then(|()| self.answers.demand())
    }
}

/// Proves the hub of a cluster, whose repository Argo CD knows by the address `url`.
pub async fn prove(url: &str, access: &Access, cluster: &Cluster, console: &Console) -> Outcome<Proven> {
    let Some(Committed { revision, tree }) = publish::read_tree(access, cluster.deadline().end()).await? else {
        return Err(Failure::failed(format!("there is no hub in {access}")).hint("check the repository and its branch"));
    };
    console.done("commit", format!("{revision}  at branch {}", access.branch));
    let objects = render::hub::bootstrap_to_prove(&tree)?;
    let applications = render::hub::applications_in(&tree);
    // After a push Argo CD needs a moment; what it does not reach in that time is for the proof to say.
    let moment = cluster.patient_for(MOMENT);
    let goal = Goal { commit: &revision, applications: &applications, earlier: &[], of_root: &[], only_look: true };
    let _ = argocd::wait_synced(&moment, console, goal).await;
    let live = read_objects(cluster, &objects).await?;
    let claim = Claim {
        revision: &revision,
        repository: url,
        applications: &applications,
        objects: &objects,
        managers_before: managers(&live),
        drift: Drift::Probe,
        left: &[],
    };
    let mut proof = Proof::of(claim, &live, cluster, console).await?;
    let mut answers = asked::all(cluster, console).await;
    proof.spokes = std::mem::take(&mut answers.of_each);
    Ok(Proven { proof, answers, tree })
}
