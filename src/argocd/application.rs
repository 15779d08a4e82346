//! What an Application says about itself. Pure.
//!
//! The Application CRD has no status subresource, so generations say nothing; and Argo CD reports `Healthy` for an
//! Application whose manifests could not even be generated. So health is never read without sync status, revision,
//! operation and conditions beside it.

use serde_json::Value;

use crate::engine::one_line;
use crate::object::{ObjectRef, finalizers, is_being_deleted, items, str_at, strings};
use crate::schema::{is_same_repository, is_surely_same_repository};
use crate::words::argo;

/// Conditions that a hub in good order does not have (argo-cd `pkg/apis/application/v1alpha1/types.go`).
const BAD_CONDITIONS: &[&str] = &[
    "ComparisonError",
    "InvalidSpecError",
    "SyncError",
    "DeletionError",
    "UnknownError",
    "SharedResourceWarning",
    "OrphanedResourceWarning",
    "RepeatedResourceWarning",
    "ExcludedResourceWarning",
];

/// An Application as read from the cluster.
#[derive(Debug, Clone)]
pub struct Application(pub Value);

impl Application {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        str_at(&self.0, "/metadata/name")
    }

    /// Whether it is one of the two by which the hub of this cluster holds itself: anybody may have such a name in a namespace
    /// of theirs.
    #[must_use]
    pub fn holds_hub(&self) -> bool {
        argo::holds_itself(self.name()) && str_at(&self.0, "/metadata/namespace") == argo::NAMESPACE
    }

    /// `Synced`, `OutOfSync`, `Unknown`, or nothing before the first comparison.
    #[must_use]
    pub fn sync(&self) -> &str {
        str_at(&self.0, "/status/sync/status")
    }

    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing`, `Unknown`, or nothing.
    #[must_use]
    pub fn health(&self) -> &str {
        str_at(&self.0, "/status/health/status")
    }

    /// The revisions that it was last compared with: one for a single source, one per source otherwise.
    #[must_use]
    pub fn compared_revisions(&self) -> Vec<&str> {
        revisions(&self.0, "/status/sync")
    }

    /// The commit that it has synced last: the one that it was compared with where nothing was left to do, else that of its
    /// last operation.
    #[must_use]
    pub fn last_synced(&self) -> Option<&str> {
        let operated = revisions(&self.0, "/status/operationState/syncResult");
        let compared = self.compared_revisions();
        let synced = if self.sync() == "Synced" { compared } else { [operated, compared].concat() };
        synced.first().copied()
    }

    /// Whether its last comparison was with this commit, by one of its sources.
    #[must_use]
    pub fn is_at(&self, revision: &str) -> bool {
        self.compared_revisions().contains(&revision)
    }

    /// Whether only another comparison can bring it on: the last one was not with this commit, or came to nothing.
    #[must_use]
    pub fn is_behind(&self, revision: &str) -> bool {
        // The others are warnings about a comparison that has succeeded.
        let errors = ["ComparisonError", "InvalidSpecError", "UnknownError"];
        let has_failed = items(&self.0, "/status/conditions").any(|it| errors.contains(&str_at(it, "/type")));
        let came_to_nothing = self.sync() == "Unknown" || has_failed;
        !self.is_at(revision) || self.is_compared_with_other_sources() || came_to_nothing
    }

    /// Whether the last comparison was with sources that it no longer has: another version of a chart has the same commit.
    fn is_compared_with_other_sources(&self) -> bool {
        let sources = |at: &str| {
            let part = self.0.pointer(at).unwrap_or(&Value::Null);
            let many = part.get("sources").and_then(Value::as_array).filter(|many| !many.is_empty());
            // Beside several, Argo CD writes an empty one (argo-cd `types.go`, `ComparedTo`).
            let one = part.get("source").filter(|_| many.is_none());
            one.into_iter()
                .chain(many.into_iter().flatten())
                .map(|it| ["/repoURL", "/chart", "/path", "/targetRevision"].map(|field| str_at(it, field).to_owned()))
                .collect::<Vec<_>>()
        };
        let compared = sources("/status/sync/comparedTo");
        !compared.is_empty() && compared != sources("/spec")
    }

    /// Whether one of its sources is this repository.
    #[must_use]
    pub fn reads(&self, repository: &str) -> bool {
        self.sources().any(|it| is_same_repository(str_at(it, "/repoURL"), repository))
    }

    /// Whether one of its sources is this branch of this repository.
    #[must_use]
    pub fn follows(&self, repository: &str, branch: &str) -> bool {
        let is_it = |it: &Value| is_surely_same_repository(str_at(it, "/repoURL"), repository);
        self.sources().any(|it| is_it(it) && str_at(it, "/targetRevision") == branch)
    }

    /// Where it comes from: one place or several.
    pub fn sources(&self) -> impl Iterator<Item = &Value> {
        self.0.pointer("/spec/source").into_iter().chain(items(&self.0, "/spec/sources"))
    }

    /// The bad conditions, as `type: message`.
    #[must_use]
    pub fn bad_conditions(&self) -> Vec<String> {
        items(&self.0, "/status/conditions")
            .filter(|it| BAD_CONDITIONS.contains(&str_at(it, "/type")))
            .map(|it| format!("{}: {}", str_at(it, "/type"), one_line(str_at(it, "/message"))))
            .collect()
    }

    /// Whether deleting it deletes what it manages.
    #[must_use]
    pub fn cascades(&self) -> bool {
        finalizers(&self.0).iter().any(|it| it.starts_with(argo::ANY_CASCADE))
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        is_being_deleted(&self.0)
    }

    /// What keeps it from being Synced, Healthy and Succeeded at this commit; `None` when it is.
    #[must_use]
    pub fn blocked_at(&self, revision: &str) -> Option<String> {
        let name = self.name();
        if self.is_being_deleted() {
            return Some(format!("{name} is being deleted"));
        }
        if let Some(condition) = self.bad_conditions().first() {
            return Some(format!("{name} {condition}"));
        }
        if self.is_operating() {
            let progress = match (self.phase(), self.operation_message()) {
                ("Running", "") => "objects are being applied",
                ("Running" | "Terminating", message) => &one_line(message),
                _ => "the sync has not begun",
            };
            return Some(format!("{name} is syncing: {progress}"));
        }
        if self.sync().is_empty() {
            return Some(format!("{name} was not compared with git yet"));
        }
        if !self.is_at(revision) {
            let at = self.compared_revisions().first().map_or("no commit", |it| short(it));
            return Some(format!("{name} is at {at}, not yet at {}", short(revision)));
        }
        if self.is_compared_with_other_sources() {
            return Some(format!("{name} was not compared with its new source yet"));
        }
        if self.sync() != "Synced" {
            let differing = self.differing();
            return Some(format!("{name} is {}: {}", self.sync(), listed(&differing)));
        }
        if self.has_failed() {
            return Some(format!("{name} sync {}: {}", self.phase(), self.operation_message()));
        }
        if self.health() != "Healthy" {
            let message = str_at(&self.0, "/status/health/message");
            return Some(format!("{name} is {} {message}", self.health()).trim_end().to_owned());
        }
        None
    }

    /// What is wrong with it, without its name, measured at the commit it was last compared with.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let revision = self.compared_revisions().first().copied().unwrap_or_default();
        let why = self.blocked_at(revision)?;
        Some(why.strip_prefix(self.name()).map_or(why.clone(), |rest| rest.trim_start().to_owned()))
    }

    /// The objects that it manages, as of its last comparison.
    pub fn resources(&self) -> impl Iterator<Item = ObjectRef> {
        self.compared().map(named)
    }

    /// Those of them that git does not hold any more.
    pub fn without_file(&self) -> impl Iterator<Item = ObjectRef> {
        self.compared().filter(|it| it["requiresPruning"] == true).map(named)
    }

    /// Those of them that git holds, whether they are there or not.
    pub fn in_git(&self) -> impl Iterator<Item = ObjectRef> {
        self.compared().filter(|it| it["requiresPruning"] != true).map(named)
    }

    /// Whether these objects of it are as the commit has them, as of its last comparison.
    #[must_use]
    pub fn has_synced(&self, objects: &[ObjectRef], revision: &str) -> bool {
        let is_synced = |object: &ObjectRef| {
            let mut entries = self.compared().filter(|it| {
                (str_at(it, "/group"), str_at(it, "/kind"), str_at(it, "/name"))
                    == (object.group.as_str(), object.kind.as_str(), object.name.as_str())
            });
            entries.any(|it| str_at(it, "/status") == "Synced")
        };
        self.is_at(revision) && objects.iter().all(is_synced)
    }

    fn compared(&self) -> impl Iterator<Item = &Value> {
        items(&self.0, "/status/resources")
    }

    /// The resources that are not Synced.
    #[must_use]
    pub fn differing(&self) -> Vec<String> {
        self.compared()
            .filter(|it| !matches!(str_at(it, "/status"), "" | "Synced"))
            .map(|it| format!("{}/{}", str_at(it, "/kind"), str_at(it, "/name")))
            .collect()
    }
}

/// The object that Argo CD tells of.
#[must_use]
pub fn named(told: &Value) -> ObjectRef {
    let (group, version) = (str_at(told, "/group"), str_at(told, "/version"));
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let namespace = told.pointer("/namespace").and_then(Value::as_str).filter(|it| !it.is_empty());
    ObjectRef::new(&api_version, str_at(told, "/kind"), namespace, str_at(told, "/name"))
}

/// The first twelve characters of a commit.
#[must_use]
pub fn short(revision: &str) -> &str {
    revision.get(..12).unwrap_or(revision)
}

pub(super) fn revisions<'v>(object: &'v Value, at: &str) -> Vec<&'v str> {
    let part = object.pointer(at).unwrap_or(&Value::Null);
    let many = strings(part, "/revisions");
    let one = part.get("revision").and_then(Value::as_str);
    many.chain(one).filter(|it| !it.is_empty()).collect()
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 4;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn application(status: &Value) -> Application {
        Application(json!({"metadata": {"name": "argocd"}, "spec": {"source": {"repoURL": "r"}}, "status": status}))
    }

    fn good() -> Value {
        json!({"sync": {"status": "Synced", "revision": SHA}, "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded", "syncResult": {"revision": SHA}}})
    }

    #[test]
    fn an_application_of_another_namespace_holds_no_hub() {
        let of = |name: &str, namespace: &str| Application(json!({"metadata": {"name": name, "namespace": namespace}}));
        assert!(of(argo::ROOT, argo::NAMESPACE).holds_hub() && of(argo::ARGOCD, argo::NAMESPACE).holds_hub());
        assert!(!of(argo::ROOT, "team-a").holds_hub() && !of("crossplane", argo::NAMESPACE).holds_hub());
    }

    #[test]
    fn synced_healthy_and_succeeded_at_the_commit_is_not_blocked() {
        assert_eq!(application(&good()).blocked_at(SHA), None);
    }

    #[test]
    fn healthy_alone_means_nothing() {
        let mut unknown = good();
        unknown["sync"]["status"] = json!("Unknown");
        assert!(application(&unknown).blocked_at(SHA).is_some());
        let mut error = good();
        error["conditions"] = json!([{"type": "ComparisonError", "message": "no such path"}]);
        assert_eq!(application(&error).blocked_at(SHA).as_deref(), Some("argocd ComparisonError: no such path"));
    }

    #[test]
    fn an_older_commit_blocks() {
        let blocked = application(&good()).blocked_at("ffffffffffffffff");
        assert_eq!(blocked.as_deref(), Some("argocd is at 0123456789ab, not yet at ffffffffffff"));
    }

    #[test]
    fn another_version_of_a_chart_blocks_until_it_was_compared() {
        let source = |version: &str| json!({"repoURL": "c", "chart": "k", "targetRevision": version});
        let mut status = good();
        status["sync"] = json!({"status": "Synced", "revisions": ["1.0.0", SHA],
            "comparedTo": {"destination": {}, "source": {"repoURL": ""}, "sources": [source("1.0.0"), {"repoURL": "r", "ref": "values"}]}});
        let at = |version: &str| {
            let spec = json!({"sources": [source(version), {"repoURL": "r", "ref": "values"}]});
            Application(json!({"metadata": {"name": "a"}, "spec": spec, "status": status}))
        };
        assert_eq!(at("1.0.0").blocked_at(SHA), None);
        assert_eq!(at("2.0.0").blocked_at(SHA).as_deref(), Some("a was not compared with its new source yet"));
    }

    #[test]
    fn some_objects_may_be_synced_and_others_not() {
        let object = argo::application;
        let mut root = good();
        root["operationState"]["phase"] = json!("Running");
        root["resources"] = json!([
            {"group": "argoproj.io", "kind": "Application", "name": "a", "status": "OutOfSync"},
            {"group": "argoproj.io", "kind": "Application", "name": "b", "status": "Synced"}]);
        let root = application(&root);
        assert!(root.has_synced(&[object("b")], SHA) && root.blocked_at(SHA).is_some());
        assert!(!root.has_synced(&[object("b")], "ffff"), "at another commit");
        assert!(!root.has_synced(&[object("b"), object("a")], SHA));
        assert!(!root.has_synced(&[object("c")], SHA));
    }

    #[test]
    fn a_second_source_may_be_the_hub_repository() {
        let app =
            Application(json!({"metadata": {"name": "a"}, "spec": {"sources": [{"repoURL": "c"}, {"repoURL": "r"}]},
            "status": {"sync": {"status": "Synced", "revisions": ["1.2.3", SHA]}, "health": {"status": "Healthy"}}}));
        assert_eq!(app.blocked_at(SHA), None);
    }
}
