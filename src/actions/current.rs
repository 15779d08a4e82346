//! The hub that a verb of people is about: that of the cluster which the kubeconfig leads to. Its root Application knows the
//! repository, and Argo CD's Secret how that is read; nobody has to give either.

use std::time::Duration;

use super::reached::reached;
use crate::argocd::Application;
use crate::cli::ClusterArgs;
use crate::document::Repository;
use crate::engine::{Cluster, Deadline, Fault, FaultKind};
use crate::git::{Access, Connection};
use crate::guard::is_of_hub;
use crate::hub::credential;
use crate::hub::inventory;
use crate::object::str_at;
use crate::report::{Console, Failure, Outcome};
use crate::schema::address;
use crate::words::argo;

/// How long a look at a hub may take that waits for nothing.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A hub, as its cluster tells of it.
pub struct Current {
    /// The cluster that it is on.
    pub cluster: Cluster,
    /// The Application that holds all others.
    pub root: Application,
    /// The repository and the branch that it follows, without any credential.
    pub repository: Repository,
    git: Result<Access, Failure>,
}

impl Current {
    /// Connects to the cluster, says which one it is, and finds the hub on it.
    pub async fn of(args: &ClusterArgs, deadline: Deadline, console: &Console) -> Outcome<Self> {
        Self::on(connected(args, deadline, console).await?).await
    }

    /// The hub on a cluster. One without a hub is a failure that says so.
    pub async fn on(cluster: Cluster) -> Outcome<Self> {
        let root = cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
        let root = root.filter(is_of_hub).ok_or_else(|| no_hub(&cluster))?;
        let repository = followed_by(&root)?;
        let git = reader(&cluster, &repository).await?;
        Ok(Self { cluster, root, repository, git })
    }

    /// How this run reads the repository: by what Argo CD reads it with. A failure for whoever may not read that.
    pub fn git(&self) -> Outcome<&Access> {
        self.git.as_ref().map_err(Clone::clone)
    }

    /// The same repository at another address, as this run reaches it.
    pub fn at(mut self, address: &str) -> Outcome<Self> {
        let Ok(reader) = self.git else { return Ok(self) };
        // How the host of Argo CD's address is reached says nothing of another host.
        let is_same_host = address::is_same_host(address, &reader.url);
        let connection =
            if is_same_host { reader.connection.at(address, &[&reader.url]) } else { Connection::default() };
        let access = Access { url: address.to_owned(), connection, ..reader };
        access.check()?;
        access.check_way(false)?;
        self.git = Ok(access);
        Ok(self)
    }

    /// What the hub is called; nothing where its cluster does not say.
    pub async fn name(&self) -> Result<Option<String>, Fault> {
        let namespace = self.cluster.metadata(&inventory::namespace()).await?;
        Ok(namespace.as_ref().and_then(inventory::made_for).map(str::to_owned))
    }
}

/// The cluster that a command line names, said before anything is asked of it.
pub async fn connected(args: &ClusterArgs, deadline: Deadline, console: &Console) -> Outcome<Cluster> {
    let cluster = Cluster::connect(&reached(args), deadline).await?;
    console.done("cluster", told(&cluster));
    Ok(cluster)
}

/// Which cluster it is, by which context, at which address.
fn told(cluster: &Cluster) -> String {
    let facts = cluster.facts();
    let context = cluster.context().map(|it| format!(", context {it}")).unwrap_or_default();
    format!("{} at {}, by {}{context}", facts.version, facts.server.trim_end_matches('/'), cluster.found())
}

fn no_hub(cluster: &Cluster) -> Failure {
    Failure::failed(format!(
        "there is no hub on the cluster at {}: Application {}/{} of project {} does not exist",
        cluster.facts().server.trim_end_matches('/'),
        argo::NAMESPACE,
        argo::ROOT,
        argo::HUB
    ))
    .hint("name the hub's cluster by --kubeconfig and --context, or install a hub there (`backstack hub new` writes its bundle)")
}

fn followed_by(root: &Application) -> Outcome<Repository> {
    let repository = repository_of(root);
    if repository.url.is_empty() || repository.branch.is_empty() {
        return Err(Failure::failed("Application argocd/root names no repository and branch")
            .hint("somebody has edited it on the cluster: put its source back"));
    }
    Ok(repository)
}

/// The repository and the branch that an Application names as its source; empty where it names none.
pub fn repository_of(root: &Application) -> Repository {
    let text = |pointer: &str| str_at(&root.0, pointer).to_owned();
    Repository {
        url: text("/spec/source/repoURL"),
        push_url: None,
        branch: text("/spec/source/targetRevision"),
        allow_insecure: true, // the hub does it, too
        push: None,
        committer: None,
        pull: None,
        connection: None,
    }
}

/// How the repository is read. Whoever may not read the Secret of it is told so when git is to be asked.
async fn reader(cluster: &Cluster, repository: &Repository) -> Outcome<Result<Access, Failure>> {
    let (credential, connection) = match credential::kept(cluster, &repository.url).await {
        Err(fault) if fault.kind == FaultKind::Forbidden => {
            return Ok(Err(Failure::from(fault).hint("only who may read that Secret can have its repository asked")));
        }
        kept => kept?,
    };
    let access = Access { connection, ..Access::new(&repository.url, &repository.branch, credential) };
    Ok(access.check().map(|()| access))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hub_is_told_by_what_its_root_follows() {
        let root = |source| Application(json!({"metadata": {"name": argo::ROOT}, "spec": {"source": source}}));
        let url = "https://git.example.org/me/hub.git";
        let found = followed_by(&root(json!({"repoURL": url, "targetRevision": "main"}))).expect("a repository");
        assert_eq!((found.url.as_str(), found.branch.as_str(), found.pull), (url, "main", None));
        for source in [json!({"repoURL": url}), json!({"targetRevision": "main"}), json!(null)] {
            assert!(followed_by(&root(source)).is_err());
        }
    }
}
