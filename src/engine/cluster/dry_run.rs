//! Asking the API server what an apply would make of an object.

use http::Method;
use serde_json::Value;

use super::{Cluster, JSON};
use crate::engine::{Fault, ObjectRef};

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
}
