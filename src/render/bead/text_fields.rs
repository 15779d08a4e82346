//! Fields of which Kubernetes takes one type only, whatever stands in them: so that a number is a text where texts are due, and a
//! text a number where numbers are.
//!
//! Sources: Kubernetes' API reference. Of fields that take both (`targetPort`, `maxUnavailable`), a text of digits alone is what
//! nobody means: a port's name has a letter, and a share a `%`. Quantities are in none of the lists.

use crate::words::{is_of_kubernetes, known_kind};

/// Fields that are texts in objects of Kubernetes' own kinds, wherever they stand.
const TEXTS: [&str; 36] = [
    "apiGroup",
    "cidr",
    "claimName",
    "clusterIP",
    "effect",
    "expression",
    "externalName",
    "fieldPath",
    "host",
    "hostname",
    "image",
    "imagePullPolicy",
    "ingressClassName",
    "key",
    "loadBalancerIP",
    "mountPath",
    "name",
    "namespace",
    "nodeName",
    "operator",
    "path",
    "priorityClassName",
    "provisioner",
    "resourceName",
    "restartPolicy",
    "runtimeClassName",
    "schedule",
    "secretName",
    "serviceAccountName",
    "serviceName",
    "storageClassName",
    "subPath",
    "timeZone",
    "topologyKey",
    "volumeName",
    "workingDir",
];
/// Lists of texts in them.
const LISTS: [&str; 10] = [
    "accessModes",
    "apiGroups",
    "command",
    "finalizers",
    "hosts",
    "mountOptions",
    "nonResourceURLs",
    "resourceNames",
    "resources",
    "verbs",
];
/// Mappings from texts to texts in them.
const MAPS: [&str; 2] = ["nodeSelector", "volumeAttributes"];
/// Whole numbers in them.
const NUMBERS: [&str; 28] = [
    "activeDeadlineSeconds",
    "averageUtilization",
    "backoffLimit",
    "completions",
    "containerPort",
    "defaultMode",
    "failedJobsHistoryLimit",
    "failureThreshold",
    "fsGroup",
    "hostPort",
    "initialDelaySeconds",
    "maxReplicas",
    "minReadySeconds",
    "minReplicas",
    "nodePort",
    "parallelism",
    "periodSeconds",
    "progressDeadlineSeconds",
    "replicas",
    "revisionHistoryLimit",
    "runAsGroup",
    "runAsUser",
    "startingDeadlineSeconds",
    "successThreshold",
    "successfulJobsHistoryLimit",
    "terminationGracePeriodSeconds",
    "timeoutSeconds",
    "ttlSecondsAfterFinished",
];
/// What is true or false in them.
const FLAGS: [&str; 17] = [
    "allowPrivilegeEscalation",
    "allowVolumeExpansion",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "immutable",
    "paused",
    "privileged",
    "publishNotReadyAddresses",
    "readOnlyRootFilesystem",
    "runAsNonRoot",
    "shareProcessNamespace",
    "stdin",
    "suspend",
    "tty",
];
/// Lists of containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Whether what stands at a path is for others than Kubernetes: the schema of a definition, and what drivers are told.
fn is_free(path: &[&str]) -> bool {
    path.contains(&"openAPIV3Schema")
        || path.windows(2).any(|it| matches!(it, ["opaque", "parameters"] | ["flexVolume", "options"]))
}

