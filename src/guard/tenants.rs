//! Who works in the namespace that a bead is to have for itself.

use serde_json::Value;

use crate::argocd::{is_of_bead, tracker};
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, owners};
use crate::spec::Bead;

/// What makes pods, and as whom they act.
const WORKING: [(&str, &str); 9] = [
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
];

/// The namespace of a bead as it is.
#[derive(Debug, Default)]
pub struct BeadNamespace {
    /// The metadata of the namespace; nothing where there is none.
    pub live: Option<Value>,
    /// Whether it is one that the bead brings.
    pub is_its: bool,
    /// The workloads and accounts there that are not of the bead.
    pub tenants: Vec<ObjectRef>,
}

/// Looks at the namespace. Of a bead that has it already, whatever no Application holds is taken for its own: its controllers
/// may have made it.
pub async fn namespace(cluster: &Cluster, bead: &Bead, has_it: bool) -> Result<BeadNamespace, Fault> {
    let own = bead.spec.application.namespace.as_str();
    let above = bead.application_name();
    let Some(live) = cluster.metadata(&ObjectRef::new("v1", "Namespace", None, own)).await? else {
        return Ok(BeadNamespace::default());
    };
    let mut tenants = Vec::new();
    for (api_version, kind) in WORKING {
        for object in cluster.list_metadata(&ObjectRef::new(api_version, kind, Some(own), "")).await? {
            let is_others = match tracker(&object) {
                Some(holder) => !is_of_bead(holder, &above),
                None => !has_it && owners(&object).next().is_none(),
            };
            let name = ObjectRef::of(&object);
            if is_others && (kind, name.name.as_str()) != ("ServiceAccount", "default") {
                tenants.push(name);
            }
        }
    }
    let is_its = tracker(&live).is_some_and(|holder| is_of_bead(holder, &above));
    Ok(BeadNamespace { live: Some(live), is_its, tenants })
}
