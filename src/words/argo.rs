//! The words of Argo CD, each said once: its kinds, what a hub calls them, its annotations, its waves.
//!
//! No more than words: what Argo CD does with them is known to `render`, which makes them, and to `argocd`, which
//! reads what it answers. Sources: argo-cd 3.6.1, `common/common.go` and `pkg/apis/application/v1alpha1`; gitops-engine
//! `pkg/sync/common/types.go`.

use serde_json::{Value, json};

use crate::object::{ObjectRef, annotation};

/// The API group of its kinds.
pub const GROUP: &str = "argoproj.io";
/// The group in the version that is written and read.
pub const API: &str = "argoproj.io/v1alpha1";
/// What is synced: a source, a destination, and how.
pub const APPLICATION: &str = "Application";
/// What makes Applications: a bead has one that makes those on spokes.
pub const APPLICATION_SET: &str = "ApplicationSet";
/// What the Applications in it may read and write.
pub const PROJECT: &str = "AppProject";
/// The definitions of its kinds.
pub const DEFINITIONS: [&str; 3] = [APPLICATION_DEFINITION, "applicationsets.argoproj.io", "appprojects.argoproj.io"];
/// The kind by which an operator runs Argo CD, in the same group.
pub const OPERATED: &str = "ArgoCD";
/// The kinds that are its own. The group is shared: those of Rollouts, Workflows and Events are in it, too.
pub const OWN_KINDS: [&str; 4] = [APPLICATION, APPLICATION_SET, PROJECT, OPERATED];
/// The definition of that kind.
pub const OPERATED_DEFINITION: &str = "argocds.argoproj.io";
/// The annotations of what such an operator has made outside of namespaces: the name of its object, and the namespace.
pub const OF_OPERATOR: [&str; 2] = ["argocds.argoproj.io/name", "argocds.argoproj.io/namespace"];
/// The definition of Applications.
pub const APPLICATION_DEFINITION: &str = "applications.argoproj.io";

/// The namespace of the hub's Argo CD.
pub const NAMESPACE: &str = "argocd";
/// The Application that syncs the folder of all Applications and projects, itself among them.
pub const ROOT: &str = "root";
/// The Application by which Argo CD manages itself.
pub const ARGOCD: &str = "argocd";
/// The project of the hub's own Applications.
pub const HUB: &str = "hub";
/// The Application that syncs the claims repository, and its project.
pub const CLAIMS: &str = "claims";
/// The cluster that Argo CD runs on, as Argo CD names it.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";
/// The ConfigMap whose value the proof of the handover changes, to see that Argo CD puts it right.
pub const CANARY: &str = "backstack-canary";
/// The key of the canary.
pub const HEAL: &str = "heal";
/// The value of that key in git.
pub const HEALED: &str = "on";

/// The image of its parts, as upstream's manifest names it, without a tag.
pub const IMAGE: &str = "quay.io/argoproj/argocd";
/// What of it runs by upstream's manifest, without the `argocd-` before each.
pub const WORKLOADS: [&str; 7] = [
    "application-controller",
    "applicationset-controller",
    "dex-server",
    "notifications-controller",
    "redis",
    "repo-server",
    "server",
];
/// The part of it that compares and syncs.
pub const CONTROLLER: &str = "argocd-application-controller";
/// How the name of the redis ends that is highly available, a `StatefulSet`, in upstream's manifest and in the chart's.
pub const REDIS_HA: &str = "redis-ha-server";
/// The ConfigMap with what its parts read when they start.
pub const PARAMS: &str = "argocd-cmd-params-cm";
/// The label by which all ways of installing mark the parts of Argo CD, and its value. Without it Argo CD resolves no reference to a
/// Secret (argo-cd 3.6.1, `util/settings/settings.go`).
pub const PART_OF: (&str, &str) = ("app.kubernetes.io/part-of", ARGOCD);
/// The ConfigMap that every Argo CD has, of whatever flavour and by whichever installer.
pub const SETTINGS: &str = "argocd-cm";
/// The ConfigMap with the host keys that it trusts over SSH.
pub const KNOWN_HOSTS: &str = "argocd-ssh-known-hosts-cm";
/// Where they stand in it.
pub const KNOWN_HOSTS_KEY: &str = "ssh_known_hosts";
/// The ConfigMap with the certificates that hosts of git and of charts are trusted by, each under the name of its host.
pub const CERTIFICATES: &str = "argocd-tls-certs-cm";

/// Whether a kind is one of its own.
#[must_use]
pub fn is_own(group: &str, kind: &str) -> bool {
    group == GROUP && OWN_KINDS.contains(&kind)
}

