//! The kinds that manifests of hubs and beads hold, as far as they are known without asking a cluster.

use super::{argo, crossplane, kyverno, well_known};

/// A kind that is known beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKind {
    /// The group, empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The plural, as paths name it.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// Kinds that bound a namespace from outside, by group; a bead that could write them could lift its own bounds.
pub const BOUNDS: [(&str, &str); 3] =
    [("", "ResourceQuota"), ("", "LimitRange"), ("networking.k8s.io", "NetworkPolicy")];

/// The kinds that make pods, by group, each with the place of the pod in its objects.
pub const MAKING_PODS: [(&str, &str, &str); 9] = [
    ("", "Pod", ""),
    ("", "PodTemplate", "/template"),
    ("", "ReplicationController", "/spec/template"),
    ("apps", "Deployment", "/spec/template"),
    ("apps", "StatefulSet", "/spec/template"),
    ("apps", "DaemonSet", "/spec/template"),
    ("apps", "ReplicaSet", "/spec/template"),
    ("batch", "Job", "/spec/template"),
    ("batch", "CronJob", "/spec/jobTemplate/spec/template"),
];

/// The kinds of others that have to say how they are, by group, each with the conditions that have to be true.
pub const MUST_SAY: [(&str, &str, &[&str]); 6] = [
    (crossplane::PACKAGES, crossplane::PROVIDER, &["Installed", "Healthy"]),
    (crossplane::PACKAGES, crossplane::FUNCTION, &["Installed", "Healthy"]),
    (crossplane::PACKAGES, crossplane::CONFIGURATION, &["Installed", "Healthy"]),
    (crossplane::EXTENSIONS, crossplane::XRD, &["Established"]),
    (kyverno::GROUP, kyverno::CLUSTER_POLICY, &["Ready"]),
    (kyverno::GROUP, kyverno::POLICY, &["Ready"]),
];

