//! Argo CD's copy of the API server's schema, which can be older than a definition that has just come.
//!
//! The application controller reads the schema when a CRD changes (gitops-engine `pkg/cache/cluster.go`,
//! `reloadOpenAPISchema`), but the API server takes a moment longer to publish what changed. When the controller was
//! quicker, comparisons of that kind fail until some CRD changes again, which may be never.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::application::Application;
use crate::engine::{Cluster, REQUEST_MANAGER};
use crate::object::ObjectRef;
use crate::words::argo;

/// How Argo CD says that its copy lacks a kind (gitops-engine `pkg/diff/diff.go`, server-side diff).
const LACKS_A_KIND: &str = "unable to resolve parseableType";
/// Set and taken away again: the change is what counts.
const TOUCH: &str = "backstack.dev/schema-changed";

/// How long after the first time the second one is; each pause is twice the one before, since every change has the API server
/// work on the whole definition: an apply of this one costs it 0.2 s of CPU, of `ApplicationSet`'s a whole second (1.37.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a server that does not answer is asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the Application cannot be compared since Argo CD's copy lacks a kind.
#[must_use]
pub fn lacks_a_kind(application: &Application) -> bool {
    application.bad_conditions().iter().any(|condition| condition.contains(LACKS_A_KIND))
}

/// What one wait has done about it.
#[derive(Default)]
pub struct Schema {
    last: Option<Instant>,
    times: u32,
}

impl Schema {
    /// Has Argo CD read the schema again, at longer and longer intervals: one of its CRDs changes, and is as before. Whoever
    /// may not do that has to wait for another change, so no fault ends the wait.
    pub async fn have_read(&mut self, cluster: &Cluster) {
        let pause = INTERVAL * 2_u32.saturating_pow(self.times);
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        (self.last, self.times) = (Some(Instant::now()), self.times + 1);
        let crd = ObjectRef::crd(argo::APPLICATION_DEFINITION);
        let cluster = cluster.patient_for(PATIENCE);
        for value in [json!("true"), Value::Null] {
            let patch = json!({"metadata": {"annotations": {TOUCH: value}}});
            _ = cluster.merge_patch(&crd, &patch, REQUEST_MANAGER).await;
        }
    }
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
