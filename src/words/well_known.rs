//! Custom kinds that many clusters have, and whether their objects live in namespaces: nothing more is said of them here.
//! Sources: the definitions that each project publishes.

use super::crossplane::{CLUSTER_PROVIDER_CONFIG, ENDING};
use super::{argo, kyverno};

/// The kinds of groups that have both sorts, or may get both: first those whose objects are in no namespace, then those whose are.
/// Of the others nothing is said: such a group grows.
const MIXED: &[(&str, &[&str], &[&str])] = &[
    (
        "addon.open-cluster-management.io",
        &["AddOnTemplate", "ClusterManagementAddOn"],
        &["AddOnDeploymentConfig", "ManagedClusterAddOn"],
    ),
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
        argo::GROUP,
        &["ClusterAnalysisTemplate", "ClusterWorkflowTemplate"],
        &[
            "AnalysisRun",
            "AnalysisTemplate",
            "CronWorkflow",
            "EventBus",
            "EventSource",
            "Experiment",
            "Rollout",
            "Sensor",
            "Workflow",
            "WorkflowArtifactGCTask",
            "WorkflowEventBinding",
            "WorkflowTaskResult",
            "WorkflowTaskSet",
            "WorkflowTemplate",
        ],
    ),
    (
        "capsule.clastix.io",
        &["CapsuleConfiguration", "GlobalTenantResource", "ResourcePool", "Tenant", "TenantOwner"],
        &["ResourcePoolClaim", "TenantResource"],
    ),
    (
        "cdi.kubevirt.io",
        &["CDI", "CDIConfig", "ObjectTransfer", "StorageProfile"],
        &["DataImportCron", "DataSource", "DataVolume"],
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
            "TracingPolicy",
        ],
        &[
            "CiliumEndpoint",
            "CiliumEnvoyConfig",
            "CiliumLocalRedirectPolicy",
            "CiliumNetworkPolicy",
            "CiliumNodeConfig",
            "TracingPolicyNamespaced",
        ],
    ),
    ("cluster.karmada.io", &["Cluster"], &[]),
    (
        "cluster.open-cluster-management.io",
        &["ClusterClaim", "ManagedCluster", "ManagedClusterSet"],
        &["AddOnPlacementScore", "ManagedClusterSetBinding", "Placement", "PlacementDecision"],
    ),
    (
        "config.openshift.io",
        &[
            "APIServer",
            "Authentication",
            "Build",
            "ClusterOperator",
            "ClusterVersion",
            "Console",
            "DNS",
            "FeatureGate",
            "Image",
            "ImageContentPolicy",
            "ImageDigestMirrorSet",
            "ImageTagMirrorSet",
            "Infrastructure",
            "Ingress",
            "Network",
            "Node",
            "OAuth",
            "OperatorHub",
            "Project",
            "Proxy",
            "Scheduler",
        ],
        &[],
    ),
    (
        "configuration.konghq.com",
        &["KongClusterPlugin", "KongVault"],
        &[
            "KongConsumer",
            "KongConsumerGroup",
            "KongIngress",
            "KongPlugin",
            "KongUpstreamPolicy",
            "TCPIngress",
            "UDPIngress",
        ],
    ),
    (
        "console.openshift.io",
        &[
            "ConsoleCLIDownload",
            "ConsoleExternalLogLink",
            "ConsoleLink",
            "ConsoleNotification",
            "ConsolePlugin",
            "ConsoleQuickStart",
            "ConsoleYAMLSample",
        ],
        &[],
    ),
    (
        "crd.antrea.io",
        &["ClusterGroup", "ClusterNetworkPolicy", "Egress", "ExternalIPPool", "Tier", "Traceflow"],
        &["ExternalEntity", "Group", "NetworkPolicy"],
    ),
    ("crd.k8s.amazonaws.com", &["ENIConfig"], &[]),
    (
        "crd.projectcalico.org",
        &[
            "BGPConfiguration",
            "BGPFilter",
            "BGPPeer",
            "BlockAffinity",
            "CalicoNodeStatus",
            "ClusterInformation",
            "FelixConfiguration",
            "GlobalNetworkPolicy",
            "GlobalNetworkSet",
            "HostEndpoint",
            "IPAMBlock",
            "IPAMConfig",
            "IPAMHandle",
            "IPPool",
            "IPReservation",
            "KubeControllersConfiguration",
            "StagedGlobalNetworkPolicy",
            "Tier",
        ],
        &["NetworkPolicy", "NetworkSet", "StagedKubernetesNetworkPolicy", "StagedNetworkPolicy"],
    ),
    ("elbv2.k8s.aws", &["IngressClassParams"], &["TargetGroupBinding"]),
    ("eventing.knative.dev", &[], &["Broker", "EventType", "Trigger"]),
    ("expansion.gatekeeper.sh", &["ExpansionTemplate"], &[]),
    (
        "external-secrets.io",
        &["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"],
        &["ExternalSecret", "PushSecret", "SecretStore"],
    ),
    ("externaldata.gatekeeper.sh", &["Provider"], &[]),
    (
        "fleet.cattle.io",
        &["Content"],
        &["Bundle", "BundleDeployment", "Cluster", "ClusterGroup", "GitRepo", "GitRepoRestriction"],
    ),
    (
        "fluentbit.fluent.io",
        &["ClusterFilter", "ClusterFluentBitConfig", "ClusterInput", "ClusterOutput", "ClusterParser"],
        &["Collector", "Filter", "FluentBit", "Output", "Parser"],
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
    (
        "hive.openshift.io",
        &["ClusterImageSet", "HiveConfig", "SelectorSyncIdentityProvider", "SelectorSyncSet"],
        &[
            "Checkpoint",
            "ClusterClaim",
            "ClusterDeployment",
            "ClusterDeprovision",
            "ClusterPool",
            "ClusterProvision",
            "DNSZone",
            "MachinePool",
            "SyncSet",
        ],
    ),
    ("hnc.x-k8s.io", &["HNCConfiguration"], &["HierarchyConfiguration", "SubnamespaceAnchor"]),
    (
        "infrastructure.cluster.x-k8s.io",
        &["AWSClusterControllerIdentity", "AWSClusterRoleIdentity", "AWSClusterStaticIdentity"],
        &[],
    ),
    (
        "instancetype.kubevirt.io",
        &["VirtualMachineClusterInstancetype", "VirtualMachineClusterPreference"],
        &["VirtualMachineInstancetype", "VirtualMachinePreference"],
    ),
    (
        "k8s.ovn.org",
        &["AdminPolicyBasedExternalRoute", "ClusterUserDefinedNetwork", "EgressIP"],
        &["EgressFirewall", "EgressQoS", "EgressService", "UserDefinedNetwork"],
    ),
    ("karpenter.azure.com", &["AKSNodeClass"], &[]),
    ("karpenter.k8s.aws", &["EC2NodeClass"], &[]),
    ("karpenter.sh", &["NodeClaim", "NodeOverlay", "NodePool"], &[]),
    ("keda.sh", &["ClusterTriggerAuthentication"], &["ScaledJob", "ScaledObject", "TriggerAuthentication"]),
    ("kro.run", &["ResourceGraphDefinition"], &[]),
    ("kubeflow.org", &["Profile"], &["MPIJob", "Notebook", "PyTorchJob", "TFJob", "XGBoostJob"]),
    (
        "kueue.x-k8s.io",
        &[
            "AdmissionCheck",
            "ClusterQueue",
            "Cohort",
            "MultiKueueCluster",
            "MultiKueueConfig",
            "ProvisioningRequestConfig",
            "ResourceFlavor",
            "Topology",
            "WorkloadPriorityClass",
        ],
        &["LocalQueue", "Workload"],
    ),
    ("logging.banzaicloud.io", &["Logging", "LoggingRoute"], &["ClusterFlow", "ClusterOutput", "Flow", "Output"]),
    (
        "machineconfiguration.openshift.io",
        &["ContainerRuntimeConfig", "ControllerConfig", "KubeletConfig", "MachineConfig", "MachineConfigPool"],
        &[],
    ),
    ("mutations.gatekeeper.sh", &["Assign", "AssignImage", "AssignMetadata", "ModifySet"], &[]),
    ("networking.internal.knative.dev", &["ClusterDomainClaim"], &[]),
    ("nfd.k8s-sigs.io", &["NodeFeatureRule"], &["NodeFeature", "NodeFeatureGroup"]),
    (
        "nmstate.io",
        &["NMState", "NodeNetworkConfigurationEnactment", "NodeNetworkConfigurationPolicy", "NodeNetworkState"],
        &[],
    ),
    ("nvidia.com", &["ClusterPolicy", "NVIDIADriver"], &[]),
    ("objectbucket.io", &["ObjectBucket"], &["ObjectBucketClaim"]),
    ("olm.operatorframework.io", &["ClusterCatalog", "ClusterExtension"], &[]),
    ("openreports.io", &["ClusterReport"], &["Report"]),
    ("opentelemetry.io", &[], &["Instrumentation", "OpAMPBridge", "OpenTelemetryCollector", "TargetAllocator"]),
    ("operator.open-cluster-management.io", &["ClusterManager", "Klusterlet"], &[]),
    (
        "operator.tekton.dev",
        &[
            "TektonAddon",
            "TektonChain",
            "TektonConfig",
            "TektonDashboard",
            "TektonHub",
            "TektonInstallerSet",
            "TektonPipeline",
            "TektonResult",
            "TektonTrigger",
        ],
        &[],
    ),
    ("operator.tigera.io", &["APIServer", "Goldmane", "ImageSet", "Installation", "TigeraStatus", "Whisker"], &[]),
    (
        "operators.coreos.com",
        &["OLMConfig", "Operator"],
        &[
            "CatalogSource",
            "ClusterServiceVersion",
            "InstallPlan",
            "OperatorCondition",
            "OperatorGroup",
            "Subscription",
        ],
    ),
    (
        "policies.kubewarden.io",
        &["ClusterAdmissionPolicy", "ClusterAdmissionPolicyGroup", "PolicyServer"],
        &["AdmissionPolicy", "AdmissionPolicyGroup"],
    ),
    ("policy.cert-manager.io", &["CertificateRequestPolicy"], &[]),
    (
        "policy.karmada.io",
        &["ClusterOverridePolicy", "ClusterPropagationPolicy"],
        &["FederatedResourceQuota", "OverridePolicy", "PropagationPolicy"],
    ),
    ("policy.networking.k8s.io", &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy"], &[]),
    ("policy.sigstore.dev", &["ClusterImagePolicy", "TrustRoot"], &[]),
    (
        "postgresql.cnpg.io",
        &["ClusterImageCatalog"],
        &["Backup", "Cluster", "Database", "ImageCatalog", "Pooler", "Publication", "ScheduledBackup", "Subscription"],
    ),
    (
        "projectcalico.org",
        &[
            "BGPConfiguration",
            "BGPFilter",
            "BGPPeer",
            "BlockAffinity",
            "CalicoNodeStatus",
            "ClusterInformation",
            "FelixConfiguration",
            "GlobalNetworkPolicy",
            "GlobalNetworkSet",
            "HostEndpoint",
            "IPAMConfiguration",
            "IPPool",
            "IPReservation",
            "KubeControllersConfiguration",
            "Profile",
            "StagedGlobalNetworkPolicy",
            "Tier",
        ],
        &["NetworkPolicy", "NetworkSet", "StagedKubernetesNetworkPolicy", "StagedNetworkPolicy"],
    ),
    (kyverno::REPORTS, &["ClusterEphemeralReport"], &["EphemeralReport"]),
    ("scheduling.volcano.sh", &["Queue"], &["PodGroup"]),
    ("security.openshift.io", &["SecurityContextConstraints"], &[]),
    ("serving.knative.dev", &[], &["Configuration", "DomainMapping", "Revision", "Route", "Service"]),
    (
        "serving.kserve.io",
        &["ClusterServingRuntime", "ClusterStorageContainer"],
        &["InferenceGraph", "InferenceService", "ServingRuntime", "TrainedModel"],
    ),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"], &["VolumeSnapshot"]),
    ("tekton.dev", &["ClusterTask"], &["CustomRun", "Pipeline", "PipelineRun", "StepAction", "Task", "TaskRun"]),
    ("templates.gatekeeper.sh", &["ConstraintTemplate"], &[]),
    ("topolvm.io", &["LogicalVolume"], &[]),
    ("trainer.kubeflow.org", &["ClusterTrainingRuntime"], &["TrainJob", "TrainingRuntime"]),
    (
        "triggers.tekton.dev",
        &["ClusterInterceptor", "ClusterTriggerBinding"],
        &["EventListener", "Interceptor", "Trigger", "TriggerBinding", "TriggerTemplate"],
    ),
    ("trust.cert-manager.io", &["Bundle"], &[]),
    ("user.openshift.io", &["Group", "Identity", "User"], &[]),
    ("vpcresources.k8s.aws", &["CNINode"], &["SecurityGroupPolicy"]),
    ("wgpolicyk8s.io", &["ClusterPolicyReport"], &["PolicyReport"]),
    ("work.open-cluster-management.io", &["AppliedManifestWork"], &["ManifestWork", "ManifestWorkReplicaSet"]),
];
/// Groups of which all kinds are in namespaces.
const NAMESPACED: &[&str] = &[
    "acid.zalan.do",
    "acme.cert-manager.io",
    "addons.cluster.x-k8s.io",
    "autoscaling.k8s.io",
    "bitnami.com",
    "ceph.rook.io",
    "cluster.x-k8s.io",
    "config.gatekeeper.sh",
    "core.strimzi.io",
    "dapr.io",
    "elasticsearch.k8s.elastic.co",
    "extensions.istio.io",
    "gateway.envoyproxy.io",
    "grafana.integreatly.org",
    "helm.cattle.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "jobset.x-k8s.io",
    "k8s.cni.cncf.io",
    "kafka.strimzi.io",
    "kibana.k8s.elastic.co",
    "kustomize.toolkit.fluxcd.io",
    "loki.grafana.com",
    "longhorn.io",
    "metallb.io",
    "monitoring.coreos.com",
    "multicluster.x-k8s.io",
    "networking.istio.io",
    "notification.toolkit.fluxcd.io",
    "operator.victoriametrics.com",
    "policy.linkerd.io",
    "projectcontour.io",
    "rabbitmq.com",
    "ray.io",
    "secrets-store.csi.x-k8s.io",
    "secrets.hashicorp.com",
    "security.istio.io",
    "source.toolkit.fluxcd.io",
    "sparkoperator.k8s.io",
    "telemetry.istio.io",
    "traefik.io",
    "velero.io",
];

/// Whether the objects of a kind live in namespaces; `None` of one that is not known here.
pub fn is_namespaced(group: &str, kind: &str) -> Option<bool> {
    if group == "constraints.gatekeeper.sh" {
        return Some(false);
    }
    if of_provider(group, ".m") {
        return Some(kind != CLUSTER_PROVIDER_CONFIG);
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
    let own = ["helm", "kubernetes"].iter().any(|it| group == format!("{it}{sort}{ENDING}"));
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
            ("argoproj.io", "Rollout", Some(true)),
            ("argoproj.io", "ClusterWorkflowTemplate", Some(false)),
            ("cluster.open-cluster-management.io", "ManagedCluster", Some(false)),
            ("cluster.open-cluster-management.io", "Placement", Some(true)),
            ("crd.projectcalico.org", "GlobalNetworkPolicy", Some(false)),
            ("projectcalico.org", "GlobalNetworkPolicy", Some(false)),
            ("projectcalico.org", "NetworkPolicy", Some(true)),
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