/// The field manager of its server-side apply.
pub const MANAGER: &str = "argocd-controller";
/// The field managers of its parts, which write what they need to run: keys, sessions, the status of Applications.
pub const PARTS: &[&str] =
    &[MANAGER, "argocd", CONTROLLER, "argocd-applicationset-controller", "argocd-notifications", "argocd-server"];
/// The account that syncs and compares.
pub const SYNCS_AS: &str = "system:serviceaccount:argocd:argocd-application-controller";
/// The groups of that account.
pub const GROUPS: &[&str] = &["system:serviceaccounts", "system:serviceaccounts:argocd", "system:authenticated"];
/// The annotation by which it knows the objects of an Application.
pub const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
/// The annotation beside it, with the `installationID` of its settings, where they have one.
pub const INSTALLATION_ID: &str = "argocd.argoproj.io/installation-id";
/// The annotation that asks for a comparison now; it takes it away at the end of one.
pub const REFRESH: &str = "argocd.argoproj.io/refresh";
/// The annotation beside it, by which one request is told from the next (since 3.6); it goes with the request.
pub const REFRESH_STAMP: &str = "argocd.argoproj.io/refresh-timestamp";
/// The annotation that asks for a look at an `ApplicationSet` now; it takes it away at the end of one.
pub const REFRESH_SET: &str = "argocd.argoproj.io/application-set-refresh";
/// The annotation that orders the objects of a sync; see [`wave_of`].
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
/// What the annotations begin with by which Argo CD goes.
pub const ANNOTATIONS: &str = "argocd.argoproj.io/";
/// The annotation that makes an object a hook: it is made at a moment of a sync, and no part of what is kept.
pub const HOOK: &str = "argocd.argoproj.io/hook";
/// The finalizer of a hook, until Argo CD has seen how it ended.
pub const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";
/// The label of a cluster's Secret with the version of Kubernetes there.
pub const KUBERNETES_VERSION: &str = "argocd.argoproj.io/kubernetes-version";
/// The annotation that says when Argo CD deletes a hook.
pub const HOOK_DELETION: &str = "argocd.argoproj.io/hook-delete-policy";
/// The annotation with the sync options of one object.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// The annotation that says what counts as a difference (`docs/user-guide/compare-options.md`).
pub const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
/// The annotation with the approval that it waits for where an option says `Delete=confirm`: a time that is not before
/// the request.
pub const APPROVED: &str = "argocd.argoproj.io/deletion-approved";
/// The annotation of an Application's object whose health does not count for the Application.
pub const IGNORE_HEALTH: &str = "argocd.argoproj.io/ignore-healthcheck";
/// The label of Secrets that are credentials.
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";
/// The value of that label on the Secrets of clusters.
pub const CLUSTER: &str = "cluster";
/// The annotation of an Application that a recovery holds: who has asked for it, since when, and what for.
pub const HELD: &str = "backstack.dev/held";
/// The annotation of a cluster's Secret that has Argo CD leave the cluster alone: nothing there is compared, synced or deleted.
pub const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";
/// The finalizer by which it deletes what an Application deployed, dependants first, before the Application is gone.
pub const CASCADE: &str = "resources-finalizer.argocd.argoproj.io/foreground";
/// What every finalizer of that sort begins with.
pub const ANY_CASCADE: &str = "resources-finalizer.argocd.argoproj.io";
/// What all of its finalizers begin with: those of a cascade, and of hooks that run before a deletion and after it.
pub const FINALIZERS: [&str; 3] =
    [ANY_CASCADE, "pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"];

/// Sync options of an object that stays when git no longer holds it, and when its Application is deleted.
pub const STAYS: &str = "Prune=false,Delete=false";
/// Sync options of an object that is removed only with an approval: somebody's data hangs on it. Not more of them than
/// have to be: a parent that waits for an approval syncs no later commit meanwhile.
pub const CONFIRM: [&str; 2] = ["Prune=confirm", "Delete=confirm"];

/// The setting that says when an Application is healthy.
pub const APPLICATION_HEALTH: &str = "resource.customizations.health.argoproj.io_Application";

// The waves of the root Application. What they rest on:
//
// - A wave is begun when everything in those before it is synced and healthy; a removal goes the other way, the highest
//   first (argo-cd 3.6.1, `controller/sort_delete.go`). So what must be there first has the lower number, and is deleted last.
// - Applications count as healthy by the check that the hub's own settings bring. Argo CD has none for them since 1.8, and
//   without one it creates the next wave at once.
// - The last wave of a sync is not waited for (gitops-engine 3.6.1, `finalWave` in `pkg/sync/sync_context.go`).
// - What is degraded in a wave that is waited for fails the sync of the root, for everything in the waves behind it, too.
// - A wave is any whole number, and 0 where an object names none. The gaps are room for the waves of people, which are
//   those between projects and root.

