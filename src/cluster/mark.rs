//! The mark on a cluster that an installation has made: whoever looks at the cluster alone can see whose it is.

use serde_json::{Value, json};

use super::record::{By, Record};
use crate::engine::{Cluster, Fault, RECORD_MANAGER};
use crate::object::{ObjectRef, str_at};

/// What the mark of a cluster says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The UID of the cluster that was marked. It is not this one where a backup was put onto another cluster.
    pub uid: String,
    /// What it was made as: a lineage, or a name.
    pub made_as: String,
    /// By which installation.
    pub installation: String,
}

/// Where it is.
pub fn place() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some("kube-system"), "backstack-cluster")
}

impl Mark {
    /// The mark of a cluster.
    pub async fn of(cluster: &Cluster) -> Result<Option<Self>, Fault> {
        let read = |live: Value| Self {
            uid: str_at(&live, "/data/uid").to_owned(),
            made_as: str_at(&live, "/data/madeAs").to_owned(),
            installation: str_at(&live, "/data/installation").to_owned(),
        };
        Ok(cluster.get(&place()).await?.map(read))
    }

    /// Whether it is on the cluster that it was made for.
    pub fn is_on(&self, cluster: &Cluster) -> bool {
        self.uid == cluster.facts().uid
    }

    /// Whether it is that of the cluster in the record.
    pub fn is_of(&self, record: &Record) -> bool {
        record.uid.as_deref() == Some(&self.uid) && self.is_by(record)
    }

    /// Whether it was set by the installation of the record. For kind a name alone says nothing: two installations may have
    /// the same.
    pub fn is_by(&self, record: &Record) -> bool {
        record.made_as.as_deref().unwrap_or_default() == self.made_as && record.installation == self.installation
    }
}

/// Marks the cluster of a record.
pub async fn set(cluster: &Cluster, record: &Record) -> Result<(), Fault> {
    let place = place();
    let by = match record.by {
        By::OpenTofu => "opentofu",
        By::Kind => "kind",
    };
    let mark = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": place.name, "namespace": place.namespace},
        "data": {
            "uid": record.uid,
            "madeAs": record.made_as.as_deref().unwrap_or_default(),
            "by": by,
            "installation": record.installation,
        },
    });
    cluster.apply(&mark, RECORD_MANAGER).await.map(drop)
}
