//! Waves of Applications, which Argo CD heeds only with a health check for them.

use std::collections::HashMap;

use serde_json::Value;

use crate::doctor::application::deploys;
use crate::doctor::code::WAVES_UNHEEDED;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, name, str_at};
use crate::words::argo;

/// Applications that deploy others in waves, where nothing says when one of these is healthy.
pub fn unheeded(facts: &Facts) -> Vec<Finding> {
    if facts.settings.is_none() || has_check(facts) {
        return Vec::new();
    }
    let all = || facts.applications.iter().flatten();
    let waves: HashMap<(&str, &str), i64> =
        all().map(|it| ((str_at(it, "/metadata/namespace"), name(it)), argo::wave_of(it))).collect();
    let in_waves = |parent: &Value| {
        let below = deploys(parent).filter(|[group, kind, ..]| (*group, *kind) == (argo::GROUP, argo::APPLICATION));
        let mut below = below.filter_map(|[_, _, namespace, name]| waves.get(&(namespace, name)));
        let first = below.next();
        below.any(|it| Some(it) != first)
    };
    let says = "it deploys Applications in waves, and Argo CD does not wait for any of them";
    all()
        .filter(|it| in_waves(it))
        .map(|it| Finding::new(WAVES_UNHEEDED, Harm::Note, &ObjectRef::of(it), says))
        .collect()
}

fn has_check(facts: &Facts) -> bool {
    let in_one_text = format!("{}/{}", argo::GROUP, argo::APPLICATION);
    facts.setting(argo::APPLICATION_HEALTH).is_some()
        || facts.setting("resource.customizations").is_some_and(|it| it.contains(&in_one_text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn waves_of_applications_need_their_health() {
        let application = |name: &str, wave: &str, below: &[&str]| {
            let resources: Vec<Value> = below
                .iter()
                .map(|it| json!({"group": argo::GROUP, "kind": argo::APPLICATION, "namespace": "argocd", "name": it}))
                .collect();
            let mut it = json!({"metadata": {"name": name, "namespace": "argocd", "annotations": {}}, "status": {"resources": resources}});
            it["metadata"]["annotations"][argo::SYNC_WAVE] = json!(wave);
            it
        };
        for (wave, settings, count) in [
            ("1", Some(json!({"data": {}})), 1),
            ("0", Some(json!({"data": {}})), 0),
            ("1", Some(json!({"data": {argo::APPLICATION_HEALTH: "return {}"}})), 0),
            ("1", None, 0),
        ] {
            let all =
                vec![application("a", "0", &[]), application("b", wave, &[]), application("root", "0", &["a", "b"])];
            let facts = Facts { applications: Some(all), settings: settings.map(|it| vec![it]), ..Facts::default() };
            assert_eq!(unheeded(&facts).len(), count, "{wave}");
        }
    }
}
