//! What Argo CD does not apply since the project of the Application does not permit it, and what permits it.
//!
//! Each attempt of a sync is held against the project (argo-cd `controller/sync.go`, `validateSyncPermissions`), and Argo
//! CD goes on trying. But a project and what needs it come with one commit, and nothing keeps Argo CD from trying under the
//! project of the commit before. So a refusal is the last word of an attempt that began after the root had brought the
//! project of this commit, and of no other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::application::Application;
use crate::object::{items, str_at};
use crate::words::{BOUNDS, argo, bead};

/// How Argo CD 3.6.1 says it, of a kind and of a namespace.
const WORDS: &str = " is not permitted in project ";

/// What one wait has seen of attempts.
#[derive(Default)]
pub(super) struct Attempts {
    /// When the last attempt of each Application had ended that may have been made under another project.
    before: BTreeMap<String, String>,
}

impl Attempts {
    /// Whether the project of this commit refuses what the Application brings, which no further attempt changes.
    pub fn are_in_vain(&mut self, application: &Application, root: Option<&Application>, commit: &str) -> bool {
        let project = argo::project(str_at(&application.0, "/spec/project"));
        let is_there = root.is_some_and(|root| root.has_synced(&[project], commit));
        if !is_there {
            self.before.remove(application.name()); // the next attempt is under another project, too
            return false;
        }
        let Some(ended) = application.last_attempt() else { return false };
        let before = self.before.entry(application.name().to_owned()).or_insert_with(|| ended.to_owned());
        ended != before && application.synced_revisions().contains(&commit) && refused(application).next().is_some()
    }
}

/// What the author can do about what the project has refused of this commit; nothing when it has refused nothing.
pub(super) fn remedy(application: &Application, commit: &str) -> Option<String> {
    refused(application).next().filter(|_| application.synced_revisions().contains(&commit))?;
    let project = str_at(&application.0, "/spec/project");
    if project == argo::HUB {
        return Some(format!(
            "AppProject argocd/{project} permits everything as it is rendered: put it back, in git or on the cluster"
        ));
    }
    if bead::of_parent(project).is_none() {
        return Some(format!(
            "the project {project} does not permit it: leave `project` of the component out, since the project `hub` \
             permits everything; or mend AppProject argocd/{project}"
        ));
    }
    let (mut resources, mut namespaces, mut never) = (Vec::new(), Vec::new(), Vec::new());
    for it in refused(application) {
        let [group, kind, namespace, name] = ["/group", "/kind", "/namespace", "/name"].map(|field| str_at(it, field));
        if str_at(it, "/message").starts_with("namespace ") {
            namespaces.push(namespace);
        } else if argo::is_own(group, kind) || BOUNDS.contains(&(group, kind)) {
            never.push(format!("{kind} {namespace}/{name}"));
        } else {
            // Of the kinds in a namespace these were all that a bead's project refuses. Argo CD 3.6.1 gives a namespace,
            // that of the Application, also to what has none.
            let group = if group.is_empty() { "\"\"" } else { group };
            resources.push(format!("{{group: {group}, kind: {kind}, name: {name}}}"));
        }
    }
    namespaces.sort_unstable();
    namespaces.dedup();
    let ways = [
        (resources.join(", "), "add", "to `permissions.clusterResources` of bead.yaml, if it should"),
        (namespaces.join(", "), "add", "to `permissions.namespaces` of bead.yaml, if it should"),
        (never.join(", "), "leave out", "by the values of the chart: no bead may bring that"),
    ];
    let ways = ways.iter().filter(|(what, _, _)| !what.is_empty());
    Some(ways.map(|(what, verb, where_to)| format!("{verb} {what} {where_to}")).collect::<Vec<_>>().join("; "))
}

