//! The way of a bead's version to its spokes, wave by wave, and what has become of it.

use std::collections::BTreeMap;

use super::reach::{Reach, Wave};
use crate::argocd::{Delivered, Delivery, OnSpoke, last_syncs};
use crate::engine::{Cluster, Fault};
use crate::git::Access;
use crate::report::{Console, Exit, Failure, Outcome};
use crate::run::unless_left;

/// What one commit brings to spokes.
#[derive(Clone, Copy)]
pub struct Bringing<'a> {
    /// The wave that it is for, where others come later.
    pub ahead: Option<&'a str>,
    /// The spokes.
    pub to: &'a [OnSpoke],
    /// When the last sync of each began before this run.
    pub before: &'a BTreeMap<String, String>,
}

impl Bringing<'_> {
    /// Waits until it is known what has become of it, as long as the branch is at the commit; `None` when the branch has left
    /// it.
    pub async fn wait(
        &self,
        commit: &str,
        earlier: &[String],
        access: &Access,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Option<Vec<Delivered>>> {
        if self.to.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let delivery = Delivery { to: self.to, commit, earlier, before: self.before };
        unless_left(delivery.wait(cluster, console), access, commit, cluster).await
    }
}

/// When the last sync of each Application of a bead on spokes began.
pub async fn before(reach: Option<&Reach<'_>>, cluster: &Cluster) -> Result<BTreeMap<String, String>, Fault> {
    match reach {
        Some(reach) => last_syncs(&reach.to(), cluster).await,
        None => Ok(BTreeMap::new()),
    }
}

/// Fails where a spoke answers and has not got it: the waves that come later keep what they have. What is silent is told,
/// and how many it is.
pub fn judge(bead: &str, wave: &Wave<'_>, later: &[Wave<'_>], ends: &[Delivered], console: &Console) -> Outcome<()> {
    let of = |wanted: fn(&Delivered) -> bool| {
        wave.to.iter().zip(ends).filter(move |(_, end)| wanted(end)).map(|(to, _)| to.spoke.as_str())
    };
    let arrived = of(|end| matches!(end, Delivered::Arrived)).count();
    let silent: Vec<&str> = of(|end| matches!(end, Delivered::Silent(_))).collect();
    if !wave.to.is_empty() {
        console.done("spokes", format!("wave {}: {arrived} of {} have it", wave.name, wave.to.len()));
    }
    if !silent.is_empty() {
        console.say(format!(
            "warning: {} gave no answer and may have an older version: run install again when {}",
            listed(&silent),
            if silent.len() == 1 { "it does" } else { "they do" }
        ));
    }
    let failed: Vec<(&str, &Delivered)> = wave
        .to
        .iter()
        .map(|to| to.spoke.as_str())
        .zip(ends)
        .filter(|(_, end)| matches!(end, Delivered::Failed(_) | Delivered::Late(_)))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failure(bead, wave, later, &failed)) }
}

fn failure(bead: &str, wave: &Wave<'_>, later: &[Wave<'_>], failed: &[(&str, &Delivered)]) -> Failure {
    let (count, all) = (failed.len(), wave.to.len());
    let is_late = |end: &Delivered| matches!(end, Delivered::Late(_));
    let exit = if failed.iter().all(|(_, end)| is_late(end)) { Exit::Deadline } else { Exit::Failed };
    let mut hint = None;
    let mut details = Vec::new();
    for (spoke, end) in failed {
        match end {
            Delivered::Failed(why) => {
                details.push(format!("spoke {spoke}: {why}"));
                details.extend(why.details.iter().map(|it| format!("spoke {spoke}: {it}")));
                hint = hint.or_else(|| why.hint.clone());
            }
            Delivered::Late(why) => details.push(format!("spoke {spoke}, at the deadline: {why}")),
            Delivered::Arrived | Delivered::Silent(_) | Delivered::Left(_) => {}
        }
    }
    for wave in later.iter().filter(|it| !it.to.is_empty()) {
        let names: Vec<&str> = wave.to.iter().map(|it| it.spoke.as_str()).collect();
        details.push(format!("wave {} stays at the version that it has: {}", wave.name, listed(&names)));
    }
    let noun = if all == 1 { "spoke" } else { "spokes" };
    let name = wave.name;
    Failure::new(exit, format!("bead {bead} did not come to {count} of {all} {noun} of wave {name}"))
        .details(details)
        .hint(
            hint.unwrap_or_else(|| {
                "look at the named Application, mend the cause, and run again: the work resumes".into()
            }),
        )
}

/// Names of spokes for people; of many, the first.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 20;
    let noun = if names.len() == 1 { "spoke" } else { "spokes" };
    let more = names.len().saturating_sub(MOST);
    let end = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun} {}{end}", names[..names.len() - more].join(", "))
}
