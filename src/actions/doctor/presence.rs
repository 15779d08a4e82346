//! Whether there is an Argo CD to look at, and if not there, where.

use std::collections::BTreeSet;

use crate::engine::{Cluster, FaultKind};
use crate::object::{ObjectRef, name, str_at};
use crate::report::{Failure, Outcome};
use crate::words::argo;

/// Demands an Argo CD in this namespace.
pub async fn demand(cluster: &Cluster, namespace: &str) -> Outcome<()> {
    if !cluster.serves(argo::API, argo::APPLICATION).await? {
        let cause = format!("there is no Argo CD: the cluster does not serve {}", argo::APPLICATION_DEFINITION);
        return Err(Failure::failed(cause).hint("check the context of the kubeconfig"));
    }
    let everywhere = ObjectRef::new("v1", "ConfigMap", None, "");
    let place = |live: serde_json::Value| {
        (name(&live) == argo::SETTINGS).then(|| str_at(&live, "/metadata/namespace").to_owned())
    };
    let here = ObjectRef { namespace: Some(namespace.to_owned()), ..everywhere.clone() };
    match cluster.list_metadata_with(&here, place).await {
        Err(fault) if fault.kind == FaultKind::Forbidden => return Ok(()), // whoever looks further says so
        found => {
            if !found?.is_empty() {
                return Ok(());
            }
        }
    }
    let others: BTreeSet<String> = match cluster.list_metadata_with(&everywhere, place).await {
        Err(fault) if fault.kind == FaultKind::Forbidden => BTreeSet::new(),
        found => found?.into_iter().collect(),
    };
    let cause = format!("there is no Argo CD in the namespace {namespace}: it has no ConfigMap {}", argo::SETTINGS);
    Err(if others.is_empty() {
        Failure::failed(cause).hint("name the namespace of Argo CD by --namespace")
    } else {
        let others: Vec<String> = others.into_iter().collect();
        Failure::usage(cause).hint(format!("there is one in {}: --namespace {}", others.join(", "), others[0]))
    })
}