fn refused(application: &Application) -> impl Iterator<Item = &Value> {
    let is_refused = |it: &&Value| str_at(it, "/status") == "SyncFailed" && str_at(it, "/message").contains(WORDS);
    items(&application.0, "/status/operationState/syncResult/resources").filter(is_refused)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
    const BEFORE: &str = "1111111111111111111111111111111111111111";

    fn role() -> Value {
        json!({"group": "rbac.authorization.k8s.io", "version": "v1", "kind": "ClusterRole", "namespace": "greedy", "name": "greedy",
            "status": "SyncFailed", "syncPhase": "Sync",
            "message": "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project bead-greedy"})
    }

    /// As Argo CD 3.6.1 has it between two attempts: it runs, and has ended.
    fn refused_at(commit: &str, ended: &str, resources: &[Value]) -> Application {
        Application(json!({
            "metadata": {"name": "bead-greedy-application"},
            "spec": {"project": "bead-greedy"},
            "operation": {"sync": {"revision": commit}},
            "status": {"operationState": {
                "phase": "Running", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": ended, "retryCount": 1,
                "message": "one or more synchronization tasks are not valid: resource rbac.authorization.k8s.io:ClusterRole \
                            is not permitted in project bead-greedy. Retrying attempt #1 at 2026-01-01T00:00:11Z.",
                "syncResult": {"revision": commit, "resources": resources},
            }},
        }))
    }

    fn trying(commit: &str) -> Application {
        let mut live = refused_at(commit, "", &[]);
        live.0["status"]["operationState"] = json!({"phase": "Running", "startedAt": "2026-01-01T00:00:00Z", "retryCount": 1,
            "message": "Retrying operation with latest revisions. Attempt #1."});
        live
    }

    fn root(commit: &str, project: &str) -> Application {
        Application(
            json!({"metadata": {"name": "root"}, "status": {"sync": {"status": "OutOfSync", "revision": commit},
            "resources": [{"group": "argoproj.io", "version": "v1alpha1", "kind": "AppProject", "namespace": "argocd",
                "name": "bead-greedy", "status": project}]}}),
        )
    }

    #[test]
    fn an_attempt_under_the_project_of_the_commit_is_the_last_word() {
        let (mut attempts, root) = (Attempts::default(), root(SHA, "Synced"));
        let mut is_in_vain = |live: Application| attempts.are_in_vain(&live, Some(&root), SHA);
        assert!(!is_in_vain(trying(SHA)), "under way when the project came");
        assert!(!is_in_vain(refused_at(SHA, "1", &[role()])), "it has ended, and may have begun before");
        assert!(!is_in_vain(trying(SHA)));
        assert!(is_in_vain(refused_at(SHA, "2", &[role()])), "the next one");
    }

    #[test]
    fn a_project_that_has_not_come_yet_says_nothing() {
        let mut attempts = Attempts::default();
        for before in [None, Some(root(BEFORE, "Synced")), Some(root(SHA, "OutOfSync"))] {
            for ended in ["1", "2"] {
                assert!(!attempts.are_in_vain(&refused_at(SHA, ended, &[role()]), before.as_ref(), SHA), "{before:?}");
            }
        }
        assert!(!attempts.are_in_vain(&refused_at(SHA, "3", &[role()]), Some(&root(SHA, "Synced")), SHA));
        assert!(attempts.are_in_vain(&refused_at(SHA, "4", &[role()]), Some(&root(SHA, "Synced")), SHA));
        // Somebody changes it meanwhile, and Argo CD puts it back.
        assert!(!attempts.are_in_vain(&refused_at(SHA, "5", &[role()]), Some(&root(SHA, "OutOfSync")), SHA));
        assert!(!attempts.are_in_vain(&refused_at(SHA, "5", &[role()]), Some(&root(SHA, "Synced")), SHA));
        assert!(attempts.are_in_vain(&refused_at(SHA, "6", &[role()]), Some(&root(SHA, "Synced")), SHA));
    }

    #[test]
    fn other_failures_and_other_commits_are_not_of_the_project() {
        let mut other = role();
        other["message"] = "clusterroles.rbac.authorization.k8s.io is forbidden".into();
        let (mut attempts, root) = (Attempts::default(), root(SHA, "Synced"));
        for (ended, commit, resource) in [("1", SHA, other.clone()), ("2", SHA, other.clone()), ("3", BEFORE, role())] {
            assert!(!attempts.are_in_vain(&refused_at(commit, ended, &[resource]), Some(&root), SHA), "{ended}");
        }
        assert_eq!(remedy(&refused_at(SHA, "1", &[other]), SHA), None);
        assert_eq!(remedy(&refused_at(BEFORE, "1", &[role()]), SHA), None);
    }

    #[test]
    fn the_remedy_is_what_to_write() {
        let of = |changes: Value| {
            let mut all = role();
            all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
            all
        };
        let said = |resources: &[Value]| remedy(&refused_at(SHA, "1", resources), SHA).expect("refused");
        assert_eq!(
            said(&[role(), of(json!({"name": "other"}))]),
            "add {group: rbac.authorization.k8s.io, kind: ClusterRole, name: greedy}, {group: rbac.authorization.k8s.io, \
             kind: ClusterRole, name: other} to `permissions.clusterResources` of bead.yaml, if it should"
        );
        let namespace = of(json!({"group": "", "kind": "Secret", "namespace": "kube-public",
            "message": "namespace kube-public is not permitted in project 'bead-greedy'"}));
        let policy =
            of(json!({"group": "networking.k8s.io", "kind": "NetworkPolicy", "namespace": "greedy", "name": "n",
            "message": "resource networking.k8s.io:NetworkPolicy is not permitted in project bead-greedy"}));
        assert_eq!(
            said(&[namespace.clone(), policy, namespace]),
            "add kube-public to `permissions.namespaces` of bead.yaml, if it should; leave out NetworkPolicy greedy/n by \
             the values of the chart: no bead may bring that"
        );
        let mut of_the_hub = refused_at(SHA, "1", &[role()]);
        of_the_hub.0["spec"]["project"] = "mine".into();
        assert!(remedy(&of_the_hub, SHA).is_some_and(|it| it.contains("leave `project` of the component out")));
        of_the_hub.0["spec"]["project"] = "hub".into();
        assert!(remedy(&of_the_hub, SHA).is_some_and(|it| it.starts_with("AppProject argocd/hub permits everything")));
    }
}
