//! Custom kinds that many clusters have, and whether their objects live in namespaces: nothing more is said of them here.
//! Sources: the definitions that each project publishes.

/// The kinds of groups that have both sorts, or may get both: first those whose objects are in no namespace, then those whose are.
/// Of the others nothing is said: such a group grows.
const MIXED: &[(&str, &[&str], &[&str])] = &[
    (
        "aquasecurity.github.io",
        &[
            "ClusterComplianceReport",
            "ClusterConfigAuditReport",
            "ClusterInfraAssessmentReport",
            "ClusterRbacAssessmentReport",
            "ClusterSbomReport",
            "ClusterVulnerabilityReport",
        ],
        &[
            "ConfigAuditReport",
            "ExposedSecretReport",
            "InfraAssessmentReport",
            "RbacAssessmentReport",
            "SbomReport",
            "VulnerabilityReport",
        ],
    ),
    (
        "capsule.clastix.io",
        &["CapsuleConfiguration", "GlobalTenantResource", "ResourcePool", "Tenant", "TenantOwner"],
        &["ResourcePoolClaim", "TenantResource"],
    ),
    ("cert-manager.io", &["ClusterIssuer"], &["Certificate", "CertificateRequest", "Issuer"]),
    (
        "cilium.io",
        &[
            "CiliumBGPAdvertisement",
            "CiliumBGPClusterConfig",
            "CiliumBGPNodeConfig",
            "CiliumBGPNodeConfigOverride",
            "CiliumBGPPeerConfig",
            "CiliumBGPPeeringPolicy",
            "CiliumCIDRGroup",
            "CiliumClusterwideEnvoyConfig",
            "CiliumClusterwideNetworkPolicy",
            "CiliumEgressGatewayPolicy",
            "CiliumEndpointSlice",
            "CiliumExternalWorkload",
            "CiliumIdentity",
            "CiliumL2AnnouncementPolicy",
            "CiliumLoadBalancerIPPool",
            "CiliumNode",
            "CiliumPodIPPool",
        ],
        &[
            "CiliumEndpoint",
            "CiliumEnvoyConfig",
            "CiliumLocalRedirectPolicy",
            "CiliumNetworkPolicy",
            "CiliumNodeConfig",
        ],
    ),
    (
        "external-secrets.io",
        &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"],
        &["ExternalSecret", "PushSecret", "SecretStore"],
    ),
    (
        "gateway.networking.k8s.io",
        &["GatewayClass"],
        &[
            "BackendTLSPolicy",
            "GRPCRoute",
            "Gateway",
            "HTTPRoute",
            "ListenerSet",
            "ReferenceGrant",
            "TCPRoute",
            "TLSRoute",
            "UDPRoute",
        ],
    ),
    (
        "generators.external-secrets.io",
        &["ClusterGenerator"],
        &[
            "ACRAccessToken",
            "ECRAuthorizationToken",
            "Fake",
            "GCRAccessToken",
            "GithubAccessToken",
            "Password",
            "UUID",
            "VaultDynamicSecret",
            "Webhook",
        ],
    ),
    (
        "groupsnapshot.storage.k8s.io",
        &["VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent"],
        &["VolumeGroupSnapshot"],
    ),
    ("karpenter.k8s.aws", &["EC2NodeClass"], &[]),
    ("karpenter.sh", &["NodeClaim", "NodeOverlay", "NodePool"], &[]),
    ("keda.sh", &["ClusterTriggerAuthentication"], &["ScaledJob", "ScaledObject", "TriggerAuthentication"]),
    ("mutations.gatekeeper.sh", &["Assign", "AssignImage", "AssignMetadata", "ModifySet"], &[]),
    ("nfd.k8s-sigs.io", &["NodeFeatureRule"], &["NodeFeature", "NodeFeatureGroup"]),
    ("nvidia.com", &["ClusterPolicy", "NVIDIADriver"], &[]),
    ("opentelemetry.io", &[], &["Instrumentation", "OpAMPBridge", "OpenTelemetryCollector", "TargetAllocator"]),
    ("operator.tigera.io", &["APIServer", "Goldmane", "ImageSet", "Installation", "TigeraStatus", "Whisker"], &[]),
    (
        "postgresql.cnpg.io",
        &["ClusterImageCatalog"],
        &["Backup", "Cluster", "Database", "ImageCatalog", "Pooler", "Publication", "ScheduledBackup", "Subscription"],
    ),
    ("security.openshift.io", &["SecurityContextConstraints"], &[]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"], &["VolumeSnapshot"]),
    ("templates.gatekeeper.sh", &["ConstraintTemplate"], &[]),
    (
        "triggers.tekton.dev",
        &["ClusterInterceptor", "ClusterTriggerBinding"],
        &["EventListener", "Interceptor", "Trigger", "TriggerBinding", "TriggerTemplate"],
    ),
    ("trust.cert-manager.io", &["Bundle"], &[]),
    ("wgpolicyk8s.io", &["ClusterPolicyReport"], &["PolicyReport"]),
];
/// Groups of which all kinds are in namespaces.
const NAMESPACED: &[&str] = &[
    "acme.cert-manager.io",
    "bitnami.com",
    "config.gatekeeper.sh",
    "grafana.integreatly.org",
    "helm.toolkit.fluxcd.io",
    "k8s.cni.cncf.io",
    "kustomize.toolkit.fluxcd.io",
    "longhorn.io",
    "metallb.io",
    "monitoring.coreos.com",
    "networking.istio.io",
    "secrets-store.csi.x-k8s.io",
    "security.istio.io",
    "source.toolkit.fluxcd.io",
    "traefik.io",
    "velero.io",
];

/// Whether the objects of a kind live in namespaces; `None` of one that is not known here.
pub fn is_namespaced(group: &str, kind: &str) -> Option<bool> {
    if group == "constraints.gatekeeper.sh" {
        return Some(false);
    }
    if of_provider(group, ".m") {
        return Some(kind != "ClusterProviderConfig");
    }
    if of_provider(group, "") {
        return Some(false);
    }
    if NAMESPACED.contains(&group) {
        return Some(true);
    }
    let (_, cluster, namespaced) = MIXED.iter().find(|(known, ..)| *known == group)?;
    if cluster.contains(&kind) { Some(false) } else { namespaced.contains(&kind).then_some(true) }
}

/// Whether a group is that of a provider of Crossplane: of version 1 (`helm.crossplane.io`), or with `.m`, of version 2.
fn of_provider(group: &str, sort: &str) -> bool {
    let own = ["helm", "kubernetes"].iter().any(|it| group == format!("{it}{sort}.crossplane.io"));
    let clouds = ["aws", "azure", "azuread", "gcp", "gcp-beta"];
    own || clouds.iter().any(|cloud| {
        let family = format!("{cloud}{sort}.upbound.io");
        group == family || group.strip_suffix(family.as_str()).is_some_and(|service| service.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_kind_that_is_not_known_nothing_is_said() {
        for (group, kind, namespaced) in [
            ("cert-manager.io", "ClusterIssuer", Some(false)),
            ("cert-manager.io", "Certificate", Some(true)),
            ("capsule.clastix.io", "ResourcePool", Some(false)),
            ("capsule.clastix.io", "TenantOwner", Some(false)),
            ("capsule.clastix.io", "Thing", None),
            ("cilium.io", "CiliumNetworkPolicy", Some(true)),
            ("monitoring.coreos.com", "ServiceMonitor", Some(true)),
            ("external-secrets.io", "ClusterSecretStore", Some(false)),
            ("external-secrets.io", "ExternalSecret", Some(true)),
            ("constraints.gatekeeper.sh", "K8sRequiredLabels", Some(false)),
            ("helm.crossplane.io", "ProviderConfig", Some(false)),
            ("helm.m.crossplane.io", "ProviderConfig", Some(true)),
            ("aws.m.upbound.io", "ClusterProviderConfig", Some(false)),
            ("eks.aws.m.upbound.io", "Cluster", Some(true)),
            ("eks.aws.upbound.io", "Cluster", Some(false)),
            ("spaces.upbound.io", "ControlPlane", None),
            ("xaws.upbound.io", "Thing", None),
            ("example.org", "Thing", None),
        ] {
            assert_eq!(is_namespaced(group, kind), namespaced, "{kind}.{group}");
        }
    }

    #[test]
    fn the_lists_are_sorted_and_have_each_once() {
        assert!(MIXED.is_sorted_by(|one, other| one.0 < other.0));
        assert!(MIXED.iter().flat_map(|(_, cluster, own)| [*cluster, *own]).all(is_ascending));
        assert!(is_ascending(NAMESPACED) && MIXED.iter().all(|(group, ..)| !NAMESPACED.contains(group)));
    }

    fn is_ascending(all: &[&str]) -> bool {
        all.is_sorted_by(|one, other| one < other)
    }
}
