//! Fields that are texts to Kubernetes whatever stands in them, so that a number there is no number.

/// Fields of a name's kind, in objects of any kind.
const NAMES: [&str; 4] = ["name", "namespace", "image", "host"];
/// Mappings from text to text, in objects of any kind.
const MAPS: [&str; 4] = ["labels", "annotations", "matchLabels", "nodeSelector"];

/// Whether the field at a path of an object is a text. The steps of the path are keys, and `[]` for items.
///
/// Sources: Kubernetes' API reference. What is not in this list is a text only where its author says so.
pub fn is_text(kind: &str, path: &[&str]) -> bool {
    match path {
        ["data" | "binaryData" | "stringData", _] => matches!(kind, "ConfigMap" | "Secret"),
        ["spec", "selector", _] => matches!(kind, "Service" | "ReplicationController"),
        ["apiVersion" | "kind"]
        | [.., "env", "[]", "value"]
        | [.., "args" | "command", "[]"]
        | [.., "matchExpressions", "[]", "values", "[]"] => true,
        [.., parent, _] if MAPS.contains(parent) => true,
        [.., last] => NAMES.contains(last),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_numbers_by_their_fields() {
        let is_text = |kind: &str, path: &str| is_text(kind, &path.split('.').collect::<Vec<_>>());
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
        );
        for path in
            ["spec.replicas", "spec.template.spec.containers.[].ports.[].containerPort", "data.a", "spec.data.a"]
        {
            assert!(!is_text("Deployment", path), "{path}");
        }
    }
}
