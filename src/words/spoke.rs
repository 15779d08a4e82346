//! The words of spokes, each said once: labels and annotations of a cluster's Secret, the names of what is made for one.
//!
//! A spoke is a cluster that is registered in the hub's Argo CD, by a Secret. What is written there, and in which order, is
//! `docs/spokes.md`.

use super::argo;
use crate::object::ObjectRef;

/// The label of a spoke's Secret, of its Applications and of its probe: the name of the spoke.
pub const SPOKE: &str = "backstack.dev/spoke";
/// The label that says how far a spoke is; see [`Standing`].
pub const STATE: &str = "backstack.dev/spoke-state";
/// The annotation with the UID of the spoke: that of its namespace `kube-system`.
pub const UID: &str = "backstack.dev/spoke-uid";
/// The annotation with the version of its Kubernetes, when it was last proven.
pub const VERSION: &str = "backstack.dev/spoke-version";
/// The annotation with the form of the credential: `token`, `certificate`, `basic`, `exec`.
pub const CREDENTIAL: &str = "backstack.dev/spoke-credential";
/// The annotation with the time after which the credential is good for nothing; absent where it has none.
pub const EXPIRES: &str = "backstack.dev/spoke-credential-expires";
/// The annotation with what registered it: `step`, or the object of a claim as `Kind.group/namespace/name`.
pub const SOURCE: &str = "backstack.dev/spoke-source";
/// The label of the object of a claim that turns its registration off.
pub const REGISTRATION: &str = "backstack.dev/registration";
/// The value of that label.
pub const OFF: &str = "off";
/// The annotation with the time of the last proof: a sync that was asked for and succeeded there.
pub const PROVEN: &str = "backstack.dev/spoke-proven-at";

/// The label of what is made on a spoke for its hub: the UID of the hub's namespace `kube-system`.
pub const HUB: &str = "backstack.dev/hub";
/// What the service account on a spoke is called by which Argo CD comes there.
pub const ACCOUNT: &str = "argocd";
/// What its roles are called.
pub const ROLE: &str = "backstack-spoke-argocd";
/// What the names of its tokens begin with; a number follows.
pub const TOKEN: &str = "argocd-token-";
/// The project of the probes.
pub const PROJECT: &str = "spokes";
/// The namespace of the account on a spoke by which Argo CD comes there.
pub const ACCOUNT_NAMESPACE: &str = "backstack-spoke";
/// The namespace on a spoke of what its probe brings there.
pub const PROBE_NAMESPACE: &str = "backstack-probe";
/// The ConfigMap that a probe brings.
pub const PROBE: &str = "backstack-probe";

/// The name of the project and of the `ApplicationSet` by which a bead comes to spokes.
#[must_use]
pub fn of_bead(bead: &str) -> String {
    format!("spokes-{bead}")
}

/// How people take what registering has made off a spoke.
#[must_use]
pub fn clearing_by_hand() -> String {
    format!(
        "kubectl delete clusterrolebinding/{ROLE} clusterrole/{ROLE} namespace/{ACCOUNT_NAMESPACE} namespace/{PROBE_NAMESPACE} \
         --ignore-not-found, with a kubeconfig of the spoke"
    )
}

/// Whether this is the name of a project of what comes to spokes.
#[must_use]
pub fn is_project(name: &str) -> bool {
    name == PROJECT || name.strip_prefix(PROJECT).is_some_and(|it| it.starts_with('-'))
}

/// The `ApplicationSet` by which a bead comes to spokes.
#[must_use]
pub fn set(bead: &str) -> ObjectRef {
    ObjectRef::new(argo::API, argo::APPLICATION_SET, Some(argo::NAMESPACE), &of_bead(bead))
}

/// The name of the Secret of a spoke.
#[must_use]
pub fn secret(spoke: &str) -> ObjectRef {
    ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), &format!("spoke-{spoke}"))
}

/// The Application that proves a spoke. Names of spokes and beads are DNS labels, without a dot.
#[must_use]
pub fn probe(spoke: &str) -> ObjectRef {
    argo::application(&format!("spoke-{spoke}"))
}

/// The Application of a bead on a spoke.
#[must_use]
pub fn application(spoke: &str, bead: &str) -> ObjectRef {
    argo::application(&format!("spoke-{spoke}.{bead}"))
}

/// The spoke and the bead of an Application of this name.
#[must_use]
pub fn of_application(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("spoke-")?.split_once('.')
}

/// How far a spoke is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is registered and was never proven: nothing comes to it.
    New,
    /// What beads bring comes to it.
    Ready,
    /// It is being taken out: nothing more comes to it.
    Draining,
    /// It was registered by somebody else, and has none of these.
    Foreign,
}

impl Standing {
    /// The value of the label [`STATE`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Foreign => "foreign",
        }
    }

    /// What the label says.
    #[must_use]
    pub fn of(label: &str) -> Self {
        [Self::New, Self::Ready, Self::Draining].into_iter().find(|it| it.name() == label).unwrap_or(Self::Foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_applications_tell_spoke_and_bead() {
        assert_eq!(application("prod-eu", "web").name, "spoke-prod-eu.web");
        assert_eq!(of_application("spoke-prod-eu.web"), Some(("prod-eu", "web")));
        assert_eq!(of_application("spoke-prod-eu"), None, "its probe");
        assert_eq!(of_application("bead-web"), None);
        assert!(is_project(&of_bead("web")) && is_project(PROJECT) && !is_project("spokesman"));
    }
}
