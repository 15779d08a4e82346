//! Which kinds CRDs define.

use std::collections::BTreeSet;

use crate::engine::{Cluster, Fault};
use crate::object::ObjectRef;

/// The name that the CRD of a kind has: that of the kind in full.
pub(super) async fn definition_of(cluster: &Cluster, kind: &ObjectRef) -> Result<String, Fault> {
    Ok(format!("{}.{}", cluster.plural(kind).await?, kind.group))
}

/// The kinds that the cluster serves by these CRDs, each with the name of its CRD.
pub(super) async fn kinds_defined_by<'n>(
    cluster: &Cluster,
    definitions: impl Iterator<Item = &'n str>,
) -> Result<Vec<(String, ObjectRef)>, Fault> {
    let definitions: BTreeSet<&str> = definitions.collect();
    let mut kinds = Vec::new();
    for kind in cluster.every_kind().await? {
        let definition = definition_of(cluster, &kind).await?;
        if definitions.contains(definition.as_str()) {
            kinds.push((definition, kind));
        }
    }
    Ok(kinds)
}