/// Whether the field at a path of an object is a text. The steps of the path are keys, and `[]` for items. `is_own` says
/// whether the object is of one of Kubernetes' own kinds.
///
/// What is in none of the lists is a text only where its author says so; and the schema of a definition is no object,
/// whatever its properties are called.
pub fn is_text(kind: &str, is_own: bool, path: &[&str]) -> bool {
    if is_free(path) {
        return false;
    }
    match path {
        ["data" | "binaryData" | "stringData", _] => is_own && matches!(kind, "ConfigMap" | "Secret"),
        ["spec", "selector", _] => is_own && matches!(kind, "Service" | "ReplicationController"),
        ["apiVersion" | "kind"]
        | [.., "metadata", "name" | "generateName" | "namespace"]
        | [.., "metadata", "labels" | "annotations", _]
        | [.., "matchLabels", _]
        | [.., "matchExpressions", "[]", "values", "[]"]
        | [.., "template", "spec", "nodeSelector", _] => true,
        ["parameters", _] => is_own && matches!(kind, "StorageClass" | "VolumeAttributesClass" | "VolumeSnapshotClass"),
        [.., "tolerations" | "httpHeaders", "[]", "value"] => is_own,
        [.., containers, "[]", "name" | "image"]
        | [.., containers, "[]", "args" | "command", "[]"]
        | [.., containers, "[]", "env", "[]", "name" | "value"]
            if CONTAINERS.contains(containers) =>
        {
            true
        }
        [.., list, "[]"] => is_own && LISTS.contains(list),
        [.., map, last] => is_own && (MAPS.contains(map) || TEXTS.contains(last)),
        [last] => is_own && TEXTS.contains(last),
        [] => false,
    }
}

/// What a field takes that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// The number of a port, or its name.
    Port,
    /// A whole number, or a share in percent.
    Share,
}

