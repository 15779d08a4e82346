//! What a patch may not touch: that by which the handover is done and proven, and what the hub finds its own objects by.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::{group, items, kind, name, str_at};
use crate::words::argo;

/// Parts that a hub does without, by how their objects' names begin.
const DISPENSABLE: [&str; 2] = ["argocd-dex-server", "argocd-notifications"];
/// Parts without which nothing is synced, by how their workloads' names begin. Redis is among them: where the others cannot log
/// in to it, every Application is `Unknown` (argo-cd #19798).
const SYNCING: [&str; 3] = [argo::CONTROLLER, "argocd-repo-server", "argocd-redis"];
/// Parts whose permissions the handover and the spokes need.
const PERMITTED: [&str; 2] = [argo::CONTROLLER, "argocd-applicationset-controller"];
/// The `ConfigMaps` that have keys of their own in hub.yaml.
const SETTINGS: [(&str, &str); 5] = [
    (argo::SETTINGS, "config"),
    (argo::PARAMS, "params"),
    ("argocd-rbac-cm", "rbac"),
    (argo::KNOWN_HOSTS, "knownHosts"),
    (argo::CERTIFICATES, "certificates"),
];
/// The labels by which Argo CD finds its settings, and everybody its parts.
const OWN_LABELS: &str = "app.kubernetes.io/";

/// Refuses a change that would take away what is needed.
pub(super) fn keep(before: &Value, after: Option<&Value>) -> Result<(), String> {
    let Some(after) = after else {
        let is_dispensable = DISPENSABLE.iter().any(|it| name(before).starts_with(it));
        return if is_dispensable { Ok(()) } else { Err("a hub needs it; no patch takes it away".to_owned()) };
    };
    for field in ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"] {
        same(before, after, field, "is what the hub knows the object by")?;
    }
    metadata(before, after)?;
    match (group(before), kind(before)) {
        ("", "ConfigMap") => settings(before, after),
        ("", "Secret") => {
            let why = "would stand in git; give it as `hub.secrets` of the step";
            ["/data", "/stringData"].iter().try_for_each(|field| same(before, after, field, why))
        }
        ("", "Service") => same(before, after, "/spec/selector", "finds the pods"),
        ("apiextensions.k8s.io", _) => same(before, after, "/spec", "belongs to the version of Argo CD"),
        ("rbac.authorization.k8s.io", _) if PERMITTED.iter().any(|it| name(before).starts_with(it)) => {
            let why = "is what Argo CD syncs by, itself included";
            ["/rules", "/subjects", "/roleRef"].iter().try_for_each(|field| same(before, after, field, why))
        }
        ("apps", _) => workload(before, after),
        _ => Ok(()),
    }
}

fn metadata(before: &Value, after: &Value) -> Result<(), String> {
    let marks = |object| entries(object, "/metadata/annotations", argo::ANNOTATIONS).collect::<BTreeMap<_, _>>();
    if marks(before) != marks(after) {
        return Err(format!("annotations `{}…` are how Argo CD is told what becomes of it", argo::ANNOTATIONS));
    }
    let kept: BTreeMap<_, _> = entries(after, "/metadata/labels", OWN_LABELS).collect();
    let lost = entries(before, "/metadata/labels", OWN_LABELS).find(|(key, value)| kept.get(key) != Some(value));
    lost.map_or(Ok(()), |(key, _)| Err(format!("by its label `{key}` Argo CD and people find it")))
}

/// The entries of a mapping whose keys begin so.
fn entries<'o>(
    object: &'o Value,
    pointer: &str,
    start: &'o str,
) -> impl Iterator<Item = (&'o str, &'o Value)> + use<'o> {
    let all = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    all.map(|(key, value)| (key.as_str(), value)).filter(move |(key, _)| key.starts_with(start))
}

fn settings(before: &Value, after: &Value) -> Result<(), String> {
    let Some((_, field)) = SETTINGS.iter().find(|(config_map, _)| *config_map == name(before)) else { return Ok(()) };
    same(before, after, "/data", &format!("comes from `spec.argocd.{field}`; say it there"))
}

fn workload(before: &Value, after: &Value) -> Result<(), String> {
    same(before, after, "/spec/selector", "never changes")?;
    same(before, after, "/spec/template/spec/serviceAccountName", "is what its permissions are bound to")?;
    let labels: BTreeMap<_, _> = entries(after, "/spec/template/metadata/labels", "").collect();
    for (label, value) in entries(before, "/spec/selector/matchLabels", "") {
        if labels.get(label) != Some(&value) {
            return Err(format!("its pods are found by the label `{label}`, which the patch changes"));
        }
    }
    for list in ["containers", "initContainers"] {
        let below = format!("/spec/template/spec/{list}");
        for container in items(before, &below) {
            let title = str_at(container, "/name");
            let Some(patched) = items(after, &below).find(|it| str_at(it, "/name") == title) else {
                return Err(format!("it needs its container `{title}`"));
            };
            if name(before).starts_with(argo::CONTROLLER) && list == "containers" {
                let why =
                    format!("of container `{title}` is the controller's own; its settings are `spec.argocd.params`");
                ["/command", "/args"].iter().try_for_each(|field| same(container, patched, field, &why))?;
            }
        }
    }
    images(before, after)?;
    let is_syncing = SYNCING.iter().any(|it| name(before).starts_with(it));
    if is_syncing && after.pointer("/spec/replicas").is_some_and(|it| it.as_i64().is_none_or(|it| it <= 0)) {
        return Err("without a pod of it nothing is synced: `replicas` is at least 1".to_owned());
    }
    Ok(())
}

/// A container that nobody gives an image is mostly a name with a slip.
fn images(before: &Value, after: &Value) -> Result<(), String> {
    let below = "/spec/template/spec/containers";
    let names: Vec<&str> = items(before, below).map(|it| str_at(it, "/name")).collect();
    let without = items(after, below).find(|it| str_at(it, "/image").is_empty());
    without.map_or(Ok(()), |container| {
        let title = str_at(container, "/name");
        Err(format!("its container `{title}` has no image; those of the manifest are {}", names.join(", ")))
    })
}

/// Refuses a change of a field, which is there for a reason.
fn same(before: &Value, after: &Value, field: &str, why: &str) -> Result<(), String> {
    if before.pointer(field) == after.pointer(field) {
        return Ok(());
    }
    Err(format!("`{}` {why}", field.trim_start_matches('/').replace('/', ".")))
}
