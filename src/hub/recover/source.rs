//! Where the objects of the proven commit come from: from git, or from the bundle where that renders the same.

use std::time::Duration;

use serde_json::Value;

use super::Recovery;
use super::apply::By;
use crate::argocd::proven::{self, Proven};
use crate::document::Repository;
use crate::engine::Cluster;
use crate::files::Tree;
use crate::hub::credential::Of;
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::RepoFile;
use crate::render::hub::Rendered;
use crate::report::{Failure, Outcome};
use crate::run::secrets::git_credential;
use crate::schema::is_surely_same_repository;
use crate::words::argo;
use crate::{publish, render, yaml};

/// How long git may take to answer. A server that is down is no reason to wait for the end of the step.
const GIT: Duration = Duration::from_secs(60);

/// The commit that the cluster remembers as the last one that was proven with this repository.
pub async fn last_proven(cluster: &Cluster, repository: &Repository) -> Outcome<Proven> {
    let all = proven::read(cluster).await?;
    let uid = &cluster.facts().uid;
    let is_of_this = |it: &&Proven| {
        it.cluster_uid == *uid
            && it.branch == repository.branch
            && is_surely_same_repository(&it.repository, &repository.url)
    };
    if let Some(proven) = all.iter().find(is_of_this) {
        return Ok(proven.clone());
    }
    let others = all.iter().map(|it| format!("{} of {} (branch {})", it.revision, it.repository, it.branch));
    let what = format!("no commit of {} (branch {}) was proven on this cluster", repository.url, repository.branch);
    Err(Failure::refused(format!("{what}; nothing was changed")).details(others).hint(
        "recovery goes back to what was proven (ConfigMap argocd/backstack-proven, written by install, upgrade and verify): \
         give the step the repository that the hub follows; where nothing was ever proven, mend git and apply its files by \
         hand (`kubectl apply --server-side --force-conflicts -f argocd/`)",
    ))
}

/// Where the objects come from.
pub enum Source {
    /// The files of the proven commit.
    Git,
    /// What the bundle renders, which has the digest of the proven commit.
    Bundle {
        /// Why git does not give them.
        why: String,
    },
}

impl Source {
    /// Git where it can be reached, else the bundle; and what of it brings Argo CD up: its own objects, the projects, and the
    /// two Applications by which the hub holds itself.
    pub async fn of(run: &Recovery<'_>) -> Outcome<(Self, Vec<Value>)> {
        let Proven { revision, render, .. } = run.proven;
        let why = match in_git(run).await {
            Ok(tree) => {
                run.console.done("source", format!("the files of {revision} in {}", run.access));
                return Ok((Self::Git, objects_of(&tree)?));
            }
            Err(why) => why,
        };
        run.console.say(format!("warning: {why}"));
        let rendered = by_bundle(run).await;
        let refused = |detail: String| {
            Failure::refused("neither git nor the bundle gives the files of the proven commit; nothing was changed")
                .details([why.clone(), detail])
                .hint("bring git back, or run this from the bundle that the proven commit was rendered from")
        };
        let Rendered { mut objects, lock, .. } =
            rendered.map_err(|failure| refused(format!("the bundle cannot be rendered: {}", failure.message)))?;
        if lock.render_digest() != *render {
            return Err(refused(format!("the bundle renders something else than {revision} has")));
        }
        run.console.done("source", format!("the bundle, which renders what {revision} has"));
        let itself = objects.remove(&RepoFile::Application(argo::ARGOCD).path());
        let objects = render::hub::bootstrap_of(objects).objects.into_iter().chain(itself).collect();
        Ok((Self::Bundle { why }, objects))
    }

    /// As whom they are applied. The bundle has neither the lines of beads nor what people have written in rendered files: of
    /// Argo CD's fields only those are written that it has.
    pub fn by(&self) -> By {
        match self {
            Self::Git => By::ArgoCd,
            Self::Bundle { .. } => By::Bootstrap,
        }
    }
}

/// These objects, read from the files of a commit.
pub fn objects_of(tree: &Tree) -> Outcome<Vec<Value>> {
    let mut objects = render::hub::bootstrap_set(tree)?;
    let itself = RepoFile::Application(argo::ARGOCD).path();
    objects.extend(yaml::manifests(&itself, tree.text(&itself)?)?);
    Ok(objects)
}

/// What the bundle renders, with the host keys that it was rendered with.
async fn by_bundle(run: &Recovery<'_>) -> Outcome<Rendered> {
    let mut files = run.files.clone();
    let pull = git_credential(Of::Hub.field(), run.step.repository.pull.as_ref())?;
    files.trust(&[(Of::Hub, pull.as_ref()), (Of::Claims, None)], run.cluster).await?;
    files.render_for(&run.step.repository, run.cluster)
}

/// The files of the proven commit; why git does not give them.
async fn in_git(run: &Recovery<'_>) -> Result<Tree, String> {
    let end = run.cluster.deadline().at_most(GIT).end();
    let unreached = |failure: Failure| format!("git cannot be reached: {}", failure.message);
    if publish::head(run.access, end).await.map_err(unreached)?.is_none() {
        return Err(format!("{} has no commit", run.access));
    }
    let Proven { revision, render, .. } = run.proven;
    let committed = publish::read_commit(run.access, revision, end).await.map_err(unreached)?;
    let committed = committed.ok_or_else(|| format!("{} does not give the commit {revision}", run.access))?;
    let has = HubLock::in_tree(&committed.tree).map_err(unreached)?.render_digest();
    if has == *render { Ok(committed.tree) } else { Err(format!("{revision} has not what was proven of it")) }
}
