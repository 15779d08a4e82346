//! Writing down what was proven: on the cluster, and in git where this run may push.
//!
//! The proof holds whether it can be written down or not, so what stands in the way of that is said and is no failure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::argocd::Proof;
use crate::argocd::proven::{self, Proven};
use crate::document::Repository;
use crate::engine::Cluster;
use crate::files::Tree;
use crate::git::{self, Access, NOTES, Note};
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::HUB_FILE;
use crate::object::{items, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::vendor::ARGOCD_ASSET;
use crate::words::argo;
use crate::yaml;

/// How long git may take to keep a note.
const NOTE: Duration = Duration::from_secs(60);

/// Writes down what a proof says of a commit with these files of ours. `writer` is the repository with a credential that may
/// push, where one is at hand.
pub async fn write_down(
    proof: &Proof,
    tree: &Tree,
    repository: &Repository,
    writer: Option<&Access>,
    cluster: &Cluster,
    console: &Console,
) {
    if !proof.holds {
        return;
    }
    let new = match of(proof, tree, repository) {
        Ok(new) => new,
        Err(failure) => return tell(console, "on the cluster", &failure, CLUSTER_REMEDY),
    };
    match proven::record(cluster, &new).await {
        Ok(false) => {}
        Ok(true) => {
            console.done("proven", format!("{}  is the last proven commit{}", new.revision, where_alone(writer)));
        }
        Err(failure) => tell(console, "on the cluster", &failure, CLUSTER_REMEDY),
    }
    let Some(writer) = writer else { return };
    let note = Note { commit: new.revision.clone(), text: format!("{:#}\n", json!(new)) };
    if let Err(failure) = git::write_note(writer, &note, cluster.deadline().at_most(NOTE).end()).await {
        let remedy = format!("allow the credential that pushes to create and update {NOTES}, as it may the branch");
        tell(console, "in git", &failure, &remedy);
    }
}

/// Where alone that is remembered.
fn where_alone(writer: Option<&Access>) -> &'static str {
    if writer.is_some() {
        ""
    } else {
        ", which the cluster alone remembers: without `repository.push` no note is left in git"
    }
}

/// What a note says, unless somebody else has written it.
pub fn readable(note: &str) -> Option<Proven> {
    serde_json::from_str(note).ok()
}

const CLUSTER_REMEDY: &str = "allow the user of the kubeconfig to get, create and patch ConfigMaps in namespace argocd";

fn tell(console: &Console, place: &str, failure: &Failure, remedy: &str) {
    console.say(format!("warning: the proof holds, and could not be written down {place}: {}", failure.message));
    for detail in &failure.details {
        console.say(format!("  {detail}"));
    }
    console.say(format!("  {remedy}; `upgrade` with `back: true` and `recover` go by what is written down"));
}

fn of(proof: &Proof, tree: &Tree, repository: &Repository) -> Outcome<Proven> {
    let lock = HubLock::in_tree(tree)?;
    let uid_of = |name| proof.uids.get(name).cloned().unwrap_or_default();
    Ok(Proven {
        revision: proof.revision.clone(),
        render: lock.render_digest(),
        repository: repository.url.clone(),
        branch: repository.branch.clone(),
        cluster_uid: proof.cluster_uid.clone(),
        root_uid: uid_of(argo::ROOT),
        argocd_uid: uid_of(argo::ARGOCD),
        versions: versions(tree, &lock),
        tool: lock.tool,
        time: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

/// The versions of Argo CD and of the components of a hub: those of locked charts are in its lock.
pub fn versions(tree: &Tree, lock: &HubLock) -> BTreeMap<String, String> {
    let pinned = |name: &str| lock.assets.iter().find(|it| it.name == name).map(|it| it.version.clone());
    let document = tree.text(HUB_FILE).ok().and_then(|text| yaml::manifests(HUB_FILE, text).ok());
    let document = document.and_then(|all| all.into_iter().next()).unwrap_or_default();
    let components = items(&document, "/spec/components").filter_map(|component: &Value| {
        let version = component.pointer("/chart/version").and_then(Value::as_str).map(str::to_owned);
        let version = version.or_else(|| pinned(str_at(component, "/chart/locked")))?;
        Some((str_at(component, "/name").to_owned(), version))
    });
    let argocd = pinned(ARGOCD_ASSET).map(|version| (argo::ARGOCD.to_owned(), version));
    argocd.into_iter().chain(components).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_has_no_note_of_the_cluster_alone_remembers() {
        let writer = Access::new("", "", None);
        assert_eq!(where_alone(Some(&writer)), "");
        assert!(where_alone(None).contains("no note is left in git"));
    }
}
