//! Whether the user may do what an installation does, asked of the API server.

use std::collections::BTreeSet;

use serde_json::Value;

use super::coming::Coming;
use super::report::Line;
use crate::engine::permissions::{lacking, lacking_to_install};
use crate::engine::{Cluster, Fault};
use crate::object::{group, kind};

const CHECK: &str = "permissions";

/// Every permission that an installation needs.
pub async fn look(coming: &Coming, cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    if lacking(cluster, &[("*", "*", "*")]).await?.is_empty() {
        return Ok(vec![Line::ok(CHECK, "the user may do everything")]);
    }
    let objects = coming.applied();
    let missing = lacking_to_install(cluster, &objects).await?;
    if missing.is_empty() {
        return Ok(vec![Line::ok(
            CHECK,
            format!("the user may apply all {} kinds of objects, and grant what Argo CD is granted", kinds(&objects)),
        )]);
    }
    Ok(vec![
        Line::fail(CHECK, format!("the user lacks {} permissions", missing.len()))
            .about(missing)
            .remedy("bind a role with these verbs (cluster-admin has them all; see docs/rbac.md) to the user"),
    ])
}

fn kinds(objects: &[Value]) -> usize {
    objects.iter().map(|it| (group(it), kind(it))).collect::<BTreeSet<_>>().len()
}
