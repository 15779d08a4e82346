//! A look at the chart of a bead, by Helm where that is at hand.

use std::time::Instant;

use crate::actions::leaving::capabilities;
use crate::engine::Cluster;
use crate::gitops::bead::RenderedBead;
use crate::gitops::{Capabilities, helm_at_hand};
use crate::report::{Console, Outcome};
use crate::spec::Bead;

/// Holds what the chart makes against the permissions of the bead, and finds its privileges. Answers what it could not look
/// at, and why.
pub async fn look_at_chart(
    bead: &Bead,
    rendered: &mut RenderedBead,
    on: &Capabilities,
    deadline: Instant,
) -> Outcome<Option<String>> {
    let Some(release) = rendered.release(bead) else { return Ok(None) };
    let made = match (release, helm_at_hand()) {
        (Err(why), _) => Err(why.to_owned()),
        (_, Err(why)) => Err(why),
        (Ok(release), Ok(())) => release.with_hooks(on, deadline).await?.map(|made| (release, made)),
    };
    match made {
        Ok((release, made)) => rendered.see(bead, &release, made).map(|()| None),
        Err(why) => Ok(Some(not_looked_at(rendered, &why))),
    }
}

/// The same for a cluster, whose kinds and version a chart may go by. What is not looked at is said.
pub async fn look_for(cluster: &Cluster, bead: &Bead, rendered: &mut RenderedBead, console: &Console) -> Outcome<()> {
    if rendered.unseen.is_empty() {
        return Ok(());
    }
    let unseen = match capabilities(cluster).await {
        Ok(on) => look_at_chart(bead, rendered, &on, cluster.deadline().end()).await?,
        Err(why) => Some(not_looked_at(rendered, &why)),
    };
    if let Some(chart) = unseen {
        tell(&chart, console);
    }
    Ok(())
}

/// What bounds a chart that nobody has looked at.
pub fn tell(chart: &str, console: &Console) {
    console
        .say(format!("warning: not looked at: {chart}; on the hub its AppProject and the level of its pods bound it"));
}

fn not_looked_at(rendered: &RenderedBead, why: &str) -> String {
    format!("the chart {}: {why}", rendered.unseen.join(", "))
}
