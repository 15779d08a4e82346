//! Argo CD's copy of the API server's schema, which can be older than a definition that has just come.
//!
//! The application controller reads the schema when a CRD changes (gitops-engine `pkg/cache/cluster.go`,
//! `reloadOpenAPISchema`), but the API server takes a moment longer to publish what changed. When the controller was
//! quicker, comparisons of that kind fail until some CRD changes again, which may be never.

use serde_json::{Value, json};

use super::application::Application;
use crate::engine::{Cluster, Fault, FaultKind, ObjectRef, REQUEST_MANAGER};

/// How Argo CD says that its copy lacks a kind (gitops-engine `pkg/diff/diff.go`, server-side diff).
const LACKS_A_KIND: &str = "unable to resolve parseableType";
/// Set and taken away again: the change is what counts.
const TOUCH: &str = "backstack.dev/schema-changed";

/// Whether the Application cannot be compared since Argo CD's copy lacks a kind.
#[must_use]
pub fn lacks_a_kind(application: &Application) -> bool {
    application.bad_conditions().iter().any(|condition| condition.contains(LACKS_A_KIND))
}

/// Has Argo CD read the schema again: one of its CRDs changes, and is as before. Whoever may not do that has to wait for
/// another change.
pub async fn have_read(cluster: &Cluster) -> Result<(), Fault> {
    let crd = ObjectRef::new("apiextensions.k8s.io/v1", "CustomResourceDefinition", None, "applications.argoproj.io");
    for value in [json!("true"), Value::Null] {
        let patch = json!({"metadata": {"annotations": {TOUCH: value}}});
        match cluster.merge_patch(&crd, &patch, REQUEST_MANAGER).await {
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound) => return Ok(()),
            answer => _ = answer?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_lacking_is_told_from_other_errors() {
        let with = |message: &str| {
            let conditions = json!([{"type": "ComparisonError", "message": message}]);
            Application(json!({"metadata": {"name": "root"}, "status": {"conditions": conditions}}))
        };
        // As Argo CD 3.6.1 said it on a busy machine.
        let seen = "Failed to compare desired state to live state: failed to calculate diff: error calculating server side \
                    diff: serverSideDiff error: error removing non config mutations for resource Application/root: unable \
                    to resolve parseableType for GroupVersionKind: argoproj.io/v1alpha1, Kind=Application";
        assert!(lacks_a_kind(&with(seen)));
        assert!(!lacks_a_kind(&with("failed to generate manifests")));
    }
}
