//! Volumes, and the claims to them: where people's data is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::with_family::Family;
use crate::engine::{Cluster, Fault, absent};
use crate::object::{ObjectRef, owners, str_at, uid};

/// The volumes and claims that go with these Applications, by themselves or with an owner.
pub(super) async fn volumes_of(cluster: &Cluster, family: &Family) -> Result<Vec<ObjectRef>, Fault> {
    volumes_that_go(cluster, |live| family.takes(live)).await
}

/// The volumes and claims that are going, by themselves or with an owner.
pub(super) async fn volumes_that_go(
    cluster: &Cluster,
    is_going: impl Fn(&Value) -> bool,
) -> Result<Vec<ObjectRef>, Fault> {
    let mut found = Vec::new();
    for kind in ["PersistentVolumeClaim", "PersistentVolume"] {
        for live in cluster.list_metadata(&ObjectRef::new("v1", kind, None, "")).await? {
            let name = ObjectRef::of(&live);
            if goes(cluster, live, &is_going).await? {
                found.push(name);
            }
        }
    }
    Ok(found)
}

/// Whether Argo CD would delete it, or Kubernetes after one of its owners: a `StatefulSet` can own its claims, an operator
/// those of its databases.
async fn goes(cluster: &Cluster, live: Value, is_going: &impl Fn(&Value) -> bool) -> Result<bool, Fault> {
    let mut seen = BTreeSet::new();
    let mut climbing = vec![live];
    while let Some(object) = climbing.pop() {
        if is_going(&object) {
            return Ok(true);
        }
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
        for owner in owners(&object) {
            let owner_uid = str_at(owner, "/uid");
            let name =
                ObjectRef::new(str_at(owner, "/apiVersion"), str_at(owner, "/kind"), namespace, str_at(owner, "/name"));
            if seen.insert(owner_uid.to_owned()) {
                let owner = absent(cluster.metadata(&name).await)?.flatten();
                climbing.extend(owner.filter(|it| uid(it) == owner_uid));
            }
        }
    }
    Ok(false)
}
