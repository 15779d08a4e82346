//! Who made an object, by the marks that every way of installing leaves: field managers, labels, annotations, owners. Pure.
//!
//! The metadata is enough, with the names of the managers and without their fields.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::ownership::entries;
use crate::object::{annotation, group, owners, str_at};
use crate::words::argo;

/// A way in which an object came to a cluster, or by which somebody changed it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "tool", content = "name")]
pub enum Installer {
    /// An installation of this program that is not handed over, or not by this version.
    Backstack,
    /// Argo CD by server-side apply: an Application holds the object.
    ArgoCd,
    /// Argo CD without server-side apply. What it has set so stays when the Application goes over to it.
    ArgoCdClientSide,
    /// `kubectl apply`.
    KubectlApply,
    /// `kubectl apply --server-side`.
    KubectlServerSide,
    /// Another verb of kubectl, `edit` or `label`, say: work by hand.
    KubectlByHand(String),
    /// Helm; the release, as namespace and name, where the object says it.
    Helm(Option<String>),
    /// argocd-autopilot.
    Autopilot,
    /// The operator of Argo CD, or that of `OpenShift`: the `ArgoCD` that it goes by.
    Operator(String),
    /// A `HelmRelease` of Flux, by namespace and name.
    FluxHelmRelease(String),
    /// A `Kustomization` of Flux, by namespace and name.
    FluxKustomization(String),
    /// Terraform or `OpenTofu`.
    Terraform,
    /// Fleet, of Rancher.
    Fleet,
    /// The controller of `HelmChart`, of k3s and RKE2.
    HelmChart(String),
    /// Somebody wrote it before the first server-side apply, and nobody knows who.
    BeforeFirstApply,
}

impl Installer {
    /// Whether it goes on writing what it holds, so that whoever takes the object over fights with it.
    #[must_use]
    pub fn writes_back(&self) -> bool {
        matches!(
            self,
            Self::Operator(_)
                | Self::FluxHelmRelease(_)
                | Self::FluxKustomization(_)
                | Self::Fleet
                | Self::HelmChart(_)
        )
    }

    /// Whether it installs, so that what it has written is what somebody has declared in one piece. Work by hand is not.
    #[must_use]
    pub fn installs(&self) -> bool {
        !matches!(self, Self::KubectlByHand(_))
    }
}

impl fmt::Display for Installer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backstack => f.write_str("backstack"),
            Self::ArgoCd => f.write_str("Argo CD (server-side apply)"),
            Self::ArgoCdClientSide => f.write_str("Argo CD (client-side apply)"),
            Self::KubectlApply => f.write_str("kubectl apply"),
            Self::KubectlServerSide => f.write_str("kubectl apply --server-side"),
            Self::KubectlByHand(manager) => write!(f, "{manager} (by hand)"),
            Self::Helm(Some(release)) => write!(f, "Helm release {release}"),
            Self::Helm(None) => f.write_str("Helm"),
            Self::Autopilot => f.write_str("argocd-autopilot"),
            Self::Operator(name) => write!(f, "the operator of Argo CD, by ArgoCD {name}"),
            Self::FluxHelmRelease(name) => write!(f, "Flux HelmRelease {name}"),
            Self::FluxKustomization(name) => write!(f, "Flux Kustomization {name}"),
            Self::Terraform => f.write_str("Terraform"),
            Self::Fleet => f.write_str("Fleet"),
            Self::HelmChart(name) => write!(f, "HelmChart {name}"),
            Self::BeforeFirstApply => f.write_str("somebody before the first server-side apply"),
        }
    }
}

/// The annotation in which `kubectl apply`, and Argo CD without server-side apply, keep what they have applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The annotations by which Helm knows the objects of a release: its name, and its namespace.
pub const OF_RELEASE: [&str; 2] = ["meta.helm.sh/release-name", "meta.helm.sh/release-namespace"];
/// The label that names the tool which manages an object; its value for those of Helm.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "Helm");
/// The type of the Secrets in which Helm keeps its releases.
pub const RELEASE_TYPE: &str = "helm.sh/release.v1";
/// The manager of `kubectl apply` without `--server-side`.
pub const CLIENT_SIDE: &str = "kubectl-client-side-apply";

/// Everybody who has left a mark on the object.
#[must_use]
pub fn installers(object: &Value) -> BTreeSet<Installer> {
    let main = entries(object).iter().filter(|it| str_at(it, "/subresource").is_empty());
    without_the_vague(main.filter_map(by_fields).chain(by_marks(object)).collect())
}

