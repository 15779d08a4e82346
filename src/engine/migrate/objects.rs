//! The objects of a CRD, as far as a migration has to know of them.

use super::fields;
use super::plan::Migration;
use crate::engine::{Cluster, Fault};
use crate::object::Identity;

/// One object.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Which one.
    pub object: Identity,
    /// Whether somebody owns fields of it in another version than the one that stays.
    pub has_old_owners: bool,
}

/// All of them, of whatever namespace, in pages. What is made meanwhile is stored in the new version from its beginning.
pub async fn objects(cluster: &Cluster, migration: &Migration) -> Result<Vec<Stored>, Fault> {
    let stays = format!("{}/{}", migration.kind.group, migration.to);
    cluster
        .list_metadata_with(&migration.kind, |live| {
            Some(Stored { object: Identity::of(&live), has_old_owners: fields::are_of_others(&live, &stays) })
        })
        .await
}
