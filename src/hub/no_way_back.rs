//! What no commit brings back and no definition tells: what a component has written where git holds nothing. The gate of upgrades
//! says the rest, which is asked of the way back as of any other commit.

use super::gate::or_told;
use super::proven::versions;
use crate::engine::Cluster;
use crate::files::Tree;
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::HUB_FILE;
use crate::object::{ObjectRef, items, str_at};
use crate::publish::{Past, Present};
use crate::report::{Console, Outcome};
use crate::upgrade::{Finding, Plan, Weight};
use crate::yaml;

/// What stays as the newer version has left it.
pub async fn look(past: &Past, present: &Present, cluster: &Cluster) -> Outcome<Plan> {
    let mut plan = Plan::default();
    let now = versions(&present.files, &HubLock::in_tree(&present.files)?);
    for (name, to) in versions(&past.files, &HubLock::in_tree(&past.files)?) {
        let Some(from) = now.get(&name).filter(|from| **from != to) else { continue };
        let Some(namespace) = namespace_of(&name, &present.files)? else { continue };
        let says = format!("component {name} goes from {from} to {to}, and what {from} has written here stays");
        let claims = ObjectRef::new("v1", "PersistentVolumeClaim", Some(&namespace), "");
        let found = cluster.list_metadata(&claims).await;
        let of = format!("which volumes component {name} has");
        for claim in or_told(found, of, cluster, &mut plan)?.unwrap_or_default() {
            let claim = ObjectRef::of(&claim).to_string();
            plan.findings.push(Finding::new("data-stays", Weight::NoWayBack, claim, &says));
        }
        plan.not_looked_at.push(format!("databases of component {name} ({from} to {to}) outside of the cluster"));
    }
    plan.settle();
    Ok(plan)
}

/// Says it, before anything is written.
pub fn tell(plan: &Plan, console: &Console) {
    for finding in &plan.findings {
        console.done("back", format!("{}: {}", finding.weight.name(), finding.line()));
    }
    for it in &plan.not_looked_at {
        console.say(format!("warning: not looked at: {it}"));
    }
}

/// The namespace of a component; `None` for what is none.
fn namespace_of(component: &str, files: &Tree) -> Outcome<Option<String>> {
    let document = yaml::manifests(HUB_FILE, files.text(HUB_FILE)?)?.into_iter().next().unwrap_or_default();
    let mut components = items(&document, "/spec/components");
    let found = components.find(|it| str_at(it, "/name") == component);
    Ok(found.map(|it| str_at(it, "/namespace").to_owned()))
}
