//! `wait`: until what is pushed is on the hub.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::head::head;
use super::{find, wanted};
use crate::actions::current::Current;
use crate::argocd::application::short;
use crate::argocd::{Application, Applications, Goal, wait_synced};
use crate::cli::WaitArgs;
use crate::document::Repository;
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome, OutputForm};
use crate::run::{self, WITH_NAMES, give, unless_left};
use crate::schema::address;
use crate::words::{argo, bead};

const PATIENCE: Duration = Duration::from_secs(600);

/// Waits for the commit that is named, or for the head of the branch wherever that goes meanwhile.
pub async fn wait(args: &WaitArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITH_NAMES)?;
    let named = args.revision.as_deref().map(whole).transpose()?;
    let current = find(&args.hub, PATIENCE, console).await?;
    let of = Of::named(args, &current, console).await?;
    of.refuse_others(&current, named.is_some()).await?;
    let (commit, reached) = match named {
        Some(commit) => {
            of.demand(Some(commit), &current, console).await?;
            (commit.to_owned(), of.reach(commit, &current, console).await?)
        }
        None => follow(&of, &current, console).await?,
    };
    console.done("sync", format!("{} at {}", told(&reached), short(&commit)));
    give(form, &document(&current.repository, &commit, &reached), reached.iter().map(|it| argo::printed(it)), || {})
}

/// Waits for the head of the branch, and where somebody pushes meanwhile for that.
async fn follow(of: &Of, current: &Current, console: &Console) -> Outcome<(String, BTreeSet<String>)> {
    let access = current.git()?;
    let commit = head(current).await?;
    console.done("commit", format!("{commit}  at branch {}", access.branch));
    let reach = async |commit: &String, _: &[String]| {
        of.demand(None, current, console).await?;
        unless_left(of.reach(commit, current, console), access, commit, &current.cluster).await
    };
    run::follow(commit, |it| it, reach, async || head(current).await, console).await
}

/// Which Applications are waited for.
enum Of {
    /// Those of this cluster that read the branch.
    Hub,
    /// The parent of this bead and those of its parts, on this cluster.
    Bead(String),
    /// One.
    One(String),
}

impl Of {
    async fn named(args: &WaitArgs, current: &Current, console: &Console) -> Outcome<Self> {
        Ok(match (&args.application, &args.bead) {
            (Some(application), _) => Self::One(wanted::application(application, current, console).await?),
            (None, Some(bead)) => Self::Bead(bead.clone()),
            (None, None) => Self::Hub,
        })
    }

    /// Refuses to wait for what will not come.
    async fn demand(&self, commit: Option<&str>, current: &Current, console: &Console) -> Outcome<()> {
        match self {
            Self::Bead(bead) => wanted::demand_bead(bead, commit, current, console).await,
            Self::Hub | Self::One(_) => Ok(()),
        }
    }

    /// Refuses to wait for a commit of the hub where that can never come: the Application reads another repository.
    async fn refuse_others(&self, current: &Current, is_named: bool) -> Outcome<()> {
        let Self::One(name) = self else { return Ok(()) };
        let Some(live) = current.cluster.get(&argo::application(name)).await?.map(Application) else { return Ok(()) };
        let Repository { url, branch, .. } = &current.repository;
        if is_named || live.follows(url, branch) {
            return Ok(());
        }
        Err(Failure::usage(format!("Application {name} does not read branch {branch} of the hub repository"))
            .hint("name the commit of its own repository by --revision"))
    }

    /// Those that have to be there before anybody knows all of them.
    fn first(&self) -> BTreeSet<String> {
        match self {
            Self::Hub => [argo::ROOT, argo::ARGOCD].map(str::to_owned).into(),
            Self::Bead(bead) => [bead::parent(bead)].into(),
            Self::One(name) => [name.clone()].into(),
        }
    }

    /// What of the root has to be synced, where the rest of it is no matter of this wait.
    fn of_root(&self) -> Vec<ObjectRef> {
        match self {
            Self::Bead(bead) => vec![argo::application(&bead::parent(bead))],
            Self::Hub | Self::One(_) => Vec::new(),
        }
    }

    /// All of them, as far as they are there. What comes to spokes is no matter of this wait.
    async fn all(&self, current: &Current) -> Outcome<BTreeSet<String>> {
        if let Self::One(_) = self {
            return Ok(self.first());
        }
        let Repository { url, branch, .. } = &current.repository;
        let all = Applications::of(&current.cluster).await?;
        let is_here = |it: &Application| {
            let is_in_argocd = str_at(&it.0, "/metadata/namespace") == argo::NAMESPACE;
            is_in_argocd && it.elsewhere().is_none() && it.follows(url, branch)
        };
        let found: Vec<Application> = match self {
            Self::Bead(bead) => all.of_bead(&bead::parent(bead)).into_iter().filter(is_here).collect(),
            _ => all.iter().filter(is_here).collect(),
        };
        Ok(found.iter().map(|it| it.name().to_owned()).chain(self.first()).collect())
    }

    /// Waits for all of them at a commit. What the commit brings is known only when the first ones are there.
    async fn reach(&self, commit: &str, current: &Current, console: &Console) -> Outcome<BTreeSet<String>> {
        let (mut awaited, of_root) = (self.first(), self.of_root());
        loop {
            let applications: Vec<String> = awaited.iter().cloned().collect();
            let goal = Goal { commit, applications: &applications, earlier: &[], of_root: &of_root, only_look: true };
            wait_synced(&current.cluster, console, goal).await?;
            let all = self.all(current).await?;
            if all.is_subset(&awaited) {
                return Ok(all);
            }
            awaited = all;
        }
    }
}

fn told(reached: &BTreeSet<String>) -> String {
    match reached.first() {
        Some(only) if reached.len() == 1 => format!("{only} is Synced and Healthy"),
        _ => format!("{} Applications are Synced and Healthy", reached.len()),
    }
}

fn whole(commit: &str) -> Outcome<&str> {
    let is_whole = matches!(commit.len(), 40 | 64) && commit.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    if is_whole {
        return Ok(commit);
    }
    Err(Failure::usage(format!("--revision: `{commit}` is no whole commit"))
        .hint("it has 40 characters; `git rev-parse HEAD` prints it"))
}

fn document(repository: &Repository, commit: &str, reached: &BTreeSet<String>) -> Value {
    let url = address::shown(&repository.url);
    json!({"repository": {"url": url, "branch": repository.branch}, "revision": commit, "applications": reached})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_named_whole() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(whole(commit), Ok(commit));
        for wrong in ["0123456", "main", "HEAD", "0123456789ABCDEF0123456789abcdef01234567"] {
            assert_eq!(whole(wrong).expect_err(wrong).exit.code(), 2);
        }
    }
}
