//! The hub that a bead is put on: its cluster, and the repository that it follows.

use crate::argocd::Application;
use crate::cluster::connect;
use crate::document::{BeadStep, Resolved};
use crate::engine::Cluster;
use crate::git::{Access, Connection, GitCredential};
use crate::hub::credential::{self, Of};
use crate::object::str_at;
use crate::publish::bead::HubRepository;
use crate::report::{Failure, Outcome};
use crate::run::secrets::{committer, git_connection, git_credential};
use crate::run::{Named, Run, since_at};
use crate::schema::address::is_same_host;
use crate::schema::is_same_repository;
use crate::words::argo;

/// A hub as a bead meets it.
pub struct OnHub {
    /// Its cluster.
    pub cluster: Cluster,
    /// Its repository, as this run reaches it.
    pub access: Access,
    /// What the repository holds.
    pub repository: HubRepository,
    /// Where the hub is, as Argo CD sees it.
    pub resolved: Resolved,
}

impl OnHub {
    /// Finds the hub on the cluster, and reads its repository with the credential that may write. The hub says itself
    /// which repository that is.
    pub async fn to_write(step: &BeadStep, run: &mut Run<'_>) -> Outcome<Self> {
        let (cluster, push) = reached(step, run).await?;
        Self::of(step, cluster, push).await
    }

    /// The same with the credential of the step or else that of Argo CD, which may read.
    pub async fn to_read(step: &BeadStep, run: &mut Run<'_>) -> Outcome<Self> {
        let (cluster, push) = reached(step, run).await?;
        Self::readable(step, cluster, push).await
    }

    /// The same where there is a hub; else the cluster alone. In a bundle that brings the hub as well it may be still to come,
    /// or gone already.
    pub async fn or_cluster(step: &BeadStep, run: &mut Run<'_>) -> Outcome<Result<Self, Cluster>> {
        let (cluster, push) = reached(step, run).await?;
        if cluster.metadata(&argo::application(argo::ROOT)).await?.is_none() {
            return Ok(Err(cluster));
        }
        Self::readable(step, cluster, push).await.map(Ok)
    }

    /// The same over a cluster that was reached before.
    pub async fn over(step: &BeadStep, cluster: Cluster) -> Outcome<Self> {
        let push = git_credential("repository.push", step.repository.push.as_ref())?;
        Self::readable(step, cluster, push).await
    }

    async fn readable(step: &BeadStep, cluster: Cluster, push: Option<GitCredential>) -> Outcome<Self> {
        let credential = credential::given_or_kept(push, &cluster).await?;
        Self::of(step, cluster, credential).await
    }

    async fn of(step: &BeadStep, cluster: Cluster, credential: Option<GitCredential>) -> Outcome<Self> {
        let root = Application(cluster.get(&argo::application(argo::ROOT)).await?.ok_or_else(no_hub)?);
        let (url, branch) = (str_at(&root.0, "/spec/source/repoURL"), str_at(&root.0, "/spec/source/targetRevision"));
        let wanted = &step.repository;
        let is_url = |wanted: &str| is_same_repository(wanted, url);
        for (name, wanted, live) in [("url", &wanted.url, url), ("branch", &wanted.branch, branch)] {
            let is_its = |wanted: &&str| *wanted == live || name == "url" && is_url(wanted);
            if let Some(wanted) = wanted.as_deref().filter(|it| !it.is_empty() && !is_its(it)) {
                return Err(Failure::refused(format!(
                    "this cluster is a hub of {url} (branch {branch}), but `repository.{name}` of the step is {wanted}"
                ))
                .hint("leave it out: the hub names its repository; or give the step the cluster of the other hub"));
            }
        }
        let since = Some(since_at(&root, &cluster, step.accept_history.as_ref()).await?);
        let address = wanted.push_url.as_deref().filter(|it| !it.is_empty()).unwrap_or(url);
        let committer = committer(wanted.committer.as_ref())?;
        let connection = match &wanted.connection {
            Some(given) => git_connection("repository.connection", Some(given))?,
            None if is_same_host(address, url) => {
                credential::connection_of(&cluster, Of::Hub, address).await?.at(address, &[url])
            }
            None => Connection::default(),
        };
        let access = Access { connection, committer, since, ..Access::new(address, branch, credential) };
        access.check_way(wanted.allow_insecure)?;
        let resolved = Resolved {
            repository: url.to_owned(),
            branch: branch.to_owned(),
            cluster_uid: cluster.facts().uid.clone(),
        };
        let repository = HubRepository::read(&access, cluster.deadline().end()).await?;
        if repository.cluster_uid != resolved.cluster_uid {
            return Err(Failure::refused(format!("{access} holds the hub of another cluster; nothing was written"))
                .details([
                    format!("recorded in lock.yaml: cluster {}", repository.cluster_uid),
                    format!("this cluster: {}", resolved.cluster_uid),
                ])
                .hint("give the step the cluster of the hub"));
        }
        Ok(Self { cluster, access, repository, resolved })
    }
}

/// Why a step of a bead can do nothing on a cluster.
pub fn no_hub() -> Failure {
    Failure::refused("there is no hub on this cluster: Application argocd/root does not exist")
        .hint("install the hub first, or give the step the cluster of the hub")
}

/// The cluster of a step, and the credential that it gives.
async fn reached(step: &BeadStep, run: &mut Run<'_>) -> Outcome<(Cluster, Option<GitCredential>)> {
    let push = git_credential("repository.push", step.repository.push.as_ref())?;
    let cluster = connect(&step.cluster, run).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    Ok((cluster, push))
}
