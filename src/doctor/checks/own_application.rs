//! The Application by which Argo CD deploys itself.

use semver::Version;
use serde_json::Value;

use crate::doctor::application::{deploys, has_option, is_automated};
use crate::doctor::code::{DEFINITIONS_PRUNABLE, SELF_CLIENT_SIDE};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::{itself, version};
use crate::object::{ObjectRef, annotation, name};
use crate::words::argo;

/// The first version with a definition that does not fit into an annotation.
const LARGE: Version = Version::new(3, 3, 0);

/// Whether it applies as it has to.
pub fn client_side(facts: &Facts) -> Vec<Finding> {
    let harm = if version(facts).is_some_and(|it| it >= LARGE) { Harm::Trouble } else { Harm::Note };
    let says =
        "it deploys Argo CD itself, and not server-side: a definition of Argo CD 3.3 and later cannot be applied so";
    let client_side = itself(facts).into_iter().filter(|it| !has_option(it, "ServerSideApply=true"));
    client_side.map(|it| Finding::new(SELF_CLIENT_SIDE, harm, &ObjectRef::of(it), says)).collect()
}

/// Whether Argo CD's definitions would go with their files.
pub fn prunable(facts: &Facts) -> Vec<Finding> {
    let deployer = |definition: &Value| {
        let is_it = |[_, kind, _, of]: [&str; 4]| kind == "CustomResourceDefinition" && of == name(definition);
        facts.applications.iter().flatten().find(|it| facts.is_here(it) && deploys(it).any(is_it))
    };
    let prunes = |it: &Value| is_automated(it) && it.pointer("/spec/syncPolicy/automated/prune") == Some(&true.into());
    let unguarded = facts.definitions.iter().flatten().filter(|it| argo::DEFINITIONS.contains(&name(it)) && !stays(it));
    unguarded
        .filter_map(|it| {
            let by = deployer(it)?;
            let harm = if prunes(by) { Harm::Trouble } else { Harm::Note };
            let says = format!("the Application {} would prune it, and with it every object of the kind", name(by));
            Some(Finding::new(DEFINITIONS_PRUNABLE, harm, &ObjectRef::crd(name(it)), says))
        })
        .collect()
}

fn stays(definition: &Value) -> bool {
    let has = |wanted: &str| {
        annotation(definition, argo::SYNC_OPTIONS).is_some_and(|it| it.split(',').any(|it| it.trim() == wanted))
    };
    has("Prune=false") || has(argo::CONFIRM[0])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(policy: &Value, options: &str) -> Facts {
        let server = json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}},
            "spec": {"template": {"spec": {"containers": [{"image": "quay.io/x/argocd:v3.6.1"}]}}}});
        let mut definition = json!({"metadata": {"name": argo::APPLICATION_DEFINITION, "annotations": {}}});
        definition["metadata"]["annotations"][argo::SYNC_OPTIONS] = json!(options);
        let application = json!({"metadata": {"name": "argocd", "namespace": "argocd"},
            "spec": {"destination": {"server": argo::IN_CLUSTER}, "syncPolicy": policy}, "status": {"resources": [
                {"group": "apps", "kind": "Deployment", "namespace": "argocd", "name": "argocd-server"},
                {"kind": "CustomResourceDefinition", "name": argo::APPLICATION_DEFINITION}]}});
        Facts {
            namespace: "argocd".to_owned(),
            workloads: Some(vec![server]),
            definitions: Some(vec![definition]),
            applications: Some(vec![application]),
            ..Facts::default()
        }
    }

    #[test]
    fn argo_cd_applies_itself_server_side() {
        for (policy, count) in [
            (json!({"syncOptions": ["ServerSideApply=true"]}), 0),
            (json!({"syncOptions": ["CreateNamespace=true"]}), 1),
            (json!({}), 1),
        ] {
            assert_eq!(client_side(&facts(&policy, "")).len(), count, "{policy}");
        }
    }

    #[test]
    fn argo_cds_definitions_stay_when_git_drops_them() {
        let prunes = json!({"automated": {"prune": true}});
        for (policy, options, harm) in [
            (&prunes, "Prune=false,Delete=false", None),
            (&prunes, "Prune=confirm", None),
            (&prunes, "Replace=true", Some(Harm::Trouble)),
            (&json!({"automated": {}}), "", Some(Harm::Note)),
        ] {
            let found = prunable(&facts(policy, options));
            assert_eq!(found.first().map(|it| it.harm), harm, "{policy} {options}");
        }
    }
}
