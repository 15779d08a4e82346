//! Argo CD's own manifests, one object per file, with the settings of the hub merged in.

use serde_json::{Value, json};

use super::known_hosts;
use super::made::Made;
use super::patches::{Unfit, apply, patch};
use super::settings::{canary, configure, settings};
use crate::document::{ArgoCd, Patch};
use crate::object::{annotate, group, items, kind, name};
use crate::render::relocate::Relocation;
use crate::report::{Failure, Outcome};
use crate::words::{argo, known_kind};
use crate::yaml;

/// Objects whose removal from git must not remove them: everything in them would go too (sync options, "No Prune
/// Resources" and "Disable Deletion").
const KEPT: [&str; 2] = ["CustomResourceDefinition", "Namespace"];
/// The setting with the address of redis, where it is not the one of the standard variant.
const REDIS: &str = "redis.server";
/// The annotation of pods with the same address.
const REDIS_MARK: &str = "backstack.dev/redis-server";

/// The files of `argocd/`, from the pinned manifest.
pub(super) fn argocd_files(manifest: &[u8], argocd: &ArgoCd, relocation: &mut Relocation<'_>) -> Outcome<Made> {
    let mut objects = objects_of(manifest)?;
    patch(&mut objects, &argocd.patches)?;
    objects.push(canary());
    for object in &mut objects {
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
    mark_readers_of_redis(&mut objects);

    known_hosts::add_to(&mut objects, argocd.known_hosts.as_deref())?;

    let mut made = Made::default();
    for object in objects {
        made.insert(file_name(&object)?, object)?;
    }
    Ok(made)
}

/// The patches that do not fit a manifest.
pub fn unfit_patches(manifest: &[u8], patches: &[Patch]) -> Outcome<Vec<Unfit>> {
    Ok(apply(&mut objects_of(manifest)?, patches))
}

/// The objects of the pinned manifest, as the hub has them before anything is said of them.
fn objects_of(manifest: &[u8]) -> Outcome<Vec<Value>> {
    let text =
        std::str::from_utf8(manifest).map_err(|_| Failure::failed("the manifest of Argo CD is not text in UTF-8"))?;
    let mut objects = yaml::manifests("the manifest of Argo CD", text)?;
    if !objects.iter().any(|object| kind(object) == "Namespace") {
        objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": argo::NAMESPACE}}));
    }
    objects.iter_mut().for_each(prepare);
    Ok(objects)
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

/// Parts read where their redis is when they start, and a changed setting replaces no pod: the controller is the same in both
/// variants, and would go on with the redis of the other one, which is gone. So the address stands in the template of their pods,
/// too.
fn mark_readers_of_redis(objects: &mut [Value]) {
    let params = objects.iter().find(|object| kind(object) == "ConfigMap" && name(object) == argo::PARAMS);
    let Some(address) = params.and_then(|it| it["data"][REDIS].as_str()).map(str::to_owned) else { return };
    for object in objects.iter_mut().filter(|object| reads_redis(object)) {
        annotate(&mut object["spec"]["template"], REDIS_MARK, address.as_str());
    }
}

fn reads_redis(workload: &Value) -> bool {
    items(workload, "/spec/template/spec/containers").flat_map(|container| items(container, "/env")).any(|variable| {
        let from = &variable["valueFrom"]["configMapKeyRef"];
        from["name"] == argo::PARAMS && from["key"] == REDIS
    })
}

fn file_name(object: &Value) -> Outcome<String> {
    match (kind(object), name(object)) {
        ("", _) | (_, "") => Err(Failure::failed("the manifest of Argo CD holds an object without kind or name")),
        // `:` is allowed in names of RBAC objects, and in no file name on Windows
        (kind, name) => Ok(format!("{}-{}.yaml", kind.to_lowercase(), name.replace(':', "_"))),
    }
}
