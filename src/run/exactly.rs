//! A change of exactly one object: not of another one that has its name by now.

use serde_json::Value;

use crate::engine::{Cluster, Fault, FaultKind, REQUEST_MANAGER};
use crate::object::Identity;

/// Merges a patch into an object. One that is gone needs none.
pub async fn patch(cluster: &Cluster, object: &Identity, patch: Value) -> Result<(), Fault> {
    match cluster.merge_patch_of(object, &patch, REQUEST_MANAGER).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        answer => answer.map(drop),
    }
}
