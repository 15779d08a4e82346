//! The fields of an object that a tool has set and git does not hold.

use std::borrow::Cow;

use serde_json::Value;

use crate::doctor::Field;
use crate::engine::foreign_fields;
use crate::engine::installers::{Installer, by_manager};
use crate::engine::ownership::{argocd_owns, entries};
use crate::object::{ObjectRef, str_at};
use crate::words::argo;

/// What Argo CD has left on an object before it went over to server-side apply, under a name of its own.
const LINGERING: &str = "argocd-controller by client-side apply";

/// These fields, of an object that an Application deploys.
pub fn foreign(name: &ObjectRef, live: &Value) -> Vec<Field> {
    let found = foreign_fields(name, &as_git_holds_it(live));
    let field = |manager: String, path: String| Some(Field { path, tool: tool_of(&manager, live)?, manager });
    found.into_iter().filter_map(|it| field(it.manager, it.field)).collect()
}

/// An Argo CD that applies client-side holds by that what git holds. Beside server-side apply it is what was left from before.
fn as_git_holds_it(live: &Value) -> Cow<'_, Value> {
    let is_client_side = |it: &Value| {
        str_at(it, "/manager") == argo::MANAGER
            && str_at(it, "/operation") == "Update"
            && str_at(it, "/subresource").is_empty()
    };
    if !entries(live).iter().any(is_client_side) {
        return Cow::Borrowed(live);
    }
    let is_left = argocd_owns(live);
    let mut live = live.clone();
    let all = live.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    for entry in all.into_iter().flatten().filter(|it| is_client_side(it)) {
        let (key, value) = if is_left { ("manager", LINGERING) } else { ("operation", "Apply") };
        entry[key] = value.into();
    }
    Cow::Owned(live)
}

/// The tool behind a manager, if it is one that people use; controllers are not.
fn tool_of(manager: &str, live: &Value) -> Option<String> {
    match manager {
        LINGERING => return Some(Installer::ArgoCdClientSide.to_string()),
        "helm-controller" => return Some("Flux (HelmRelease)".to_owned()),
        "kustomize-controller" => return Some("Flux (Kustomization)".to_owned()),
        _ => {}
    }
    let entry = entries(live).iter().find(|it| str_at(it, "/manager") == manager)?;
    match by_manager(manager, str_at(entry, "/operation"))? {
        Installer::ArgoCd | Installer::ArgoCdClientSide | Installer::Backstack => None,
        tool => Some(tool.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(entries: &Value) -> Vec<(String, String)> {
        let live = json!({"metadata": {"managedFields": entries}});
        let name = ObjectRef::new("v1", "ConfigMap", Some("a"), "b");
        foreign(&name, &live).into_iter().map(|it| (it.path, it.tool)).collect()
    }

    fn entry(manager: &str, operation: &str, keys: &[&str]) -> Value {
        let data: Value = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": {"f:data": data}})
    }

    #[test]
    fn a_field_is_of_the_tool_that_has_left_it() {
        let by_hand = "kubectl-edit (by hand)";
        for (entries, expected) in [
            (
                json!([entry("argocd-controller", "Apply", &["a"]), entry("kubectl-edit", "Update", &["a", "b"])]),
                vec![("data.b", by_hand)],
            ),
            (
                json!([entry("argocd-controller", "Apply", &["a"]), entry("helm", "Apply", &["b"])]),
                vec![("data.b", "Helm")],
            ),
            // Controllers write what they need.
            (json!([entry("argocd-controller", "Apply", &["a"]), entry("cainjector", "Update", &["b"])]), vec![]),
            // What was left from before server-side apply.
            (
                json!([
                    entry("argocd-controller", "Apply", &["a"]),
                    entry("argocd-controller", "Update", &["a", "old"])
                ]),
                vec![("data.old", "Argo CD (client-side apply)")],
            ),
            // Without server-side apply that is what git holds.
            (
                json!([
                    entry("argocd-controller", "Update", &["a"]),
                    entry("kubectl-client-side-apply", "Update", &["a"])
                ]),
                vec![],
            ),
            (
                json!([entry("argocd-controller", "Apply", &["a"]), entry("before-first-apply", "Update", &["x"])]),
                vec![("data.x", "somebody before the first server-side apply")],
            ),
            (
                json!([entry("argocd-controller", "Apply", &["a"]), entry("kustomize-controller", "Apply", &["x"])]),
                vec![("data.x", "Flux (Kustomization)")],
            ),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(path, tool)| (path.to_owned(), tool.to_owned())).collect();
            assert_eq!(found(&entries), expected, "{entries}");
        }
    }
}
