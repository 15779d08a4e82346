//! The words of Kyverno, each said once: the groups of its kinds, kinds that are worked with, labels.
//!
//! Sources: kyverno 1.19.1, `api` and `pkg`, and its chart.

/// What its chart, its program and its command line are called.
pub const PROGRAM: &str = "kyverno";
/// The namespace that its documentation installs it into.
pub const NAMESPACE: &str = "kyverno";
/// The account of its background controller, which writes what policies generate: namespace and name, by its chart.
pub const BACKGROUND_ACCOUNT: &str = "kyverno/kyverno-background-controller";

/// The group of its legacy policies, and of what excepts from them.
pub const GROUP: &str = "kyverno.io";
/// The group of its newer policies, in CEL.
pub const POLICIES: &str = "policies.kyverno.io";
/// The group of its reports.
pub const REPORTS: &str = "reports.kyverno.io";
/// The group of what its command line tests policies with. No API server serves it.
pub const TESTS: &str = "cli.kyverno.io";
/// The group of the tests of Chainsaw. No API server serves it.
pub const CHAINSAW: &str = "chainsaw.kyverno.io";

/// A legacy policy for the whole cluster.
pub const CLUSTER_POLICY: &str = "ClusterPolicy";
/// The same for a namespace.
pub const POLICY: &str = "Policy";
/// What excepts objects from policies, in both groups.
pub const EXCEPTION: &str = "PolicyException";
/// A legacy policy that deletes, in the whole cluster.
pub const CLUSTER_CLEANUP: &str = "ClusterCleanupPolicy";
/// The same in a namespace.
pub const CLEANUP: &str = "CleanupPolicy";
/// A newer policy that refuses or reports.
pub const VALIDATING: &str = "ValidatingPolicy";
/// One that does so by the signatures of images.
pub const IMAGE_VALIDATING: &str = "ImageValidatingPolicy";
/// One that changes objects.
pub const MUTATING: &str = "MutatingPolicy";
/// One that makes objects.
pub const GENERATING: &str = "GeneratingPolicy";
/// One that deletes objects.
pub const DELETING: &str = "DeletingPolicy";
/// What the kinds of the newer policies begin with that are within a namespace.
pub const NAMESPACED: &str = "Namespaced";

/// The label of what it makes for its own webhooks.
pub const CERTIFICATE: &str = "cert.kyverno.io/managed-by";
/// The label of the webhook configurations that it writes itself, and its value (`pkg/controllers/webhook`).
pub const WEBHOOK: (&str, &str) = ("webhook.kyverno.io/managed-by", PROGRAM);
/// The label in which it keeps the UID of the object that a Secret was made of (`pkg/background/common/labels.go`).
pub const TRIGGER: &str = "generate.kyverno.io/trigger-uid";
/// The label by which rights come to its background controller (its chart, `clusterrole.yaml` of each).
pub const TO_BACKGROUND: &str = "rbac.kyverno.io/aggregate-to-background-controller";
/// The same of its reports controller.
pub const TO_REPORTS: &str = "rbac.kyverno.io/aggregate-to-reports-controller";

/// Whether this is a group of its policies.
#[must_use]
pub fn has_policies(group: &str) -> bool {
    group == GROUP || group == POLICIES
}

/// A kind without the word for its form within a namespace.
#[must_use]
pub fn plain(kind: &str) -> &str {
    kind.strip_prefix(NAMESPACED).unwrap_or(kind)
}