/// Who writes as this manager by this operation, if it is one that installs or a hand; controllers and the parts of Argo CD,
/// which write what they need to run, are none.
#[must_use]
pub fn by_manager(manager: &str, operation: &str) -> Option<Installer> {
    let is_apply = operation == "Apply";
    Some(match manager {
        argo::MANAGER if is_apply => Installer::ArgoCd,
        argo::MANAGER => Installer::ArgoCdClientSide,
        CLIENT_SIDE => Installer::KubectlApply,
        "kubectl" | "kubectl-last-applied" if is_apply => Installer::KubectlServerSide,
        "argocd-autopilot" => Installer::Autopilot,
        // Helm before 3.7 wrote under the name of the library that it is made with.
        "helm" | "Go-http-client" => Installer::Helm(None),
        "HashiCorp" | "Terraform" => Installer::Terraform,
        "fleetagent" | "fleet-agent" => Installer::Fleet,
        "before-first-apply" => Installer::BeforeFirstApply,
        _ if manager == super::MANAGER => Installer::Backstack,
        _ if manager.starts_with("terraform-provider-") => Installer::Terraform,
        _ if manager == "kubectl" || manager.starts_with("kubectl-") => Installer::KubectlByHand(manager.to_owned()),
        _ => return None,
    })
}

fn by_fields(entry: &Value) -> Option<Installer> {
    by_manager(str_at(entry, "/manager"), str_at(entry, "/operation"))
}

fn by_marks(object: &Value) -> Vec<Installer> {
    let label = |key: &str| object.pointer("/metadata/labels").and_then(|all| all.get(key)).and_then(Value::as_str);
    let place = |read: &dyn Fn(&str) -> Option<String>, namespace: &str, name: &str| {
        read(name).map(|name| read(namespace).map_or(name.clone(), |namespace| format!("{namespace}/{name}")))
    };
    let of_label = |key: &str| label(key).map(str::to_owned);
    let of_annotation = |key: &str| annotation(object, key).map(str::to_owned);
    let namespace = str_at(object, "/metadata/namespace");

    let mut found = Vec::new();
    found.extend(annotation(object, LAST_APPLIED).filter(|_| !is_of_argocd(object)).map(|_| Installer::KubectlApply));
    let [name, of] = OF_RELEASE;
    found.extend(place(&of_annotation, of, name).map(|release| Installer::Helm(Some(release))));
    found.extend((label(MANAGED_BY.0) == Some(MANAGED_BY.1)).then_some(Installer::Helm(None)));
    found.extend((label(MANAGED_BY.0) == Some("argocd-autopilot")).then_some(Installer::Autopilot));
    let flux = |of: &str| {
        place(&of_label, &format!("{of}.toolkit.fluxcd.io/namespace"), &format!("{of}.toolkit.fluxcd.io/name"))
    };
    found.extend(flux("helm").map(Installer::FluxHelmRelease));
    found.extend(flux("kustomize").map(Installer::FluxKustomization));
    let [name, of] = argo::OF_OPERATOR;
    found.extend(place(&of_annotation, of, name).map(Installer::Operator));
    let owned = owners(object).filter(|it| (group(it), str_at(it, "/kind")) == (argo::GROUP, argo::OPERATED));
    found.extend(owned.map(|it| Installer::Operator(format!("{namespace}/{}", str_at(it, "/name")))));
    found.extend(has_annotation(object, "objectset.rio.cattle.io/").then_some(Installer::Fleet));
    found.extend(
        has_annotation(object, "helmcharts.helm.cattle.io/").then(|| Installer::HelmChart(namespace.to_owned())),
    );
    found
}

/// The same annotation is what Argo CD keeps of an object that it has applied client-side.
fn is_of_argocd(object: &Value) -> bool {
    let managers: Vec<Installer> = entries(object).iter().filter_map(by_fields).collect();
    managers.contains(&Installer::ArgoCdClientSide) && !managers.contains(&Installer::KubectlApply)
}

fn has_annotation(object: &Value, start: &str) -> bool {
    let all = object.pointer("/metadata/annotations").and_then(Value::as_object);
    all.is_some_and(|all| all.keys().any(|key| key.starts_with(start)))
}

