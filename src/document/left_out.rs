//! Kinds of which Argo CD looks at no object.

use crate::words::kyverno;

/// How Argo CD comes to leave a kind out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// Whatever its settings are.
    Always,
    /// By `resource.exclusions` of its settings, which a hub may change.
    BySettings,
}

/// What it knows by itself (argo-cd 3.6.1 `util/settings/resources_filter.go`), by group; `*` is every kind of the group.
const ALWAYS: &[(&str, &[&str])] = &[("", &["Event"]), ("events.k8s.io", &["*"]), ("metrics.k8s.io", &["*"])];
/// `resource.exclusions` in its manifests (`argocd-cm` since 3.0).
const BY_SETTINGS: &[(&str, &[&str])] = &[
    ("", &["Endpoints"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    (
        "authorization.k8s.io",
        &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("cert-manager.io", &["CertificateRequest"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    ("cilium.io", &["CiliumEndpoint", "CiliumEndpointSlice", "CiliumIdentity"]),
    ("coordination.k8s.io", &["Lease"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    (kyverno::GROUP, KYVERNOS_REPORTS),
    (kyverno::REPORTS, KYVERNOS_REPORTS),
    ("wgpolicyk8s.io", KYVERNOS_REPORTS),
];
const KYVERNOS_REPORTS: &[&str] = &[
    "AdmissionReport",
    "BackgroundScanReport",
    "ClusterAdmissionReport",
    "ClusterBackgroundScanReport",
    "ClusterEphemeralReport",
    "ClusterPolicyReport",
    "EphemeralReport",
    "PolicyReport",
    "UpdateRequest",
];

/// Whether Argo CD leaves the objects of a kind out: it applies none then, and says `Synced`.
#[must_use]
pub fn left_out(group: &str, kind: &str) -> Option<LeftOut> {
    let has = |(of, kinds): &(&str, &[&str])| *of == group && (kinds.contains(&kind) || kinds.contains(&"*"));
    if ALWAYS.iter().any(has) {
        return Some(LeftOut::Always);
    }
    BY_SETTINGS.iter().any(has).then_some(LeftOut::BySettings)
}
