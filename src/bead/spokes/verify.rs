//! Whether a bead is on its spokes as git has it, and whether these answer.
//!
//! A spoke answers to a sync that is asked for and to nothing else. It brings what is in git, which Argo CD would put back by
//! itself wherever it saw a difference.

use std::time::Duration;

use serde_json::json;

use super::deliver::{Bringing, before};
use super::reach::Reach;
use super::told::Told;
use crate::argocd::Delivered;
use crate::bead::on_hub::OnHub;
use crate::document::Bead;
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::Found;

/// How long all of it may take. A spoke in trouble is given up after a third of it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Fails unless each spoke that the bead comes to answers, and has it at this commit, Synced and Healthy. What was found is
/// in the state that the step hands back.
pub async fn verify(bead: &Bead, revision: &str, hub: &OnHub, console: &Console, found: &mut Found) -> Outcome<()> {
    let cluster = hub.cluster.patient_for(PATIENCE);
    let Some(reach) = Reach::of(bead, &cluster).await? else { return Ok(()) };
    reach.tell(console);
    let (to, before) = (reach.to(), before(Some(&reach), &cluster).await?);
    let asked = Bringing { ahead: None, to: &to, before: &before };
    let Some(ends) = asked.wait(revision, &[], &hub.access, &cluster, console).await? else {
        return Err(Failure::failed(format!("somebody has pushed to {} while its spokes were looked at", hub.access))
            .hint("run again: what is there now is another commit"));
    };
    let mut told = Told::of(bead, &hub.cluster).await?;
    let mut wrong = Vec::new();
    for (to, end) in to.iter().zip(&ends) {
        let row = told.rows.iter_mut().find(|row| row.name == to.spoke);
        let (answers, why) = match end {
            Delivered::Arrived => (Some(true), None),
            Delivered::Silent(why) => (Some(false), Some(why.clone())),
            Delivered::Failed(why) => (None, Some(why.to_string())),
            Delivered::Late(why) | Delivered::Left(why) => (None, Some(why.clone())),
        };
        wrong.extend(why.as_ref().map(|why| format!("spoke {}: {why}", to.spoke)));
        if let Some(row) = row {
            row.answers = answers;
            row.message = why;
        }
    }
    if let Some(state) = &mut found.state {
        state["spokes"] = json!(told.rows);
    }
    if wrong.is_empty() {
        console.done("spokes", format!("{} of {} answer and have it at {revision}", to.len(), to.len()));
        return Ok(());
    }
    let name = &bead.metadata.name;
    Err(Failure::failed(format!("bead {name} is not well on {} of {}", wrong.len(), counted(to.len(), "spoke")))
        .details(wrong)
        .hint(
            "mend the cause, or bring the spoke back, then install again: a sync that failed Argo CD does not repeat",
        ))
}