/// What the field at a path takes, where it takes no text, in an object of a kind that Kubernetes itself has.
pub fn wanted(group: &str, kind: &str, path: &[&str]) -> Option<Wanted> {
    // Kyverno and Crossplane write patterns and the fields of other objects into theirs.
    let is_known = is_of_kubernetes(group) && known_kind(group, kind).is_some();
    let is_data = kind == "ControllerRevision" && path.first() == Some(&"data");
    if !is_known || is_data || is_free(path) || is_text(kind, true, path) {
        return None;
    }
    match path {
        ["spec", "ports", "[]", "port"] if kind == "Service" => Some(Wanted::Number),
        ["spec", "ports", "[]", "targetPort"] if kind == "Service" => Some(Wanted::Port),
        [.., "ports", "[]", "port"] if kind == "NetworkPolicy" => Some(Wanted::Port),
        [.., "httpGet" | "tcpSocket", "port"] => Some(Wanted::Port),
        [.., "maxUnavailable" | "minAvailable" | "maxSurge"] => Some(Wanted::Share),
        [.., last] if NUMBERS.contains(last) => Some(Wanted::Number),
        [.., last] if FLAGS.contains(last) => Some(Wanted::Flag),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_numbers_by_their_fields() {
        let is_text = |kind: &str, path: &str| is_text(kind, true, &path.split('.').collect::<Vec<_>>());
        for path in [
            "metadata.name",
            "metadata.labels.a",
            "spec.template.metadata.annotations.a",
            "spec.selector.matchLabels.a",
            "spec.template.spec.containers.[].env.[].value",
            "spec.template.spec.containers.[].args.[]",
            "spec.template.spec.nodeSelector.a",
        ] {
            assert!(is_text("Deployment", path), "{path}");
        }
        assert!(
            is_text("ConfigMap", "data.a")
                && is_text("Secret", "stringData.a")
                && is_text("Service", "spec.selector.a")
                && is_text("RoleBinding", "subjects.[].name")
                && is_text("Pod", "spec.nodeSelector.a")
                && is_text("StorageClass", "parameters.replicas")
                && is_text("Role", "rules.[].resourceNames.[]")
        );
        for path in [
            "spec.template.spec.tolerations.[].value",
            "spec.template.spec.containers.[].livenessProbe.exec.command.[]",
            "spec.template.spec.containers.[].env.[].valueFrom.secretKeyRef.key",
            "spec.template.spec.containers.[].volumeMounts.[].subPath",
        ] {
            assert!(is_text("Deployment", path), "{path}");
        }
        for path in
            ["spec.replicas", "spec.template.spec.containers.[].ports.[].containerPort", "data.a", "spec.data.a"]
        {
            assert!(!is_text("Deployment", path), "{path}");
        }
    }

    #[test]
    fn numbers_and_flags_are_told_by_their_fields() {
        let wanted = |group: &str, kind: &str, path: &str| wanted(group, kind, &path.split('.').collect::<Vec<_>>());
        let container = "spec.template.spec.containers.[]";
        for (path, is) in [
            ("spec.replicas", Some(Wanted::Number)),
            (&format!("{container}.ports.[].containerPort"), Some(Wanted::Number)),
            (&format!("{container}.stdin"), Some(Wanted::Flag)),
            (&format!("{container}.livenessProbe.httpGet.port"), Some(Wanted::Port)),
            ("spec.strategy.rollingUpdate.maxSurge", Some(Wanted::Share)),
            ("metadata.annotations.replicas", None),
            ("spec.selector.matchLabels.tty", None),
        ] {
            assert_eq!(wanted("apps", "Deployment", path), is, "{path}");
        }
        assert_eq!(wanted("", "Service", "spec.ports.[].port"), Some(Wanted::Number));
        assert_eq!(wanted("", "Service", "spec.ports.[].targetPort"), Some(Wanted::Port));
        assert_eq!(wanted("networking.k8s.io", "NetworkPolicy", "spec.egress.[].ports.[].port"), Some(Wanted::Port));
        assert_eq!(wanted("policy", "PodDisruptionBudget", "spec.minAvailable"), Some(Wanted::Share));
        assert_eq!(wanted("", "ConfigMap", "data.replicas"), None);
        assert_eq!(wanted("storage.k8s.io", "StorageClass", "parameters.replicas"), None);
        assert_eq!(wanted("example.org", "Deployment", "spec.replicas"), None);
    }

    #[test]
    fn what_is_written_for_others_has_no_fields_of_kubernetes() {
        let pattern = "spec.rules.[].validate.pattern.spec";
        for (group, kind, path) in [
            ("kyverno.io", "ClusterPolicy", format!("{pattern}.replicas")),
            ("kyverno.io", "Policy", format!("{pattern}.containers.[].securityContext.allowPrivilegeEscalation")),
            ("apiextensions.crossplane.io", "EnvironmentConfig", "data.replicas".to_owned()),
            (
                "apiextensions.crossplane.io",
                "Composition",
                "spec.pipeline.[].input.resources.[].base.spec.forProvider.manifest.spec.ports.[].nodePort".to_owned(),
            ),
            ("apiextensions.k8s.io", "CustomResourceDefinition", "spec.schema.openAPIV3Schema.suspend".to_owned()),
            ("resource.k8s.io", "ResourceClaim", "spec.devices.config.[].opaque.parameters.replicas".to_owned()),
            ("", "Pod", "spec.volumes.[].flexVolume.options.privileged".to_owned()),
            ("apps", "ControllerRevision", "data.spec.replicas".to_owned()),
            ("storage.k8s.io", "VolumeAttributesClass", "parameters.replicas".to_owned()),
        ] {
            let path: Vec<&str> = path.split('.').collect();
            assert_eq!(wanted(group, kind, &path), None, "{kind} {path:?}");
        }
        for (kind, path) in [
            ("ResourceClaim", "spec.devices.config.[].opaque.parameters.name"),
            ("Pod", "spec.volumes.[].flexVolume.options.path"),
        ] {
            assert!(!is_text(kind, true, &path.split('.').collect::<Vec<_>>()), "{path}");
        }
    }

    #[test]
    fn a_property_of_a_schema_is_no_field_and_other_kinds_have_their_own() {
        let schema = ["spec", "versions", "[]", "schema", "openAPIV3Schema", "properties"];
        for below in [&["labels", "maxProperties"][..], &["name", "x"], &["metadata", "labels", "maxProperties"]] {
            assert!(!is_text("CustomResourceDefinition", true, &[&schema, below].concat()), "{below:?}");
        }
        assert!(!is_text("Bucket", false, &["spec", "name"]) && !is_text("Bucket", false, &["spec", "labels", "a"]));
        assert!(is_text("Bucket", false, &["metadata", "labels", "a"]));
    }
}
