//! What an installation of a bead would change in git, or why it would be refused. Nothing is written.

use serde_json::json;

use super::chart::look_for;
use super::files::BeadFiles;
use super::install::{admit, render};
use super::on_hub::{OnHub, no_hub};
use super::{ahead, gate, requirements, spokes};
use crate::document::BeadStep;
use crate::hub::diff::markdown;
use crate::hub::{Counts, changes_in_git, leaves, show_difference, tell_plan};
use crate::hub_repository::bead::BeadLock;
use crate::report::Outcome;
use crate::run::{Losses, Run};

/// Tells which files a commit would change. A difference is a finding, not a failure; what an installation would refuse is
/// refused here, too, but for Secrets and privileges, which it may be given.
pub async fn diff(step: &BeadStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = BeadFiles::read_document(step.file.as_ref())?;
    let hub = match OnHub::or_cluster(step, run).await? {
        Ok(hub) => hub,
        Err(cluster) if step.check => return ahead::diff(step, &files, &cluster, console, run.found).await,
        Err(_) => return Err(no_hub()),
    };
    let mut rendered = render(step, &files, &hub)?;
    look_for(&hub.cluster, &files.bead, &mut rendered, console).await?;
    admit(&files.bead, &rendered, &hub, console).await?;
    requirements::foresee(&files.bead, &hub).await?;
    for privilege in &rendered.privileges {
        console.done("privilege", privilege);
    }
    let name = &files.bead.metadata.name;
    let plan = hub.repository.plan(name, &rendered.tree)?;
    let changes = changes_in_git(&plan, &rendered.tree, &hub.resolved.branch, &BeadLock::path(name));
    let losses = Losses::of(&plan.leaving, &hub.cluster).await?;
    let leaves = leaves(&losses, &step.may_remove);
    let upgrade = gate::look(&files, &rendered, &hub).await?;
    let on_spokes =
        spokes::Changes::of(&files.bead, changes.files.iter().map(|it| it.what.as_str()), &hub, step).await?;
    let mut document = json!({
        "differs": !changes.files.is_empty(),
        "git": changes,
        "leaves": leaves,
        "notLookedAt": losses.unseen,
    });
    if let Some(on_spokes) = &on_spokes {
        document["spokes"] = json!(on_spokes);
    }
    if let Some(upgrade) = &upgrade {
        document["upgrade"] = json!(upgrade);
    }
    let tell = || {
        changes.tell(console);
        if let Some(on_spokes) = &on_spokes {
            on_spokes.tell(console);
        }
        for change in &leaves {
            change.tell(console);
        }
        for line in &losses.unseen {
            console.say(format!("  {line}"));
        }
        if let Some(plan) = &upgrade {
            tell_plan(plan, console);
        }
    };
    let counts = Counts::of(&leaves);
    let on_cluster = (!leaves.is_empty()).then_some((&counts, leaves.as_slice()));
    let for_pull_request = || markdown(&changes, on_cluster, upgrade.as_ref());
    let shown = show_difference(step.format, &document, for_pull_request, tell);
    run.found.diff = Some(document);
    shown
}
