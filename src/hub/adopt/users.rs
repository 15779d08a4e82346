//! What people keep in an Argo CD, before and after it is taken over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::argocd::tracker;
use crate::engine::ownership::is_unreleased;
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

const KINDS: [&str; 3] = [argo::APPLICATION, argo::APPLICATION_SET, argo::PROJECT];

/// The Applications, sets and projects of the users.
pub struct Users(Vec<Identity>);

impl Users {
    /// Those that are there now, but for the Applications that go or get another name. Where a hub is there already, what its
    /// root has brought is the hub's.
    pub async fn of(cluster: &Cluster, is_of_hub: bool, going: &[ObjectRef]) -> Result<Self, Fault> {
        let take = |live: Value| {
            let is_hubs = is_of_hub && (tracker(&live) == Some(argo::ROOT) || is_unreleased(&live));
            let it = Identity::of(&live);
            (!is_hubs && !going.contains(&it.object)).then_some(it)
        };
        let mut all = Vec::new();
        for kind in KINDS {
            all.extend(cluster.list_metadata_with(&argo::every(kind), take).await?);
        }
        Ok(Self(all))
    }

    /// Demands that each of them is there and no other object under its name.
    pub async fn are_as_before(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        let mut lost = Vec::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for it in &self.0 {
            *counts.entry(it.object.kind.as_str()).or_default() += 1;
            match cluster.metadata(&it.object).await? {
                Some(live) if it.is(&live) => {}
                Some(live) => {
                    let anew = str_at(&live, "/metadata/creationTimestamp");
                    lost.push(format!("{it} was made anew at {anew}: it has another UID"));
                }
                None => lost.push(format!("{it} is not there any more")),
            }
        }
        let counted =
            counts.iter().map(|(kind, count)| format!("{count} {kind}{}", if *count == 1 { "" } else { "s" }));
        let counted = counted.collect::<Vec<_>>().join(", ");
        if lost.is_empty() {
            let what = if counted.is_empty() {
                "nothing was there".to_owned()
            } else {
                format!("{counted}, each with its UID")
            };
            console.done("users", what);
            return Ok(());
        }
        Err(Failure::failed("not everything of the users is as it was before the take-over").details(lost).hint(
            "look at who has deleted it (the audit log of the API server); Argo CD's own controllers do when an ApplicationSet \
             no longer makes it",
        ))
    }
}
