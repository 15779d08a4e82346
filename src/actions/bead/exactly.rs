//! A change of exactly one object: not of another one that has its name by now.

use serde_json::Value;

use crate::engine::{Cluster, Fault, FaultKind, REQUEST_MANAGER};
use crate::object::Identity;

/// Merges a patch into an object. One that is gone needs none.
pub async fn patch(cluster: &Cluster, object: &Identity, mut patch: Value) -> Result<(), Fault> {
    // The server refuses a change of it.
    patch["metadata"]["uid"] = object.uid.as_str().into();
    match cluster.merge_patch(&object.object, &patch, REQUEST_MANAGER).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        Err(fault) if fault.kind == FaultKind::Changed => match cluster.metadata(&object.object).await? {
            Some(live) if object.is(&live) => Err(fault),
            _ => Ok(()),
        },
        answer => answer.map(drop),
    }
}
