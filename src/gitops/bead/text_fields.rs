//! Fields that are texts to Kubernetes whatever stands in them, so that a number there is no number.

/// Fields of a name's kind, in objects of Kubernetes' own kinds.
const NAMES: [&str; 4] = ["name", "namespace", "image", "host"];
/// Lists of containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Whether the field at a path of an object is a text. The steps of the path are keys, and `[]` for items. `is_own` says
/// whether the object is of one of Kubernetes' own kinds.
///
/// Sources: Kubernetes' API reference. What is not in this list is a text only where its author says so; and the schema
/// of a definition is no object, whatever its properties are called.
pub fn is_text(kind: &str, is_own: bool, path: &[&str]) -> bool {
    if path.contains(&"openAPIV3Schema") {
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
        ["spec", "nodeSelector", _] => is_own && kind == "Pod",
        [.., containers, "[]", "name" | "image"]
        | [.., containers, "[]", "args" | "command", "[]"]
        | [.., containers, "[]", "env", "[]", "name" | "value"]
            if CONTAINERS.contains(containers) =>
        {
            true
        }
        [.., last] => is_own && NAMES.contains(last),
        [] => false,
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
        );
        for path in
            ["spec.replicas", "spec.template.spec.containers.[].ports.[].containerPort", "data.a", "spec.data.a"]
        {
            assert!(!is_text("Deployment", path), "{path}");
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
