//! Whether what `wait` is told to wait for is there or can come. A slip is told at once, and not at the deadline.

use std::collections::BTreeSet;

use crate::actions::application_name::{Key, chosen, is_known, what_there_is};
use crate::actions::current::Current;
use crate::engine::FaultKind;
use crate::object::name;
use crate::publish::bead::HubRepository;
use crate::report::{Console, Failure, Outcome};
use crate::words::{argo, bead};

/// The Application that is meant. One that nobody has heard of may be made by something else than git, so it is waited for; but
/// that is said.
pub async fn application(wanted: &str, current: &Current, console: &Console) -> Outcome<String> {
    let wanted = in_namespace(wanted)?;
    let of = |live: serde_json::Value| Some((argo::NAMESPACE.to_owned(), name(&live).to_owned()));
    let all: Vec<Key> = match current.cluster.list_metadata_with(&argo::application(""), of).await {
        Ok(all) => all,
        // Whoever may look at this one alone waits for it as it is named.
        Err(fault) if fault.kind == FaultKind::Forbidden => return Ok(wanted.to_owned()),
        Err(fault) => return Err(fault.into()),
    };
    if is_known(wanted, &all) {
        let (_, meant) = chosen(wanted, all.iter())?;
        if meant != wanted {
            console.say(format!("Application {meant} is that of bead {wanted}"));
        }
        return Ok(meant.clone());
    }
    let names: BTreeSet<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
    let hint = what_there_is(wanted, &names);
    console.say(format!("warning: there is no Application `{wanted}` on this cluster yet; it is waited for ({hint})"));
    Ok(wanted.to_owned())
}

/// The name in the namespace of Argo CD, as Argo CD itself also writes it: `argocd/NAME`.
fn in_namespace(wanted: &str) -> Outcome<&str> {
    match wanted.split_once('/') {
        None => Ok(wanted),
        Some((argo::NAMESPACE, name)) => Ok(name),
        Some((namespace, _)) => Err(Failure::usage(format!(
            "`wait` looks at Applications in namespace {}, and {wanted} is in {namespace}",
            argo::NAMESPACE
        ))),
    }
}

/// Refuses to wait for a bead that git does not hold: nothing would bring it. One that was just pushed is in git, and comes. With a
/// commit that is no longer the head of the branch, or is still to be pushed, and where git cannot be asked, a bead is only
/// warned of.
pub async fn demand_bead(bead: &str, commit: Option<&str>, current: &Current, console: &Console) -> Outcome<()> {
    let parent = argo::application(&bead::parent(bead));
    let is_there = current.cluster.metadata(&parent).await?.is_some();
    let in_git = match current.git() {
        Ok(access) => HubRepository::read(access, current.cluster.deadline().end()).await,
        Err(failure) => Err(failure),
    };
    let warn = |why: String| {
        if !is_there {
            console.say(format!("warning: bead {bead} is not on this hub; it is waited for ({why})"));
        }
    };
    match in_git {
        Ok(there) if there.beads.contains_key(bead) => {}
        Ok(there) => {
            let names: BTreeSet<&str> = there.beads.keys().map(String::as_str).collect();
            let hint = what_there_is(bead, &names);
            if commit.is_some_and(|it| it != there.revision) {
                warn(hint);
                return Ok(());
            }
            let branch = &current.repository.branch;
            let failure =
                Failure::failed(format!("bead {bead} is not in the hub repository (branch {branch})")).hint(hint);
            let still = is_there.then(|| format!("{parent} is still on the cluster, until Argo CD takes it away"));
            return Err(failure.details(still));
        }
        Err(failure) => warn(format!("whether git holds it is not known: {}", failure.message)),
    }
    Ok(())
}
