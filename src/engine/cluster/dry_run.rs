//! Asking the API server what a write would do, without doing it.

use http::Method;
use serde_json::Value;

use super::{Cluster, JSON};
use crate::engine::{Fault, FaultKind};
use crate::object::ObjectRef;

impl Cluster {
    /// The object as server-side apply would leave it: defaulted, validated and admitted, but not stored.
    pub async fn dry_run(&self, object: &Value, manager: &str, force: bool) -> Result<Value, Fault> {
        let name = ObjectRef::of(object);
        let path = self.path(&name).await?;
        let path = format!("{path}?dryRun=All&fieldManager={manager}&fieldValidation=Strict&force={force}");
        let doing = format!("try to apply {name}");
        let body = || Some(("application/apply-patch+yaml", object.to_string()));
        self.retry(|| self.send(&doing, Method::PATCH, &path, JSON, body())).await
    }

    /// Why an admission webhook or plugin would not let the object be deleted; nothing when it would, or when there is
    /// no such object. A webhook that cannot be tried says nothing.
    pub async fn deletion_denied(&self, object: &ObjectRef) -> Result<Option<String>, Fault> {
        let path = format!("{}?dryRun=All", self.path(object).await?);
        let doing = format!("try to delete {object}");
        match self.retry(|| self.send(&doing, Method::DELETE, &path, JSON, None)).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => Ok(Some(fault.message)),
            Err(fault) if matches!(fault.kind, FaultKind::Invalid) && fault.message.contains("denied the request") => {
                Ok(Some(fault.message))
            }
            Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Invalid) => Ok(None),
            answer => answer.map(|_| None),
        }
    }
}