/// All of them. Sources: Kubernetes' API reference, Argo CD's and Crossplane 2's CRDs, Kyverno 1.19's CRDs.
pub const KNOWN_KINDS: &[KnownKind] = &[
    cluster("", "Namespace", "namespaces"),
    cluster("", "Node", "nodes"),
    cluster("", "PersistentVolume", "persistentvolumes"),
    namespaced("", "ConfigMap", "configmaps"),
    namespaced("", "Secret", "secrets"),
    namespaced("", "Service", "services"),
    namespaced("", "ServiceAccount", "serviceaccounts"),
    namespaced("", "Pod", "pods"),
    namespaced("", "PodTemplate", "podtemplates"),
    namespaced("", "ReplicationController", "replicationcontrollers"),
    namespaced("", "Endpoints", "endpoints"),
    namespaced("", "PersistentVolumeClaim", "persistentvolumeclaims"),
    namespaced("", "ResourceQuota", "resourcequotas"),
    namespaced("", "LimitRange", "limitranges"),
    namespaced("apps", "Deployment", "deployments"),
    namespaced("apps", "StatefulSet", "statefulsets"),
    namespaced("apps", "DaemonSet", "daemonsets"),
    namespaced("apps", "ReplicaSet", "replicasets"),
    namespaced("apps", "ControllerRevision", "controllerrevisions"),
    namespaced("batch", "Job", "jobs"),
    namespaced("batch", "CronJob", "cronjobs"),
    namespaced("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    namespaced("coordination.k8s.io", "Lease", "leases"),
    namespaced("discovery.k8s.io", "EndpointSlice", "endpointslices"),
    namespaced("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
    namespaced("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    namespaced("networking.k8s.io", "Ingress", "ingresses"),
    cluster("networking.k8s.io", "IngressClass", "ingressclasses"),
    cluster("networking.k8s.io", "IPAddress", "ipaddresses"),
    cluster("networking.k8s.io", "ServiceCIDR", "servicecidrs"),
    cluster("storage.k8s.io", "StorageClass", "storageclasses"),
    cluster("storage.k8s.io", "CSIDriver", "csidrivers"),
    cluster("storage.k8s.io", "CSINode", "csinodes"),
    cluster("storage.k8s.io", "VolumeAttachment", "volumeattachments"),
    namespaced("storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities"),
    cluster("storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses"),
    cluster("resource.k8s.io", "DeviceClass", "deviceclasses"),
    cluster("resource.k8s.io", "ResourceSlice", "resourceslices"),
    namespaced("resource.k8s.io", "ResourceClaim", "resourceclaims"),
    namespaced("resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates"),
    cluster("scheduling.k8s.io", "PriorityClass", "priorityclasses"),
    cluster("node.k8s.io", "RuntimeClass", "runtimeclasses"),
    cluster("certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests"),
    cluster("certificates.k8s.io", "ClusterTrustBundle", "clustertrustbundles"),
    cluster("flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas"),
    cluster("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations"),
    namespaced("rbac.authorization.k8s.io", "Role", "roles"),
    namespaced("rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
    cluster("rbac.authorization.k8s.io", "ClusterRole", "clusterroles"),
    cluster("rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings"),
    cluster("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions"),
    cluster("apiregistration.k8s.io", "APIService", "apiservices"),
    cluster("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    cluster("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
    cluster("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    cluster("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
    cluster("admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutatingadmissionpolicies"),
    cluster("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings"),
    namespaced(argo::GROUP, argo::APPLICATION, "applications"),
    namespaced(argo::GROUP, argo::APPLICATION_SET, "applicationsets"),
    namespaced(argo::GROUP, argo::PROJECT, "appprojects"),
    cluster(crossplane::EXTENSIONS, crossplane::XRD, "compositeresourcedefinitions"),
    cluster(crossplane::EXTENSIONS, crossplane::COMPOSITION, "compositions"),
    cluster(crossplane::EXTENSIONS, "EnvironmentConfig", "environmentconfigs"),
    cluster(crossplane::EXTENSIONS, "ManagedResourceActivationPolicy", "managedresourceactivationpolicies"),
    cluster(crossplane::EXTENSIONS, crossplane::MANAGED_DEFINITION, "managedresourcedefinitions"),
    cluster(crossplane::EXTENSIONS, "Usage", "usages"),
    cluster(crossplane::PROTECTION, "ClusterUsage", "clusterusages"),
    namespaced(crossplane::PROTECTION, "Usage", "usages"),
    cluster(crossplane::OPERATIONS, "Operation", "operations"),
    cluster(crossplane::OPERATIONS, "CronOperation", "cronoperations"),
    cluster(crossplane::OPERATIONS, "WatchOperation", "watchoperations"),
    cluster(crossplane::PACKAGES, crossplane::PROVIDER, "providers"),
    cluster(crossplane::PACKAGES, crossplane::FUNCTION, "functions"),
    cluster(crossplane::PACKAGES, crossplane::CONFIGURATION, "configurations"),
    cluster(crossplane::PACKAGES, "DeploymentRuntimeConfig", "deploymentruntimeconfigs"),
    cluster(crossplane::PACKAGES, "ImageConfig", "imageconfigs"),
    cluster(kyverno::GROUP, kyverno::CLUSTER_POLICY, "clusterpolicies"),
    cluster(kyverno::GROUP, "GlobalContextEntry", "globalcontextentries"),
    namespaced(kyverno::GROUP, kyverno::POLICY, "policies"),
    namespaced(kyverno::GROUP, kyverno::EXCEPTION, "policyexceptions"),
    cluster(kyverno::GROUP, kyverno::CLUSTER_CLEANUP, "clustercleanuppolicies"),
    namespaced(kyverno::GROUP, kyverno::CLEANUP, "cleanuppolicies"),
    cluster(kyverno::POLICIES, kyverno::VALIDATING, "validatingpolicies"),
    cluster(kyverno::POLICIES, kyverno::IMAGE_VALIDATING, "imagevalidatingpolicies"),
    cluster(kyverno::POLICIES, kyverno::MUTATING, "mutatingpolicies"),
    cluster(kyverno::POLICIES, kyverno::GENERATING, "generatingpolicies"),
    cluster(kyverno::POLICIES, kyverno::DELETING, "deletingpolicies"),
    namespaced(kyverno::POLICIES, "NamespacedValidatingPolicy", "namespacedvalidatingpolicies"),
    namespaced(kyverno::POLICIES, "NamespacedImageValidatingPolicy", "namespacedimagevalidatingpolicies"),
    namespaced(kyverno::POLICIES, "NamespacedMutatingPolicy", "namespacedmutatingpolicies"),
    namespaced(kyverno::POLICIES, "NamespacedGeneratingPolicy", "namespacedgeneratingpolicies"),
    namespaced(kyverno::POLICIES, "NamespacedDeletingPolicy", "namespaceddeletingpolicies"),
    namespaced(kyverno::POLICIES, kyverno::EXCEPTION, "policyexceptions"),
];

/// Whether a group is one of Kubernetes' own.
#[must_use]
pub fn is_of_kubernetes(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// What is known of a kind.
#[must_use]
pub fn known_kind(group: &str, kind: &str) -> Option<&'static KnownKind> {
    KNOWN_KINDS.iter().find(|known| known.group == group && known.kind == kind)
}

/// Whether the objects of a kind live in namespaces, as far as that is known without a cluster.
#[must_use]
pub fn is_namespaced(group: &str, kind: &str) -> Option<bool> {
    known_kind(group, kind).map(|known| known.namespaced).or_else(|| well_known::is_namespaced(group, kind))
}

const fn cluster(group: &'static str, kind: &'static str, plural: &'static str) -> KnownKind {
    KnownKind { group, kind, plural, namespaced: false }
}

const fn namespaced(group: &'static str, kind: &'static str, plural: &'static str) -> KnownKind {
    KnownKind { group, kind, plural, namespaced: true }
}
