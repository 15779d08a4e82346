//! A hub's life: `install.rs` and `uninstall.rs` are its ways in and out from top to bottom, `back.rs` and `recover` the ways back,
//! `adopt` the take-over, `gate` what is asked before an upgrade; `new.rs` writes its bundle.

mod adopt;
mod alone;
mod answers;
mod asked;
mod back;
mod beside;
mod called;
mod cascade;
mod claims;
pub(crate) mod credential;
pub mod crossplane;
pub mod diff;
mod dismantle;
mod document;
mod from_repository;
pub mod gate;
mod handover;
mod hold;
mod install;
mod installed;
pub(crate) mod inventory;
mod known;
mod last_proven;
pub(crate) mod logs;
pub mod migrate;
mod new;
mod no_way_back;
pub mod on_spokes;
mod proven;
mod recover;
mod removal_plan;
mod rendered_objects;
mod running;
mod settings_secrets;
mod spokes;
mod status;
mod trust;
mod unheld;
mod uninstall;
mod verify;
pub mod webhooks;

pub use hold::hold;
pub use on_spokes::{drain, let_go, without_cascade};
pub use running::{runs, tag, version_of};

pub use back::back;
pub use diff::{Counts, Live, changes_in_git, diff, diff_back, leaves, tell_plan};
pub use document::HubFiles;
pub use from_repository::{Coming, Way, install as install_from_repository};
pub use install::{describe, install};
pub use known::{HUB, Verb};
pub use logs::logs;
pub use new::{first_version_of_argocd, new};
pub use recover::{left_narrow, left_stopped, recover};
pub use settings_secrets::Given;
pub use status::{Report, Seen, status};
pub use unheld::Unheld;
pub use uninstall::uninstall;
pub use verify::{prove, verify};

use crate::argocd::Applications;
use crate::document::{Format, HubStep, Repository};
use crate::engine::Cluster;
use crate::git::{Access, Connection, GitCredential, Since};
use crate::report::{Console, Failure, Outcome, answer};
use crate::run::secrets::{committer, git_connection};
use crate::run::since;
use crate::schema::address;

/// The repository as this run reaches it.
fn access(repository: &Repository, credential: Option<GitCredential>) -> Outcome<Access> {
    let url = repository.push_url.as_ref().filter(|url| !url.is_empty()).unwrap_or(&repository.url);
    let committer = committer(repository.committer.as_ref())?;
    let connection = connection_to(url, repository)?;
    let access = Access { connection, committer, ..Access::new(url, &repository.branch, credential) };
    access.check_way(repository.allow_insecure)?;
    Ok(access)
}

/// How an address is reached: as the step says of its repository, where it is of that host. The step may have two addresses of the
/// host, one of SSH and one of HTTP.
fn connection_to(url: &str, repository: &Repository) -> Outcome<Connection> {
    if !address::is_same_host(url, &repository.url) {
        return Ok(Connection::default());
    }
    let given = git_connection("repository.connection", repository.connection.as_ref())?;
    let pushed = repository.push_url.as_deref().filter(|it| address::is_same_host(it, &repository.url));
    let of_host: Vec<&str> = pushed.into_iter().chain([repository.url.as_str()]).collect();
    Ok(given.at(url, &of_host))
}

/// The same, for a commit: the branch has to go on from where the hub is.
async fn access_to_commit(step: &HubStep, credential: Option<GitCredential>, cluster: &Cluster) -> Outcome<Access> {
    let since = since(cluster, step.accept_history.as_ref()).await?;
    access_since(step, credential, since)
}

/// The same where that is known.
fn access_since(step: &HubStep, credential: Option<GitCredential>, since: Option<Since>) -> Outcome<Access> {
    Ok(Access { since, ..access(&step.repository, credential)? })
}

/// Who else works on a cluster, a line each.
pub async fn whoever_else(cluster: &Cluster) -> Outcome<Vec<String>> {
    let company = alone::Company::of(cluster, &Applications::of(cluster).await?).await;
    Ok(company.others.iter().map(ToString::to_string).chain(company.not_looked_at).collect())
}

/// Says what installed beads require and could not be held against a commit.
fn tell_unknown(unknown: &[String], console: &Console) {
    for line in unknown {
        console.say(format!("warning: {line}"));
    }
}

/// The repository as Argo CD reaches it. Its address is committed, applied and printed, so it is checked before
/// anything else happens.
fn access_of_argocd(repository: &Repository, credential: Option<GitCredential>) -> Outcome<Access> {
    let connection = connection_to(&repository.url, repository)?;
    let access = Access { connection, ..Access::new(&repository.url, &repository.branch, credential) };
    check_reader(&access)?;
    access.check_way(repository.allow_insecure)?;
    Ok(access)
}

/// The files of the bundle with the certificates that the step gives for the hosts of its repositories.
fn with_certificates(files: HubFiles, reader: &Access, claims: Option<&Access>) -> HubFiles {
    [Some(reader), claims].into_iter().flatten().fold(files, HubFiles::trusting)
}

/// Refuses what Argo CD could not read with.
fn check_reader(access: &Access) -> Outcome<()> {
    access.check()?;
    // argo-cd 3.6.1, `GetGitCreds` of `pkg/apis/application/v1alpha1/repository_types.go`
    let is_bare = |it: &GitCredential| it.client.is_some() && it.password.is_none();
    if access.credential.as_ref().is_some_and(is_bare) {
        return Err(Failure::usage(format!(
            "Argo CD would show {} no client certificate: it does so beside a password alone",
            access.shown()
        ))
        .hint("give the credential a `password`, too; any, where the host asks for none"));
    }
    Ok(())
}

/// Answers in the form that the step asks for: told to people, or the document on stdout.
pub(super) fn show(format: Format, document: &serde_json::Value, tell: impl FnOnce()) -> Outcome<()> {
    match format {
        Format::Table => {
            tell();
            Ok(())
        }
        Format::Json => answer(&format!("{document:#}\n")),
        Format::Markdown => Err(Failure::usage("`format: markdown` is an answer of `diff` alone")
            .hint("take `format: table` or `format: json` here")),
    }
}

/// The same of `diff`, which answers for a pull request, too.
pub(super) fn show_difference(
    format: Format,
    document: &serde_json::Value,
    markdown: impl FnOnce() -> String,
    tell: impl FnOnce(),
) -> Outcome<()> {
    match format {
        Format::Markdown => answer(&markdown()),
        Format::Table | Format::Json => show(format, document, tell),
    }
}
