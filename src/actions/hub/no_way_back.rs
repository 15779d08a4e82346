//! What a commit cannot bring back. It is said before anything is written.

use serde_json::Value;

use super::proven::versions;
use crate::engine::Cluster;
use crate::gitops::layout::HUB_FILE;
use crate::gitops::{self, HubLock, Past, Present, Tree};
use crate::object::{ObjectRef, items, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::spec::yaml;
use crate::upgrade::{Finding, Plan, Weight, crds};

/// The component whose packages have a state of their own.
const CROSSPLANE: &str = "crossplane";

/// Says what stays as the newer version has left it, and refuses what the API server would not take.
pub async fn tell(
    past: &Past,
    present: &Present,
    may_migrate: bool,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    let mut plan = definitions(past, cluster).await?;
    plan.add(components(past, present, cluster).await?);
    plan.settle();
    for line in plan.lines() {
        console.say(line);
    }
    let stops: Vec<String> = plan.in_the_way(may_migrate).into_iter().map(Finding::line).collect();
    if stops.is_empty() {
        return Ok(());
    }
    Err(Failure::refused("the hub cannot go back to what was proven as it is; nothing was written")
        .details(stops)
        .hint("do what is listed, then run again; or mend the present version by an upgrade"))
}

/// The definitions of the past beside those that are live.
async fn definitions(past: &Past, cluster: &Cluster) -> Outcome<Plan> {
    let mut plan = Plan::default();
    for definition in gitops::plain_objects(&past.files)?.iter().filter(|it| ObjectRef::of(it).is_crd()) {
        if let Some(live) = cluster.get(&ObjectRef::of(definition)).await? {
            plan.findings.extend(crds::compare(&live, definition));
        }
    }
    Ok(plan)
}

/// The components that become another version: what they have written is not in git.
async fn components(past: &Past, present: &Present, cluster: &Cluster) -> Outcome<Plan> {
    let mut plan = Plan::default();
    let now = versions(&present.files, &HubLock::in_tree(&present.files)?);
    for (name, to) in versions(&past.files, &HubLock::in_tree(&past.files)?) {
        let Some(from) = now.get(&name).filter(|from| **from != to) else { continue };
        let Some(namespace) = namespace_of(&name, &present.files)? else { continue };
        let going = format!("it goes from {from} to {to}");
        if name == CROSSPLANE {
            let says = format!("{going}: its packages, their revisions and its lock stay as {from} has made them");
            plan.findings.push(
                Finding::new("package-state-stays", Weight::NoWayBack, component(&name), says)
                    .remedy("look at `kubectl get pkg,pkgrev` afterwards: upstream documents no way back"),
            );
        }
        let claims = ObjectRef::new("v1", "PersistentVolumeClaim", Some(&namespace), "");
        for claim in cluster.list_metadata(&claims).await? {
            let says = format!("{going}, and what it has written here stays as {from} has written it");
            let claim = ObjectRef::of(&claim).to_string();
            plan.findings.push(Finding::new("data-stays", Weight::NoWayBack, claim, says));
        }
        plan.not_looked_at.push(format!(
            "definitions that the chart of component {name} brings, and databases outside of the cluster: {going}"
        ));
    }
    Ok(plan)
}

fn component(name: &str) -> String {
    format!("component {name}")
}

/// The namespace of the component with this name, or of the one with a locked chart of this name.
fn namespace_of(name: &str, files: &Tree) -> Outcome<Option<String>> {
    let document = yaml::manifests(HUB_FILE, files.text(HUB_FILE)?)?.into_iter().next().unwrap_or_default();
    let is_it = |it: &&Value| str_at(it, "/name") == name || str_at(it, "/chart/locked") == name;
    let found = items(&document, "/spec/components").find(is_it).map(|it| str_at(it, "/namespace").to_owned());
    Ok(found)
}
