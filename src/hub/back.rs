//! upgrade of the hub with `back: true`: the files that were rendered go back to the commit that was proven last before the
//! present one, by a commit on top. The rest of the way is that of an upgrade.

use std::collections::BTreeMap;

use super::install::{Delivery, describe};
use super::last_proven::{Remembered, WayBack};
use super::settings_secrets::Given;
use super::{access_of_argocd, access_to_commit, gate, no_way_back, tell_unknown, trust};
use crate::argocd::Applications;
use crate::cluster::connect;
use crate::document::HubStep;
use crate::engine::Cluster;
use crate::files::Tree;
use crate::git::{Access, GitCredential};
use crate::hub_repository::layout::HUB_FILE;
use crate::object::{name, str_at};
use crate::publish::{self, Leaving, Past};
use crate::render::hub::Bootstrap;
use crate::report::{Console, Failure, Outcome};
use crate::run::secrets::git_credential;
use crate::run::{Losses, Named, Run};
use crate::upgrade::Plan;
use crate::words::argo;
use crate::{guard, render, yaml};

/// Brings the hub back, and proves it. What the step's own bundle has is not rendered.
pub async fn back(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let repository = &step.repository;
    let push = git_credential("repository.push", repository.push.as_ref())?;
    access_of_argocd(repository, None)?;
    let cluster = connect(&step.cluster, run).await?;
    let Way { access, past, stays } = Way::of(step, push, &cluster, console).await?;
    no_way_back::tell(&stays, console);
    if step.check {
        return may_go_back(step, &past, &access, &cluster, console).await;
    }
    let hub = hub_in(&past)?;
    run.found.url.clone_from(&hub.url);
    let message = format!("{}{} as it was proven at {}", publish::BRINGS_BACK, hub.name, past.revision);
    let admit = async |leaving: &Leaving| {
        let losses = Losses::of(leaving, &cluster).await?;
        losses.refuse(&step.may_remove)?;
        let plan = gate::look_back(leaving, &cluster).await?;
        gate::go_on(&plan, step.migrate, &cluster, console).await?;
        losses.admit(&step.may_remove, console)
    };
    let published = publish::publish_back(&access, &past, &message, run.deadline.end(), admit).await?;
    console.done("commit", describe(&published));
    tell_unknown(&published.unknown, console);
    let delivery = Delivery {
        repository,
        hub: &hub.name,
        readers: &[],
        secrets: &Given::default(),
        access: &access,
        adoption: None,
        is_back: true,
        cluster: &cluster,
        console,
    };
    let again = async || publish::plan_back(&access, &past, run.deadline.end()).await;
    let planned = (&Tree::default(), Bootstrap::default());
    delivery.complete(published, planned, again, run.found).await.map_err(by_recovery)
}

/// Where a step leads back to, and what nothing brings back.
pub struct Way {
    /// The repository, as this run reaches it.
    pub access: Access,
    /// The hub as it was proven there.
    pub past: Past,
    /// What stays as the present version has left it.
    pub stays: Plan,
}

impl Way {
    /// Looks for it, and says where it leads. Nothing is written.
    pub async fn of(
        step: &HubStep,
        credential: Option<GitCredential>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Self> {
        cluster.overlook(Named::of(&step.may_remove).api_services());
        guard::check_install(cluster, &Applications::of(cluster).await?, &step.repository, false).await?;
        if cluster.metadata(&argo::application(argo::ROOT)).await?.is_none() {
            return Err(Failure::refused("there is no hub on this cluster: Application argocd/root does not exist")
                .hint("install it; a hub that is broken so far is brought back by `recover`"));
        }
        let access = access_to_commit(step, credential, cluster).await?;
        let remembered = Remembered::of(&access, cluster, console).await?;
        let WayBack { past, proven, is_there } = WayBack::of(&remembered, &access, cluster).await?;
        let at = if is_there { "what is there is brought back already, as at" } else { "to" };
        console
            .done("back", format!("{at} {}, proven at {}: {}", proven.revision, proven.time, told(&proven.versions)));
        console.done("back", format!("nothing of {} is rendered as long as the step has `back: true`", step.file));
        trust::tell_older(&step.repository.url, &render::hub::bootstrap_set(&past.files)?, cluster, console).await?;
        let stays = no_way_back::look(&past, &remembered.present, cluster).await?;
        Ok(Self { access, past, stays })
    }
}

/// Refuses what the commit would be refused for. Nothing is written.
async fn may_go_back(
    step: &HubStep,
    past: &Past,
    access: &Access,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    let planned = publish::plan_back(access, past, cluster.deadline().end()).await?;
    Losses::of(&planned.leaving, cluster).await?.refuse(&step.may_remove)?;
    gate::refuse(&gate::look_back(&planned.leaving, cluster).await?, step.migrate)?;
    planned.or_conflict(access)?;
    console.done("check", format!("the hub may go back to {}", past.revision));
    Ok(())
}

/// What the document in the repository says of the hub.
struct OfHub {
    name: String,
    url: Option<String>,
}

fn hub_in(past: &Past) -> Outcome<OfHub> {
    let document = yaml::manifests(HUB_FILE, past.files.text(HUB_FILE)?)?.into_iter().next().unwrap_or_default();
    let url = Some(str_at(&document, "/spec/argocd/config/url")).filter(|url| !url.is_empty());
    Ok(OfHub { name: name(&document).to_owned(), url: url.map(str::to_owned) })
}

fn told(all: &BTreeMap<String, String>) -> String {
    all.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", ")
}

/// The commit is made; an Argo CD that cannot sync it any more needs another way.
fn by_recovery(failure: Failure) -> Failure {
    let hint = failure.hint.clone().unwrap_or_default();
    let more = "the files are back in git; where Argo CD itself is too broken to sync them, `recover` applies them";
    failure.hint(if hint.is_empty() { more.to_owned() } else { format!("{hint}; {more}") })
}
