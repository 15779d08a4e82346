//! The hub's own settings of Argo CD, and the ones of its Hub document, which win.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::document::ArgoCd;
use crate::render::bead::common_health_checks;
use crate::schema::pem;
use crate::words::argo;

/// The Lua check that lets the waves of the root Application wait for the Applications in them.
const APPLICATION_HEALTH: &str = include_str!("application-health.lua");

/// The settings of each ConfigMap that has any.
pub fn settings(argocd: &ArgoCd) -> BTreeMap<&'static str, BTreeMap<String, String>> {
    let config = [
        // The proof reads the tracking annotation; Argo CD's default since 3.0, stated so that it stays.
        ("application.resourceTrackingMethod", "annotation"),
        (argo::APPLICATION_HEALTH, APPLICATION_HEALTH),
    ];
    // Without it a sync that waits for a wave can stand for ever, and no newer commit is looked at meanwhile
    // (argocd-cmd-params-cm.yaml of the operator manual: "0" means no timeout, and is the default). As long as a step may take
    // that does not say otherwise.
    let params = [("controller.sync.timeout.seconds", "900")];
    let mut checks = common_health_checks();
    checks.extend(merged(&config, &argocd.config));
    let mut all = BTreeMap::from([
        ("argocd-cm", checks),
        (argo::PARAMS, merged(&params, &argocd.params)),
        ("argocd-rbac-cm", merged(&[], &argocd.rbac)),
    ]);
    let trusted = |(host, text): (&String, &String)| Some((host.clone(), pem::authorities(text).ok()?));
    if !argocd.certificates.is_empty() {
        all.insert(argo::CERTIFICATES, argocd.certificates.iter().filter_map(trusted).collect());
    }
    all
}

/// Puts settings into the data of a ConfigMap.
pub fn configure(config_map: &mut Value, settings: &BTreeMap<String, String>) {
    if settings.is_empty() {
        return;
    }
    let mut data: Map<String, Value> = config_map["data"].as_object().cloned().unwrap_or_default();
    data.extend(settings.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))));
    config_map["data"] = Value::Object(data);
}

/// The canary as git holds it.
pub fn canary() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": argo::CANARY, "namespace": argo::NAMESPACE},
        "data": {argo::HEAL: argo::HEALED},
    })
}

fn merged(ours: &[(&str, &str)], theirs: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        ours.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    all.extend(theirs.clone());
    all
}
