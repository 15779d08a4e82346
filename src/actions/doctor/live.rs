//! What is kept of the metadata of an object.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::foreign;
use crate::argocd::tracked_by;
use crate::doctor::{Installed, Live};
use crate::engine::installers::{Installer, LAST_APPLIED, OF_RELEASE, installers};
use crate::engine::ownership::entries;
use crate::object::{ObjectRef, annotation, finalizers, is_being_deleted, owners, str_at};
use crate::words::argo;

/// An object, by its metadata; with the fields of its managers where these were read. `deployed` is what Applications say they
/// deploy: only of these anybody knows what git holds.
pub fn live(read: &Value, deployed: &BTreeSet<[String; 4]>) -> Live {
    let object = ObjectRef::of(read);
    let tracker = tracked_by(read).map(str::to_owned);
    let key = [&object.group, &object.kind, object.namespace.as_ref().unwrap_or(&String::new()), &object.name]
        .map(String::clone);
    let foreign = if tracker.is_some() || deployed.contains(&key) { foreign(&object, read) } else { Vec::new() };
    let written_in: BTreeSet<&str> = entries(read).iter().map(|it| str_at(it, "/apiVersion")).collect();
    Live {
        tracker,
        is_made: is_made(read),
        is_being_deleted: is_being_deleted(read),
        has_hook_finalizer: finalizers(read).contains(&argo::HOOK_FINALIZER),
        written_in: written_in.into_iter().filter(|it| it.contains('/')).map(str::to_owned).collect(),
        last_applied: annotation(read, LAST_APPLIED).map_or(0, str::len),
        foreign,
        object,
    }
}

/// Whether somebody makes it again when it is gone: its owner, Kubernetes, Helm, a sync, or an installation of ours.
fn is_made(read: &Value) -> bool {
    let label = |key: &str| read.pointer("/metadata/labels").and_then(|it| it.get(key)).and_then(Value::as_str);
    let is_of_kubernetes = matches!(
        (str_at(read, "/kind"), str_at(read, "/metadata/name")),
        ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default")
    );
    let is_ours = |it: &Value| str_at(it, "/manager").starts_with("backstack-");
    owners(read).next().is_some()
        || is_of_kubernetes
        || label("owner") == Some("helm")
        || annotation(read, "kubernetes.io/service-account.name").is_some()
        || annotation(read, argo::HOOK).is_some()
        || entries(read).iter().any(is_ours)
}

/// The tools besides Argo CD and kubectl that a workload says it is of.
pub fn installed(workload: &Value) -> Vec<Installed> {
    let [name, namespace] = OF_RELEASE.map(|key| annotation(workload, key));
    let release = name.map(|name| namespace.map_or(name.to_owned(), |namespace| format!("{namespace}/{name}")));
    let is_other = |it: &Installer| {
        it.installs()
            && !matches!(
                it,
                Installer::ArgoCd
                    | Installer::ArgoCdClientSide
                    | Installer::Backstack
                    | Installer::KubectlApply
                    | Installer::KubectlServerSide
                    | Installer::BeforeFirstApply
            )
    };
    let others = installers(workload).into_iter().filter(|it| is_other(it) && is_sure(it, workload));
    others
        .map(|it| Installed {
            object: ObjectRef::of(workload),
            release: release.clone().filter(|_| matches!(it, Installer::Helm(_))),
            writes_back: it.writes_back(),
            tool: it.to_string(),
        })
        .collect()
}

/// Whoever renders a chart gets its label of Helm, too; only Helm itself writes as this manager, or names the release.
fn is_sure(installer: &Installer, workload: &Value) -> bool {
    let is_by_helm = || entries(workload).iter().any(|it| str_at(it, "/manager") == "helm");
    *installer != Installer::Helm(None) || is_by_helm()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_made_again_is_no_orphan() {
        let of = |metadata: Value| json!({"kind": "Secret", "metadata": metadata});
        for (read, made) in [
            (of(json!({"name": "a"})), false),
            (of(json!({"name": "a", "ownerReferences": [{"kind": "Certificate"}]})), true),
            (of(json!({"name": "a", "labels": {"owner": "helm"}})), true),
            (of(json!({"name": "a", "managedFields": [{"manager": "backstack-credentials"}]})), true),
            (of(json!({"name": "a", "managedFields": [{"manager": "backstack"}]})), false),
            (json!({"kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"}}), true),
        ] {
            assert_eq!(is_made(&read), made, "{read}");
        }
    }

    #[test]
    fn fields_count_on_what_applications_deploy_only() {
        let read = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "x", "managedFields": [
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:b": {}}}}]}});
        let deployed = BTreeSet::from([["", "ConfigMap", "x", "a"].map(str::to_owned)]);
        assert_eq!(live(&read, &deployed).foreign.len(), 1);
        assert_eq!(live(&read, &BTreeSet::new()).foreign.len(), 0);
    }

    #[test]
    fn a_workload_says_who_else_has_installed_it() {
        let of = |annotations: Value| json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "annotations": annotations}});
        let release = of(json!({"meta.helm.sh/release-name": "argo", "meta.helm.sh/release-namespace": "argocd"}));
        assert_eq!(installed(&release)[0].release.as_deref(), Some("argocd/argo"));
        assert_eq!(installed(&of(json!({LAST_APPLIED: "{}"}))), []);

        // A chart that somebody else has rendered has the label of Helm.
        let mut labelled = of(json!({}));
        labelled["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
        assert_eq!(installed(&labelled), []);
        labelled["metadata"]["managedFields"] = json!([{"manager": "helm", "operation": "Update"}]);
        assert_eq!(installed(&labelled).len(), 1);
    }
}
