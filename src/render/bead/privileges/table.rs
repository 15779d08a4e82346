//! The table of privileges: what objects can do beyond themselves, in words for the person who accepts it.
//!
//! What is neither here nor harmless is a privilege as well, since nobody has thought it through.

use super::own::Own;
use super::{cases, claims, ingress, marks};
use crate::render::bead::{KINDS_WITH_PODS, Piece};
use crate::words::crossplane::{
    CLUSTER_PROVIDER_CONFIG, CONFIGURATION, EXTENSIONS, FUNCTION, OPERATIONS, PACKAGES, PROTECTION, PROVIDER,
    PROVIDER_CONFIG, XRD,
};
use crate::words::kyverno;

/// Any kind of a group; any group with a kind.
pub const ANY: &str = "*";
/// What an object can do of a kind without a namespace that is not in the tables.
pub const UNKNOWN_EVERYWHERE: &str = "concerns the whole cluster, and what comes of it is not known";
/// What an object can do of a kind with namespaces that is not in the tables.
pub const UNKNOWN_HERE: &str = "a controller that is not the bead's acts on it, and what comes of it is not known";

/// What objects of some kinds can do.
pub struct Power {
    /// The kinds by group; the core group is empty.
    pub kinds: &'static [(&'static str, &'static str)],
    /// For which of them; empty for all.
    pub when: &'static str,
    /// What it can do.
    pub can: &'static str,
    pub(super) told: Told,
}

/// How it is told of one object. Of the rows about a kind the first that is no `Also` is meant.
#[derive(Clone, Copy)]
pub(super) enum Told {
    /// By the words of the table.
    Alike,
    /// By what the object says.
    Each(Case),
    /// By what the object says, and besides what else is said of the kind.
    Also(Case),
    /// By what it lets be written, held against this table.
    ByRights,
}

type Case = fn(&Piece, Own<'_>) -> Vec<String>;

impl Power {
    /// Whether it is about this kind.
    #[must_use]
    pub fn concerns(&self, group: &str, kind: &str) -> bool {
        let is_it = |(of, it): &(&str, &str)| (*of == ANY || *of == group) && (*it == ANY || *it == kind);
        self.kinds.iter().any(is_it)
    }
}

const fn all(kinds: &'static [(&'static str, &'static str)], can: &'static str) -> Power {
    Power { kinds, when: "", can, told: Told::Alike }
}

const fn each(
    kinds: &'static [(&'static str, &'static str)],
    when: &'static str,
    can: &'static str,
    told: Case,
) -> Power {
    Power { kinds, when, can, told: Told::Each(told) }
}

const fn also(
    kinds: &'static [(&'static str, &'static str)],
    when: &'static str,
    can: &'static str,
    told: Case,
) -> Power {
    Power { kinds, when, can, told: Told::Also(told) }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// What somebody has thought through about a kind; nothing of one that is harmless, or not known.
pub(super) fn meant(group: &str, kind: &str) -> Option<&'static Power> {
    powers(group, kind).find(|power| matches!(power.told, Told::Alike | Told::Each(_)))
}

pub(super) fn powers(group: &str, kind: &str) -> impl Iterator<Item = &'static Power> {
    POWERS.iter().filter(move |power| power.concerns(group, kind))
}

/// Kinds besides those with pods of which an object can do nothing beyond its namespace, but for what the table says of some.
pub const HARMLESS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "PersistentVolumeClaim"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("coordination.k8s.io", "Lease"),
    ("networking.k8s.io", "Ingress"),
    ("policy", "PodDisruptionBudget"),
    (RBAC, "Role"),
    (RBAC, "RoleBinding"),
];

