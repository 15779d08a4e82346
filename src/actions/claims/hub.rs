//! What the hub offers: from its repository, or from the hub itself.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::live;
use crate::claims::orders::{self, Offer};
use crate::cli::ClaimsCheck;
use crate::document::Existing;
use crate::engine::{Cluster, Deadline};
use crate::files::Snapshot;
use crate::git::{Access, GitCredential, read_branch, read_checkout};
use crate::hub_repository::layout::HUB_FILE;
use crate::publish::bead::{policies, tells_of_policies};
use crate::report::{Console, Failure, Outcome, remember_secret};
use crate::run::secrets;
use crate::schema::address;

/// The branch of a hub repository of which nothing else is said.
const MAIN: &str = "main";

/// A hub, and what it offers.
pub struct Hub {
    /// What it is called.
    pub shown: String,
    pub offer: Offer,
    pub source: Source,
}

/// Where the rest of it is.
pub enum Source {
    /// In its repository, of which these are the policies of its beads.
    Repository(Vec<Value>),
    /// It can be asked.
    Cluster(Box<Cluster>),
}

impl Hub {
    /// The hub that the command line names.
    pub async fn of(args: &ClaimsCheck, deadline: Deadline, console: &Console) -> Outcome<Self> {
        let Some(hub) = &args.hub else {
            let existing =
                Existing { kubeconfig: args.kubeconfig.clone(), context: args.context.clone(), allow_insecure: false };
            let cluster = Cluster::connect(&existing, deadline).await?;
            console.done("cluster", format!("{} by {}", cluster.facts().version, cluster.found()));
            let offer = live::offer(&cluster).await?;
            let shown = format!("the cluster of {}", cluster.found());
            return Ok(Self { shown, offer, source: Source::Cluster(Box::new(cluster)) });
        };
        let is_wanted = |path: &str| orders::tells(path) || tells_of_policies(path);
        let (shown, files) = if Path::new(hub).join(HUB_FILE).is_file() {
            if args.hub_login.is_some() {
                return Err(Failure::usage("`--hub-login` has no effect: `--hub` names a folder").hint("leave it out"));
            }
            (hub.clone(), read_checkout(Path::new(hub), is_wanted)?)
        } else if is_no_repository(Path::new(hub)) {
            return Err(Failure::usage(format!("{HUB_FILE} is not in the folder {hub}")).hint(BY_FOLDER));
        } else {
            let access = access(hub, args.hub_login.as_deref())?;
            let files = read_branch(&access, is_wanted, deadline.end()).await?;
            let files = files.ok_or_else(|| Failure::usage(format!("{access} is not there")).hint(BY_BRANCH))?;
            (access.to_string(), files)
        };
        Self::in_files(shown, &files)
    }

    fn in_files(shown: String, files: &Snapshot) -> Outcome<Self> {
        Ok(Self { shown, offer: Offer::of(files)?, source: Source::Repository(policies(files)?) })
    }
}

/// What is said where there is no branch.
const BY_BRANCH: &str = "name the branch of the hub repository behind its address: `--hub URL@BRANCH`";

/// What is said where a path leads nowhere.
const BY_FOLDER: &str = "`--hub` names a checkout of the hub repository, or its address: `--hub URL@BRANCH`";

/// Whether a path is that of a folder, and not of a repository without a checkout, which is an address, too.
fn is_no_repository(path: &Path) -> bool {
    path.is_dir() && !path.join("HEAD").is_file()
}

fn access(hub: &str, login: Option<&str>) -> Outcome<Access> {
    let (url, branch) = url_and_branch(hub);
    if !url.contains(':') && !Path::new(url).exists() {
        return Err(Failure::usage(format!("there is no folder {url}")).hint(BY_FOLDER));
    }
    let login = login.map(|source| secrets::login("--hub-login", source)).transpose()?;
    let access = Access::new(url, branch, login.as_ref().map(credential));
    access.check()?;
    access.check_way(false)?;
    Ok(access)
}

fn credential(login: &SecretString) -> GitCredential {
    let (user, password) = login.expose_secret().split_once(':').unwrap_or(("", login.expose_secret()));
    remember_secret(password);
    let username = (!user.is_empty()).then(|| user.to_owned());
    GitCredential { username, password: Some(SecretString::from(password)), ..GitCredential::default() }
}

fn url_and_branch(hub: &str) -> (&str, &str) {
    let (url, branch) = address::and_branch(hub);
    (url, branch.unwrap_or(MAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_stands_behind_the_path() {
        for (hub, url, branch) in [
            ("https://git.example.org/org/hub.git", "https://git.example.org/org/hub.git", "main"),
            ("https://git.example.org/org/hub.git@next", "https://git.example.org/org/hub.git", "next"),
            ("https://git.example.org/org/hub@feature/x", "https://git.example.org/org/hub", "feature/x"),
            ("https://me@git.example.org/hub", "https://me@git.example.org/hub", "main"),
            ("git@git.example.org:org/hub.git", "git@git.example.org:org/hub.git", "main"),
            ("git@git.example.org:org/hub.git@next", "git@git.example.org:org/hub.git", "next"),
            ("/srv/hub.git", "/srv/hub.git", "main"),
            ("/srv/hub.git@next", "/srv/hub.git", "next"),
        ] {
            assert_eq!(url_and_branch(hub), (url, branch), "{hub}");
        }
    }
}