/// Helm's manager says less than its annotations do.
fn without_the_vague(mut found: BTreeSet<Installer>) -> BTreeSet<Installer> {
    if found.iter().any(|it| matches!(it, Installer::Helm(Some(_)))) {
        found.remove(&Installer::Helm(None));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An object by its managers (`manager/operation`, with commas), labels and annotations (`key=value`).
    fn object(managers: &str, labels: &[&str], annotations: &[&str]) -> Value {
        let entry = |it: &str| {
            let (manager, operation) = it.split_once('/').expect("manager/operation");
            json!({"manager": manager, "operation": operation})
        };
        let map = |all: &[&str]| -> Value {
            all.iter().filter_map(|it| it.split_once('=')).map(|(key, value)| (key.to_owned(), json!(value))).collect()
        };
        let managers: Vec<Value> = managers.split(',').filter(|it| !it.is_empty()).map(entry).collect();
        json!({"metadata": {"namespace": "argocd", "name": "a", "labels": map(labels), "annotations": map(annotations),
            "managedFields": managers}})
    }

    fn told(object: &Value) -> String {
        installers(object).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn each_way_of_installing_is_known_by_its_marks() {
        let release = ["meta.helm.sh/release-name=argo", "meta.helm.sh/release-namespace=argocd"];
        let operated = argo::OF_OPERATOR.map(|key| format!("{key}=gitops"));
        for (managers, labels, annotations, expected) in [
            ("kubectl-client-side-apply/Update", vec![], vec![], "kubectl apply"),
            ("", vec![], vec!["kubectl.kubernetes.io/last-applied-configuration={}"], "kubectl apply"),
            ("kubectl/Apply,kubectl-last-applied/Apply", vec![], vec![], "kubectl apply --server-side"),
            ("kubectl-edit/Update,kubectl/Update", vec![], vec![], "kubectl (by hand); kubectl-edit (by hand)"),
            ("argocd-controller/Apply", vec![], vec![], "Argo CD (server-side apply)"),
            (
                "argocd-controller/Update",
                vec![],
                vec!["kubectl.kubernetes.io/last-applied-configuration={}"],
                "Argo CD (client-side apply)",
            ),
            ("helm/Update", vec!["app.kubernetes.io/managed-by=Helm"], release.to_vec(), "Helm release argocd/argo"),
            ("helm/Apply", vec![], vec![], "Helm"),
            ("Go-http-client/Update", vec![], vec![], "Helm"),
            ("", vec!["app.kubernetes.io/managed-by=argocd-autopilot"], vec![], "argocd-autopilot"),
            ("", vec!["app.kubernetes.io/managed-by=kustomize-v5.0.0"], vec![], ""), // Argo CD renders this, too
            (
                "helm-controller/Apply",
                vec!["helm.toolkit.fluxcd.io/name=argo", "helm.toolkit.fluxcd.io/namespace=flux"],
                vec![],
                "Flux HelmRelease flux/argo",
            ),
            (
                "kustomize-controller/Apply",
                vec!["kustomize.toolkit.fluxcd.io/name=apps", "kustomize.toolkit.fluxcd.io/namespace=flux"],
                vec![],
                "Flux Kustomization flux/apps",
            ),
            ("HashiCorp/Update", vec![], vec![], "Terraform"),
            ("terraform-provider-helm_v3.0.2_x5/Update", vec![], vec![], "Terraform"),
            ("fleetagent/Update", vec![], vec!["objectset.rio.cattle.io/id=x"], "Fleet"),
            (
                "",
                vec![],
                operated.each_ref().map(String::as_str).to_vec(),
                "the operator of Argo CD, by ArgoCD gitops/gitops",
            ),
            ("before-first-apply/Update", vec![], vec![], "somebody before the first server-side apply"),
            // Who runs it has not installed it.
            (
                "argocd-server/Update,kube-controller-manager/Update,argocd-application-controller/Update",
                vec![],
                vec![],
                "",
            ),
            ("backstack/Apply,backstack-record/Apply", vec![], vec![], "backstack"),
        ] {
            assert_eq!(told(&object(managers, &labels, &annotations)), expected, "{managers} {labels:?}");
        }
    }

    #[test]
    fn an_operator_is_known_by_the_object_that_owns_what_it_makes() {
        let mut made = object("manager/Update", &["app.kubernetes.io/managed-by=openshift-gitops"], &[]);
        made["metadata"]["ownerReferences"] = json!([{"apiVersion": argo::API, "kind": "ArgoCD", "name": "gitops"}]);
        assert_eq!(installers(&made), [Installer::Operator("argocd/gitops".to_owned())].into());
        made["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ArgoCD", "name": "gitops"}]);
        assert_eq!(installers(&made), [].into());
    }

    #[test]
    fn a_status_says_nothing_of_who_installed() {
        let mut object = object("helm/Update", &[], &[]);
        object["metadata"]["managedFields"][0]["subresource"] = json!("status");
        assert_eq!(told(&object), "");
    }

    #[test]
    fn controllers_write_back_and_programs_do_not() {
        let operator = Installer::Operator(String::new());
        assert!(operator.writes_back() && Installer::Fleet.writes_back());
        assert!(!Installer::Helm(None).writes_back() && !Installer::KubectlApply.writes_back());
        assert!(!Installer::KubectlByHand("kubectl-edit".to_owned()).installs() && Installer::KubectlApply.installs());
    }
}
