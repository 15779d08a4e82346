//! The mark of an import that is under way. An interrupted one is finished by the next run, and no export is made over it.

use serde_json::{Value, json};

use super::document::Export;
use crate::engine::{Cluster, Fault, RECORD_MANAGER};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::words::argo;

/// The ConfigMap.
pub fn object() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(argo::NAMESPACE), "backstack-import")
}

/// The digest of the file that is being imported; `None` where nothing is.
pub async fn open(cluster: &Cluster) -> Result<Option<String>, Fault> {
    let live = cluster.get(&object()).await?;
    Ok(live.map(|it| str_at(&it, "/data/file").to_owned()))
}

/// Refuses while an import is unfinished.
pub async fn refuse_open(cluster: &Cluster) -> Outcome<()> {
    let Some(file) = open(cluster).await? else { return Ok(()) };
    Err(Failure::refused("an import of Secrets is unfinished on this cluster; nothing was written")
        .details([format!("{}: of the file with the digest {file}", object())])
        .hint("finish it: run the same `backstack secrets import` again"))
}

/// Sets it before anything of the file is written.
pub async fn set(cluster: &Cluster, file: &str, export: &Export) -> Result<(), Fault> {
    let reference = object();
    let mark = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": reference.name, "namespace": reference.namespace},
        "data": {"file": file, "ofCluster": export.hub.cluster_uid, "exported": export.time},
    });
    cluster.apply(&mark, RECORD_MANAGER).await.map(drop)
}

/// Takes it away at the end.
pub async fn clear(cluster: &Cluster) -> Result<(), Fault> {
    let live: Option<Value> = cluster.metadata(&object()).await?;
    match live {
        Some(live) => cluster.delete(&object(), &Identity::of(&live).uid).await,
        None => Ok(()),
    }
}
