//! Asking the API server what a write would do, without doing it.

use http::Method;
use serde_json::{Value, json};

use super::request::{JSON, Request};
use super::{Cluster, answer};
use crate::engine::{Fault, FaultKind};
use crate::object::{Identity, ObjectRef};

/// What came of asking for a deletion that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// Nothing is against it, or the object is gone.
    Allowed,
    /// An admission webhook or plugin would not let it go, for this reason.
    Denied(String),
    /// Its server may not know what a trial is, and delete.
    NotTried,
}

impl Cluster {
    /// The object as server-side apply would leave it: defaulted, validated and admitted, but not stored.
    pub async fn dry_run(&self, object: &Value, manager: &str, force: bool) -> Result<Value, Fault> {
        let name = ObjectRef::of(object);
        let path = self.path(&name).await?;
        let path = format!("{path}?dryRun=All&fieldManager={manager}&fieldValidation=Strict&force={force}");
        let doing = format!("try to apply {name}");
        let request = Request::bringing(&doing, Method::PATCH, &path, "application/apply-patch+yaml", object);
        self.ask(&request, |text| answer::object(text, &name)).await
    }

    /// Whether something would keep exactly this object from being deleted. A webhook that cannot be tried says nothing.
    /// Never asked of a server beside the API server (an APIService with a service): one that is not built on the
    /// library of Kubernetes need not heed `dryRun`.
    pub async fn try_deletion(&self, object: &Identity) -> Result<Trial, Fault> {
        if !self.is_served_by_kubernetes(&object.object).await? {
            return Ok(Trial::NotTried);
        }
        let path = self.path(&object.object).await?;
        let options = json!({"dryRun": ["All"], "preconditions": {"uid": object.uid}});
        let doing = format!("try to delete {object}");
        match self.ask(&Request::bringing(&doing, Method::DELETE, &path, JSON, &options), answer::any).await {
            Err(fault) if fault.kind == FaultKind::Forbidden => Ok(Trial::Denied(fault.message)),
            Err(fault) if fault.kind == FaultKind::Invalid && fault.message.contains("denied the request") => {
                Ok(Trial::Denied(fault.message))
            }
            // gone, another one under its name, or a webhook without side effects that nobody can try
            Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Changed | FaultKind::Invalid) => {
                Ok(Trial::Allowed)
            }
            answer => answer.map(|_| Trial::Allowed),
        }
    }
}
