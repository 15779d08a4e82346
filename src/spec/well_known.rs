//! Custom kinds that many clusters have, and whether their objects live in namespaces: nothing more is said of them here.
//! Sources: the definitions that each project publishes.

/// Kinds of which each object is in no namespace, by group; the other kinds of these groups are in one.
const CLUSTER: &[(&str, &[&str])] = &[
    ("acme.cert-manager.io", &[]),
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
    ),
    ("bitnami.com", &[]),
    ("capsule.clastix.io", &["CapsuleConfiguration", "GlobalTenantResource", "Tenant"]),
    ("cert-manager.io", &["ClusterIssuer"]),
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
            "CiliumExternalWorkload",
            "CiliumIdentity",
            "CiliumL2AnnouncementPolicy",
            "CiliumLoadBalancerIPPool",
            "CiliumNode",
            "CiliumPodIPPool",
        ],
    ),
    ("config.gatekeeper.sh", &[]),
    ("external-secrets.io", &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("generators.external-secrets.io", &["ClusterGenerator"]),
    ("grafana.integreatly.org", &[]),
    ("groupsnapshot.storage.k8s.io", &["VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent"]),
    ("helm.toolkit.fluxcd.io", &[]),
    ("k8s.cni.cncf.io", &[]),
    ("karpenter.k8s.aws", &["EC2NodeClass"]),
    ("karpenter.sh", &["NodeClaim", "NodeOverlay", "NodePool"]),
    ("keda.sh", &["ClusterTriggerAuthentication"]),
    ("kustomize.toolkit.fluxcd.io", &[]),
    ("longhorn.io", &[]),
    ("metallb.io", &[]),
    ("monitoring.coreos.com", &[]),
    ("mutations.gatekeeper.sh", &["Assign", "AssignImage", "AssignMetadata", "ModifySet"]),
    ("networking.istio.io", &[]),
    ("nfd.k8s-sigs.io", &["NodeFeatureRule"]),
    ("nvidia.com", &["ClusterPolicy", "NVIDIADriver"]),
    ("opentelemetry.io", &[]),
    ("operator.tigera.io", &["APIServer", "Goldmane", "ImageSet", "Installation", "TigeraStatus", "Whisker"]),
    ("postgresql.cnpg.io", &["ClusterImageCatalog"]),
    ("secrets-store.csi.x-k8s.io", &[]),
    ("security.istio.io", &[]),
    ("security.openshift.io", &["SecurityContextConstraints"]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
    ("source.toolkit.fluxcd.io", &[]),
    ("templates.gatekeeper.sh", &["ConstraintTemplate"]),
    ("traefik.io", &[]),
    ("triggers.tekton.dev", &["ClusterInterceptor", "ClusterTriggerBinding"]),
    ("trust.cert-manager.io", &["Bundle"]),
    ("velero.io", &[]),
    ("wgpolicyk8s.io", &["ClusterPolicyReport"]),
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
    let (_, cluster) = CLUSTER.iter().find(|(known, _)| *known == group)?;
    Some(!cluster.contains(&kind))
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
    fn a_kind_of_a_known_group_is_in_a_namespace_unless_it_is_listed() {
        for (group, kind, namespaced) in [
            ("cert-manager.io", "ClusterIssuer", Some(false)),
            ("cert-manager.io", "Certificate", Some(true)),
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
    fn the_list_is_sorted_and_has_each_once() {
        assert!(CLUSTER.is_sorted_by(|one, other| one.0 < other.0));
        assert!(CLUSTER.iter().all(|(_, kinds)| kinds.is_sorted_by(|one, other| one < other)));
    }
}