/// All of them.
pub const POWERS: &[Power] = &[
    // Pods, and what leads to them.
    also(
        KINDS_WITH_PODS,
        "it asks for more than the level `baseline` has, names a ServiceAccount or a priority that the bead does not bring, \
         names a node, or has a claim as below",
        "leads to the node and all that runs there; acts as others; displaces pods of others; gets what others have left",
        cases::pods,
    ),
    also(
        &[("", "Secret")],
        "it is a token of a ServiceAccount that the bead does not bring",
        "acts as others",
        cases::token_of_others,
    ),
    also(
        &[("", "Service")],
        "it has the type ExternalName, NodePort or LoadBalancer, or `externalIPs`",
        "leads out of its namespace, or from outside into it; with `externalIPs` takes what every pod sends there",
        cases::service,
    ),
    also(
        &[("", "PersistentVolumeClaim")],
        "it names a volume that the bead does not bring, picks among those that are there, or copies out of another namespace",
        "gets what others have left there",
        claims::claims,
    ),
    also(
        &[("networking.k8s.io", "Ingress")],
        "it has an annotation `*-snippet` or one that names another namespace, a host with `*` or none, or a default backend",
        "writes configuration of its controller, uses what is of others, or answers their hosts",
        ingress::ingress,
    ),
    also(
        &[("", "ServiceAccount"), ("", "Secret"), ("", "ConfigMap")],
        "it has one of the labels or annotations below",
        "has rights elsewhere, or goes to where others are",
        marks::marks,
    ),
    all(
        &[("", "Endpoints"), ("discovery.k8s.io", "EndpointSlice")],
        "sends what comes to a Service to any address, past network policies (CVE-2021-25740)",
    ),
    each(
        &[("", "Namespace")],
        "it is not that of the application, or it has labels or annotations that others go by",
        "a namespace besides its own, which a chart may let any pod into",
        cases::namespace,
    ),
    all(&[("", "Node")], "decides what a node is, and so what runs on it"),
    // Rights.
    all(&[(RBAC, "ClusterRole")], "rights in every namespace"),
    also(
        &[(RBAC, "ClusterRole")],
        "it has an `aggregationRule`, or a label `…/aggregate-to-…`",
        "collects the rights of other roles; gives its rights to everybody with another role",
        cases::aggregated,
    ),
    each(&[(RBAC, "ClusterRoleBinding")], "", "gives rights in every namespace", cases::bound_everywhere),
    Power {
        kinds: &[(RBAC, "Role")],
        when: "it lets roles be escalated or bound, others be impersonated, tokens be made, commands be run in pods, the namespace, \
               its quotas, limits and network policies be written, or what is a privilege here",
        can: "leaves the bounds of the namespace",
        told: Told::ByRights,
    },
    also(
        &[(RBAC, "RoleBinding")],
        "it gives a ClusterRole that the bead does not bring, or gives to everybody",
        "whatever rights that role has in the namespace, now or later",
        cases::bound_here,
    ),
    all(&[("certificates.k8s.io", ANY)], "decides by which certificates others are known"),
    // The API itself.
    all(
        &[(ADMISSION, "ValidatingWebhookConfiguration")],
        "sees requests of others, with all that is in them, and may refuse them",
    ),
    also(
        &[(ADMISSION, "ValidatingWebhookConfiguration"), (ADMISSION, "MutatingWebhookConfiguration")],
        "its `failurePolicy` is not Ignore",
        "requests are refused when its webhook does not answer",
        cases::webhooks_that_block,
    ),
    all(&[(ADMISSION, ANY)], "decides about requests of others"),
    all(&[("apiregistration.k8s.io", ANY)], "answers for a part of the API"),
    all(&[("apiextensions.k8s.io", ANY)], "defines a kind for the whole cluster"),
    also(
        &[("apiextensions.k8s.io", "CustomResourceDefinition")],
        "its conversion is a webhook",
        "rewrites every object of the kind, and while it does not answer none can be read or deleted",
        cases::converted,
    ),
    all(&[("flowcontrol.apiserver.k8s.io", ANY)], "decides whose requests the API server lets wait"),
    // Storage, nodes, networks.
    all(&[("", "PersistentVolume")], "gives storage, of whatever place, to whoever claims it"),
    also(&[("", "PersistentVolume")], "it is `hostPath` or `local`", "gives a folder of a node", cases::folder_of_node),
    all(&[(STORAGE, ANY)], "decides where data of others is kept, and by what"),
    all(&[("snapshot.storage.k8s.io", ANY)], "reads data of others, or decides how it is kept"),
    all(&[("scheduling.k8s.io", ANY)], "lets pods displace those of others"),
    all(&[("node.k8s.io", ANY)], "decides how pods are run"),
    all(&[("resource.k8s.io", ANY)], "decides about the devices of nodes"),
    all(
        &[("networking.k8s.io", "IngressClass"), ("gateway.networking.k8s.io", "GatewayClass")],
        "decides who serves the Ingresses and Gateways of others",
    ),
    all(
        &[("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "ServiceCIDR")],
        "decides about addresses of Services",
    ),
    // Crossplane.
    each(
        &[(PACKAGES, PROVIDER), (PACKAGES, FUNCTION), (PACKAGES, CONFIGURATION)],
        "",
        "runs, or brings, what is in the package, with the rights that Crossplane gives it",
        cases::package,
    ),
    all(&[(PACKAGES, "ImageConfig")], "decides where packages come from"),
    all(&[(PACKAGES, "DeploymentRuntimeConfig")], "decides as whom packages run, and how"),
    all(&[(PACKAGES, ANY)], "runs a package with the rights that Crossplane gives it"),
    all(&[(EXTENSIONS, XRD)], "defines an API for the whole cluster, which everybody may use who may edit a namespace"),
    all(&[(EXTENSIONS, "EnvironmentConfig")], "gives values to Compositions of others"),
    all(
        &[(EXTENSIONS, ANY), (OPERATIONS, ANY)],
        "makes objects of any kind in any namespace, with the rights of Crossplane and of any provider configuration",
    ),
    all(&[(PROTECTION, ANY)], "holds up the deletion of objects of others"),
    all(&[(ANY, PROVIDER_CONFIG), (ANY, CLUSTER_PROVIDER_CONFIG)], "who names it works with its credentials"),
    all(
        &[("kubernetes.crossplane.io", "Object"), ("kubernetes.m.crossplane.io", "Object")],
        "writes any object, in any namespace, with the rights of the provider",
    ),
    all(
        &[("helm.crossplane.io", "Release"), ("helm.m.crossplane.io", "Release")],
        "installs any chart, in any namespace, with the rights of the provider",
    ),
    all(
        &[
            ("tf.upbound.io", "Workspace"),
            ("tf.m.upbound.io", "Workspace"),
            ("opentofu.upbound.io", "Workspace"),
            ("opentofu.m.upbound.io", "Workspace"),
        ],
        "runs any module, with the rights and the credentials of the provider",
    ),
    also(
        &[(ANY, ANY)],
        "it has a `providerConfigRef` to a provider configuration that the bead does not bring",
        "works with the rights and the credentials of others",
        cases::through_a_provider,
    ),
    // Kyverno.
    all(
        &[(kyverno::GROUP, kyverno::EXCEPTION), (kyverno::POLICIES, kyverno::EXCEPTION)],
        "takes objects out of policies",
    ),
    each(
        &[
            (kyverno::GROUP, kyverno::CLUSTER_CLEANUP),
            (kyverno::GROUP, kyverno::CLUSTER_POLICY),
            (kyverno::GROUP, kyverno::CLEANUP),
            (kyverno::GROUP, kyverno::POLICY),
            (kyverno::POLICIES, kyverno::DELETING),
            (kyverno::POLICIES, kyverno::GENERATING),
            (kyverno::POLICIES, kyverno::IMAGE_VALIDATING),
            (kyverno::POLICIES, kyverno::MUTATING),
            (kyverno::POLICIES, "NamespacedDeletingPolicy"),
            (kyverno::POLICIES, "NamespacedGeneratingPolicy"),
            (kyverno::POLICIES, "NamespacedImageValidatingPolicy"),
            (kyverno::POLICIES, "NamespacedMutatingPolicy"),
            (kyverno::POLICIES, "NamespacedValidatingPolicy"),
            (kyverno::POLICIES, kyverno::VALIDATING),
        ],
        "it holds for the whole cluster; it generates, mutates or deletes; it asks the API beyond its namespace, or services; or it \
         refuses requests when Kyverno does not answer",
        "sees, and may send, what others ask for; decides about objects of others",
        cases::policy,
    ),
    all(&[(kyverno::GROUP, ANY), (kyverno::POLICIES, ANY)], "decides about objects of others"),
    // Others that are common.
    all(&[("cert-manager.io", "ClusterIssuer")], "signs certificates for every namespace"),
    all(
        &[
            ("external-secrets.io", "ClusterSecretStore"),
            ("external-secrets.io", "ClusterExternalSecret"),
            ("external-secrets.io", "ClusterPushSecret"),
        ],
        "brings secrets of a store into every namespace, or takes them out",
    ),
    all(&[("backstack.dev", ANY)], "is what the removal of a bead goes by"),
];
