//! Saying that no object is stored in an old version any more.

use serde_json::json;

use super::plan::{Migration, generation, other_versions};
use crate::engine::{Cluster, FaultKind, MIGRATION_MANAGER};
use crate::object::str_at;
use crate::report::{Failure, Outcome};

/// How often the CRD is read anew that somebody else changes at the same time.
const TRIES: usize = 5;

/// Writes into the CRD that its objects are stored in the new version alone, unless it says so. It must be the CRD that was
/// looked at: one that was changed meanwhile may have stored objects in another version. So it is the last of a migration, and
/// only where no object was passed over: the API server takes this list as it is (apiextensions 1.37.2), lets the old version
/// go then, and cannot read any more what is still stored in it.
pub async fn settle(cluster: &Cluster, migration: &Migration) -> Outcome<()> {
    let crd = &migration.crd;
    for _ in 0..TRIES {
        let live = cluster.get(&crd.object).await?.filter(|live| crd.is(live));
        let Some(live) = live.filter(|live| generation(live) == migration.generation) else { break };
        if other_versions(&live, &migration.to).is_empty() {
            return Ok(());
        }
        let version = str_at(&live, "/metadata/resourceVersion");
        let status = json!({"storedVersions": [migration.to]});
        match cluster.patch_status(crd, version, &status, MIGRATION_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::Changed => {}
            answer => return Ok(answer.map(|_| ())?),
        }
    }
    Err(Failure::failed(format!("{crd} was changed while its objects were migrated; its status is as before"))
        .hint("run again: what is migrated stays so"))
}
