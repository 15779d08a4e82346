//! Argo CD's own manifests, one object per file, with the settings of the hub merged in.

use serde_json::{Value, json};

use super::known_hosts;
use super::relocate::Relocation;
use super::settings::{canary, configure, settings};
use super::tree::Tree;
use crate::argo;
use crate::object::{annotate, group, kind, name};
use crate::report::{Failure, Outcome};
use crate::spec::yaml;
use crate::spec::{ArgoCd, known_kind};

/// Objects whose removal from git must not remove them: everything in them would go too (sync options, "No Prune
/// Resources" and "Disable Deletion").
const KEPT: [&str; 2] = ["CustomResourceDefinition", "Namespace"];
/// The files of `argocd/`, from the pinned manifest.
pub(super) fn argocd_files(manifest: &[u8], argocd: &ArgoCd, relocation: &mut Relocation<'_>) -> Outcome<Tree> {
    let text =
        std::str::from_utf8(manifest).map_err(|_| Failure::failed("the manifest of Argo CD is not text in UTF-8"))?;
    let mut objects = yaml::manifests("the manifest of Argo CD", text)?;
    if !objects.iter().any(|object| kind(object) == "Namespace") {
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": argo::NAMESPACE}}));
    }
    objects.push(canary());
    for object in &mut objects {
        prepare(object);
        relocation.manifests(object);
    }

    for (config_map, settings) in settings(argocd) {
        let found = objects.iter_mut().find(|object| kind(object) == "ConfigMap" && name(object) == config_map);
        let object = found.ok_or_else(|| {
            Failure::failed(format!("the manifest of Argo CD has no ConfigMap {config_map}"))
                .hint("pin the `install.yaml` of an Argo CD release")
        })?;
        configure(object, &settings);
    }

    known_hosts::add_to(&mut objects, &argocd.known_hosts)?;

    let mut files = Tree::default();
    for object in &objects {
        files.insert_yaml(file_name(object)?, object)?;
    }
    Ok(files)
}

/// What every object gets: its namespace, protection where it takes others with it, no secret values.
fn prepare(object: &mut Value) {
    let kind = kind(object).to_owned();
    if known_kind(group(object), &kind).is_none_or(|known| known.namespaced) {
        object["metadata"]["namespace"] = argo::NAMESPACE.into();
    }
    if KEPT.contains(&kind.as_str()) {
        annotate(object, argo::SYNC_OPTIONS, argo::STAYS);
    }
    if kind == "Secret" {
        // Argo CD's server writes its keys into `argocd-secret`; what git does not name stays as it is.
        for field in ["data", "stringData"] {
            object.as_object_mut().and_then(|fields| fields.remove(field));
        }
    }
}

fn file_name(object: &Value) -> Outcome<String> {
    match (kind(object), name(object)) {
        ("", _) | (_, "") => Err(Failure::failed("the manifest of Argo CD holds an object without kind or name")),
        // `:` is allowed in names of RBAC objects, and in no file name on Windows
        (kind, name) => Ok(format!("{}-{}.yaml", kind.to_lowercase(), name.replace(':', "_"))),
    }
}
