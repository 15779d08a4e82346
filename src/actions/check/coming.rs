//! What an installation would bring: the objects of a bundle, or what every hub has.

use std::path::Path;

use serde_json::{Value, json};

use crate::document::{ArgoCdVariant, Resolved};
use crate::engine::Cluster;
use crate::engine::needs::APPLIED;
use crate::hub::{HubFiles, credential, first_version_of_argocd};
use crate::object::{ObjectRef, items, kind};
use crate::render;
use crate::report::Outcome;
use crate::words::argo;

/// What the document of a hub bundle is called.
const DOCUMENT: &str = "hub.yaml";
/// Where the repository is, of which a look at a cluster knows nothing. The domain is nobody's (RFC 2606).
const SOMEWHERE: &str = "https://repository.invalid/hub.git";

/// The files of the bundle in a folder.
pub fn files_in(folder: &Path) -> Outcome<HubFiles> {
    HubFiles::read(&folder.join(DOCUMENT).display().to_string())
}

/// What would come.
pub struct Coming {
    /// The version of Argo CD.
    pub argocd: String,
    /// The objects of the bundle; without one none is known.
    pub objects: Vec<Value>,
    /// What only a bundle tells.
    pub bundle: Option<FromBundle>,
}

/// What a bundle tells.
pub struct FromBundle {
    /// Whether its Argo CD is the highly available one.
    pub is_highly_available: bool,
    /// The components that are charts, which Argo CD renders.
    pub charts: Vec<String>,
}

impl Coming {
    /// What these files would bring, or without them any hub.
    pub fn of(files: Option<&HubFiles>, cluster: &Cluster) -> Outcome<Self> {
        let Some(files) = files else {
            cluster.learn(&definitions());
            return Ok(Self { argocd: first_version_of_argocd()?, objects: Vec::new(), bundle: None });
        };
        let rendered = files.render(Resolved {
            repository: SOMEWHERE.to_owned(),
            branch: "main".to_owned(),
            cluster_uid: cluster.facts().uid.clone(),
        })?;
        let objects = render::hub::bootstrap_of(rendered.objects).objects;
        cluster.learn(&objects);
        let spec = &files.hub().spec;
        Ok(Self {
            argocd: spec.argocd.version.clone(),
            objects,
            bundle: Some(FromBundle {
                is_highly_available: spec.argocd.variant == ArgoCdVariant::Ha,
                charts: spec.components.iter().map(|it| it.name.clone()).collect(),
            }),
        })
    }

    /// The objects that the user has to be permitted to apply: those of the bundle, and what no bundle has; or one of each kind.
    pub fn applied(&self) -> Vec<Value> {
        if self.bundle.is_none() {
            return of_every_hub();
        }
        self.objects.iter().cloned().chain([namespace(), secret()]).collect()
    }

    /// The templates of the pods that would run: those of the bundle, or of one as Argo CD's are.
    pub fn pods(&self) -> Vec<(String, Value)> {
        let template = |it: &Value| {
            let mut spec = it.pointer("/spec/template/spec")?.clone();
            // Its account comes with it.
            spec.as_object_mut()?.remove("serviceAccountName");
            let metadata = it.pointer("/spec/template/metadata").filter(|it| it.is_object()).cloned();
            let mut metadata = metadata.unwrap_or_else(|| json!({}));
            metadata.as_object_mut()?.retain(|key, _| ["labels", "annotations"].contains(&key.as_str()));
            Some((ObjectRef::of(it).to_string(), json!({"metadata": metadata, "spec": spec})))
        };
        let found: Vec<(String, Value)> = self.objects.iter().filter_map(template).collect();
        if found.is_empty() {
            return vec![("a pod as Argo CD's are".to_owned(), json!({"spec": self.as_argocd_runs()}))];
        }
        found
    }

    /// A pod with what the pods of Argo CD have in common (argo-cd 3.6.1, `manifests/install.yaml`).
    fn as_argocd_runs(&self) -> Value {
        json!({
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "any",
                "image": format!("{}:v{}", argo::IMAGE, self.argocd),
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": true,
                    "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }],
        })
    }

    /// The objects that ask for a volume which is kept.
    pub fn claims(&self) -> Vec<String> {
        let claims = |it: &&Value| {
            kind(it) == "PersistentVolumeClaim" || items(it, "/spec/volumeClaimTemplates").next().is_some()
        };
        self.objects.iter().filter(claims).map(|it| ObjectRef::of(it).to_string()).collect()
    }
}

/// One object of each kind, of which only the kind is known.
fn of_every_hub() -> Vec<Value> {
    let object = |(api_version, kind, is_in_namespace): &(&str, &str, bool)| {
        let namespace = is_in_namespace.then_some(argo::NAMESPACE);
        let metadata = namespace.map_or_else(|| json!({"name": "any"}), |it| json!({"name": "any", "namespace": it}));
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
    };
    APPLIED.iter().map(object).collect()
}

/// The namespace of Argo CD.
pub fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": argo::NAMESPACE}})
}

/// The credential that Argo CD reads git with, which is in no file.
fn secret() -> Value {
    let ObjectRef { kind, namespace, name, .. } = credential::Of::Hub.secret();
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}})
}

/// As much of the definitions of Argo CD's kinds as says how these are called.
fn definitions() -> Vec<Value> {
    let definition = |(name, kind): (&str, &str)| {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {"group": argo::GROUP, "scope": "Namespaced",
                "names": {"kind": kind, "plural": name.split('.').next()}}})
    };
    let [application, set, project] = argo::DEFINITIONS;
    vec![
        definition((application, argo::APPLICATION)),
        definition((set, argo::APPLICATION_SET)),
        definition((project, argo::PROJECT)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_has_the_labels_and_annotations_of_its_template_and_no_account() {
        let metadata = json!({"labels": {"team": "a"}, "annotations": {"inject": "no"}, "creationTimestamp": null});
        let template = json!({"metadata": metadata, "spec": {"serviceAccountName": "argocd-server", "containers": []}});
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "argocd-server", "namespace": argo::NAMESPACE}, "spec": {"template": template}});
        let coming = Coming { argocd: "3.6.1".to_owned(), objects: vec![deployment], bundle: None };
        let metadata = json!({"labels": {"team": "a"}, "annotations": {"inject": "no"}});
        let pod = json!({"metadata": metadata, "spec": {"containers": []}});
        assert_eq!(coming.pods(), [("Deployment argocd/argocd-server".to_owned(), pod)]);
    }
}
