//! Kinds of which Argo CD looks at no object.

/// Those that it knows by itself (argo-cd 3.6.1 `util/settings/resources_filter.go`), and those of `resource.exclusions` in its
/// manifests (`argocd-cm` since 3.0), by group; `*` is every kind of the group.
const LEFT_OUT: &[(&str, &[&str])] = &[
    ("", &["Endpoints", "Event"]),
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
    ("events.k8s.io", &["*"]),
    ("kyverno.io", KYVERNOS_REPORTS),
    ("metrics.k8s.io", &["*"]),
    ("reports.kyverno.io", KYVERNOS_REPORTS),
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

/// Whether Argo CD leaves the objects of a kind out, unless its settings were changed: it applies none, and says `Synced`.
#[must_use]
pub fn is_left_out(group: &str, kind: &str) -> bool {
    LEFT_OUT.iter().any(|(of, kinds)| *of == group && (kinds.contains(&kind) || kinds.contains(&"*")))
}
