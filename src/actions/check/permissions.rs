//! Whether the user may do what an installation does, asked of the API server.

use std::collections::BTreeSet;

use serde_json::Value;

use super::coming::Coming;
use super::report::Line;
use crate::engine::permissions::{lacking, lacking_in, lacking_to_apply};
use crate::engine::{Cluster, Fault};
use crate::object::{group, kind};
use crate::words::argo;

const CHECK: &str = "permissions";
/// What is asked of the whole cluster. Besides the list, what grants rights needs these, or has all of them itself: Argo CD's own
/// account may do everything.
const EVERYWHERE: [(&str, &str, &str); 5] = [
    ("list", argo::GROUP, "applications"),
    ("escalate", "rbac.authorization.k8s.io", "roles"),
    ("escalate", "rbac.authorization.k8s.io", "clusterroles"),
    ("bind", "rbac.authorization.k8s.io", "roles"),
    ("bind", "rbac.authorization.k8s.io", "clusterroles"),
];
/// What is read in Argo CD's namespace while it comes up.
const TO_WAIT: [(&str, &str, &str); 2] = [("list", "apps", "deployments"), ("list", "apps", "statefulsets")];

/// Every permission that an installation needs.
pub async fn look(coming: &Coming, cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    if lacking(cluster, &[("*", "*", "*")]).await?.is_empty() {
        return Ok(vec![Line::ok(CHECK, "the user may do everything")]);
    }
    let objects = coming.applied();
    let mut missing = lacking_to_apply(cluster, &objects).await?;
    missing.extend(lacking(cluster, &EVERYWHERE).await?);
    missing.extend(lacking_in(cluster, argo::NAMESPACE, &TO_WAIT).await?);
    if missing.is_empty() {
        return Ok(vec![Line::ok(
            CHECK,
            format!("the user may apply all {} kinds of objects, and grant what Argo CD is granted", kinds(&objects)),
        )]);
    }
    missing.sort();
    Ok(vec![
        Line::fail(CHECK, format!("the user lacks {} permissions", missing.len()))
            .about(missing)
            .remedy("bind a role with these verbs (cluster-admin has them all) to the user"),
    ])
}

fn kinds(objects: &[Value]) -> usize {
    objects.iter().map(|it| (group(it), kind(it))).collect::<BTreeSet<_>>().len()
}
