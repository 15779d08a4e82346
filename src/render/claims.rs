//! The claims of a hub: the project that bounds them, and the Application that syncs their repository.
//!
//! Every field is one of the CRDs of Argo CD 3.6.1 (`manifests/crds`).

use serde_json::{Value, json};

use super::applications::application;
use super::projects::permitting;
use crate::document::{HubClaims, Resolved};
use crate::object::annotate;
use crate::report::{Failure, Outcome};
use crate::words::argo;

/// The group of the one kind that every project of claims allows, and nobody defines: an empty list is left out when Argo
/// CD writes the project, and no list allows every kind.
pub const NOTHING: &str = "none.backstack.dev";

/// The entry of the list with that kind.
pub fn nothing() -> Value {
    json!({"group": NOTHING, "kind": "None"})
}

/// What claims may be, and where. Beads add their kinds to the list.
pub fn project(claims: &HubClaims) -> Value {
    // The first one is that of the Application itself, which names none, so that every claim has to.
    let namespaces = claims.namespaces.iter().map(|name| json!({"server": argo::IN_CLUSTER, "namespace": name}));
    let destinations: Vec<Value> = std::iter::once(json!({"server": argo::IN_CLUSTER})).chain(namespaces).collect();
    json!({
        "apiVersion": argo::API,
        "kind": argo::PROJECT,
        "metadata": {
            "name": argo::CLAIMS,
            "namespace": argo::NAMESPACE,
            "annotations": {argo::SYNC_WAVE: argo::PROJECT_WAVE.to_string()},
        },
        "spec": {
            "description": "What the claims repository may order: what installed beads offer, and nothing without a namespace",
            "sourceRepos": [permitting(&claims.repository.url)],
            "destinations": destinations,
            "namespaceResourceWhitelist": [nothing()],
        },
    })
}

/// The Application that syncs the claims. It has no finalizer: nobody's cluster goes with it. Neither does one go with its
/// file, since nothing is pruned by itself; where pruning waited for an approval, every other claim would wait with it
/// (gitops-engine 3.6.1, `runTasks` of `pkg/sync/sync_context.go`).
pub fn claims(claims: &HubClaims) -> Value {
    let mut object = application(argo::CLAIMS, argo::CLAIMS_WAVE, argo::CLAIMS, "", &["Delete=confirm"]);
    annotate(&mut object, argo::IGNORE_HEALTH, "true");
    object["spec"]["destination"] = json!({"server": argo::IN_CLUSTER});
    object["spec"]["syncPolicy"]["automated"]["prune"] = false.into();
    object["spec"]["source"] = json!({
        "repoURL": claims.repository.url,
        "targetRevision": claims.repository.branch,
        "path": claims.repository.path,
        // Said in full: a folder of manifests, whatever else lies in it, and no program of somebody's (Jsonnet).
        "directory": {"recurse": true, "include": "{*.yaml,*.yml}", "exclude": ".github/*"},
    });
    object
}

/// Refuses the hub's own repository: who may order something could change the hub.
pub fn is_apart(claims: &HubClaims, hub: &Resolved) -> Outcome<()> {
    if !claims.repository.is_at(&hub.repository) {
        return Ok(());
    }
    Err(Failure::usage(
        "`spec.claims.repository` is the hub repository: whoever may order a claim could change the hub",
    )
    .hint("give the claims a repository of their own"))
}