/// Projects, and the definition of beads: before every Application, and so deleted after them.
pub const PROJECT_WAVE: i32 = -10;
/// Argo CD's own Application: with its settings the health checks come by which all others are judged. The price: a
/// version of Argo CD that does not come up holds up every component, since they are in later waves.
pub const ARGOCD_WAVE: i32 = 0;
/// A component that names none: after Argo CD.
pub const COMPONENT_WAVE: i32 = 10;
/// A bead that needs no other: after every component that keeps the default. One that needs others has as many waves
/// more as the longest chain before it has beads.
pub const BEAD_WAVE: i32 = 100;
/// The first part of a bead, in the waves of its own Application.
pub const FIRST_PART_WAVE: i32 = 0;
/// How many beads can wait for each other in a chain, so that the last of them comes well before the root.
pub const LONGEST_CHAIN: usize = 800;
/// The root in itself. It must be the last: Argo CD leaves an Application out of its own health, but not out of the wait for
/// a wave, so a root in an earlier one waits for its own sync for ever (seen with 3.5.1 and 3.6.1).
pub const ROOT_WAVE: i32 = 1000;

/// The claims, which the hub waits for as little as for itself: people write them, at any time.
pub const CLAIMS_WAVE: i32 = ROOT_WAVE;

/// The ConfigMap with its settings.
#[must_use]
pub fn settings() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(NAMESPACE), SETTINGS)
}

/// The ConfigMap with the certificates of hosts.
#[must_use]
pub fn certificates() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(NAMESPACE), CERTIFICATES)
}

/// The ConfigMap with the host keys.
#[must_use]
pub fn known_hosts() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(NAMESPACE), KNOWN_HOSTS)
}

/// Its controller.
#[must_use]
pub fn controller() -> ObjectRef {
    ObjectRef::new("apps/v1", "StatefulSet", Some(NAMESPACE), CONTROLLER)
}

/// An Application of the hub.
#[must_use]
pub fn application(name: &str) -> ObjectRef {
    ObjectRef::new(API, APPLICATION, Some(NAMESPACE), name)
}

/// An Application of the hub as kubectl prints its name.
#[must_use]
pub fn printed(application: &str) -> String {
    format!("{}.{GROUP}/{application}", APPLICATION.to_lowercase())
}

/// A project of the hub.
#[must_use]
pub fn project(name: &str) -> ObjectRef {
    ObjectRef::new(API, PROJECT, Some(NAMESPACE), name)
}

/// The generators of an `ApplicationSet` that makes nothing.
#[must_use]
pub fn no_generators() -> Value {
    json!([{"list": {"elements": []}}])
}

/// One of its kinds, in every namespace.
#[must_use]
pub fn every(kind: &str) -> ObjectRef {
    ObjectRef::new(API, kind, None, "")
}

/// Whether this is the name of one of the two Applications by which a hub holds itself. They have no cascade: the removal of
/// `root` removes nothing else, and `argocd` would delete itself half-way.
#[must_use]
pub fn holds_itself(application: &str) -> bool {
    matches!(application, ROOT | ARGOCD)
}

/// Whether this is the name of an Application of the hub that takes nothing along when it goes: one of the two, or that of
/// the claims, whose objects somebody has ordered.
#[must_use]
pub fn goes_alone(application: &str) -> bool {
    holds_itself(application) || application == CLAIMS
}

/// The sync wave of an object.
#[must_use]
pub fn wave_of(object: &Value) -> i64 {
    annotation(object, SYNC_WAVE).and_then(|wave| wave.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wave_is_a_number_and_else_the_first_one() {
        let with = |wave: &str| json!({"metadata": {"annotations": {SYNC_WAVE: wave}}});
        assert_eq!((wave_of(&with("-10")), wave_of(&with("soon")), wave_of(&json!({}))), (-10, 0, 0));
    }

    #[test]
    fn the_waves_of_beads_end_before_the_root() {
        let last = BEAD_WAVE + i32::try_from(LONGEST_CHAIN).expect("small");
        let waves = [PROJECT_WAVE, ARGOCD_WAVE, COMPONENT_WAVE, BEAD_WAVE, last, ROOT_WAVE];
        assert!(waves.is_sorted_by(|one, next| one < next), "{waves:?}");
    }
}
