//! A look at the chart of a bead, by Helm where that is at hand.

use std::time::Instant;

use crate::document::Bead;
use crate::engine::Cluster;
use crate::render::bead::{RenderedBead, Side};
use crate::render::{Capabilities, helm_at_hand};
use crate::report::{Console, Outcome};
use crate::run::capabilities;

/// Holds what charts make against the permissions of the bead, and finds its privileges. Answers which it could not look
/// at, and why. What comes to a spoke is rendered as for the hub: which Kubernetes a spoke has, nobody knows beforehand.
pub async fn look_at_charts(
    bead: &Bead,
    rendered: &mut RenderedBead,
    on: &Capabilities,
    deadline: Instant,
) -> Outcome<Vec<String>> {
    let mut unseen = Vec::new();
    for (side, release) in rendered.releases(bead) {
        let made = match (release, helm_at_hand()) {
            (Err(why), _) => Err(why.to_owned()),
            (_, Err(why)) => Err(why),
            (Ok(release), Ok(())) => release.with_hooks(on, deadline).await?.map(|made| (release, made)),
        };
        match made {
            Ok((release, made)) => rendered.see(bead, side, &release, made)?,
            Err(why) => unseen.extend(not_looked_at(rendered, side, &why)),
        }
    }
    Ok(unseen)
}

/// The same for a cluster, whose kinds and version a chart may go by. What is not looked at is said.
pub async fn look_for(cluster: &Cluster, bead: &Bead, rendered: &mut RenderedBead, console: &Console) -> Outcome<()> {
    if rendered.unseen.is_empty() {
        return Ok(());
    }
    let unseen = match capabilities(cluster).await {
        Ok(on) => look_at_charts(bead, rendered, &on, cluster.deadline().end()).await?,
        Err(why) => [Side::Hub, Side::Spokes].iter().filter_map(|side| not_looked_at(rendered, *side, &why)).collect(),
    };
    for chart in &unseen {
        tell(chart, console);
    }
    Ok(())
}

/// What bounds a chart that nobody has looked at.
pub fn tell(chart: &str, console: &Console) {
    console
        .say(format!("warning: not looked at: {chart}; on the hub its AppProject and the level of its pods bound it"));
}

fn not_looked_at(rendered: &RenderedBead, side: Side, why: &str) -> Option<String> {
    let on = if side == Side::Spokes { " for spokes" } else { "" };
    rendered.unseen.get(&side).map(|chart| format!("the chart {chart}{on}: {why}"))
}
