//! Waiting until Argo CD has synced exactly one commit.

use std::time::Duration;

use serde_json::{Value, json};

use super::application::{Application, short};
use super::follow::Follow;
use super::pods_of_wait::{Ill, remedy};
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{Changes, Cluster, Fault, Live, MANAGER, Poll, absent, seen_or_read};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// Between two looks of a wait, where no watch tells of a change. A look reads some Applications; what it waits for takes half a
/// minute on a quiet machine.
const PAUSE: Duration = Duration::from_millis(500);

/// Waits until this Application is synced at a commit. Nothing is done for it and nothing said, as whoever waits for all of them
/// does both.
pub async fn until_synced(name: &str, commit: &str, cluster: &Cluster) -> Outcome<()> {
    let deadline = cluster.deadline();
    let object = argo::application(name);
    let mut changes = Changes::of(cluster, [object.clone()]);
    loop {
        let live = Application(cluster.get(&object).await?.unwrap_or_default());
        let Some(why) = live.blocked_at(commit) else { return Ok(()) };
        if deadline.passed() {
            // Whoever waits for all of them knows more of the cause, and is to speak first.
            tokio::time::sleep(2 * PAUSE).await;
            return Err(deadline.missed(&format!("Application {name} synced at {}", short(commit))).details([why]));
        }
        changes.wait(PAUSE).await;
    }
}

/// Turns automated sync of our own Applications on where git has it on. A removal that was broken off leaves it off,
/// and then Argo CD would not even bring its own switch back. `seen` is what there is of them, where that is known. Answers whether that
/// changed anything.
pub async fn enable_automated_sync(cluster: &Cluster, objects: &[Value], seen: Option<&Live>) -> Result<bool, Fault> {
    const SWITCH: &str = "/spec/syncPolicy/automated/enabled";
    let mut changed = false;
    for wanted in objects.iter().filter(|object| str_at(object, "/kind") == argo::APPLICATION) {
        let name = ObjectRef::of(wanted);
        let live = seen_or_read(seen, &name, cluster).await?.unwrap_or_default();
        if live.pointer(SWITCH) == Some(&json!(false)) && wanted.pointer(SWITCH) != Some(&json!(false)) {
            let on = json!({"spec": {"syncPolicy": {"automated": {"enabled": true}}}});
            // As the bootstrap's manager, so that the release hands it to Argo CD with the rest.
            changed |= absent(cluster.merge_patch_of(&Identity::of(&live), &on, MANAGER).await)?.is_some();
        }
    }
    Ok(changed)
}

/// What a wait is for.
#[derive(Debug, Clone, Copy)]
pub struct Goal<'a> {
    /// The commit.
    pub commit: &'a str,
    /// The Applications that have to be Synced, Healthy and Succeeded at it.
    pub applications: &'a [String],
    /// The commits that the run has waited for before this one.
    pub earlier: &'a [String],
    /// Objects of the root Application that have to be Synced at it, when the rest of the root is the business of others.
    pub of_root: &'a [ObjectRef],
    /// Whether nothing may be changed; Argo CD is asked to look, all the same.
    pub only_look: bool,
}

impl Goal<'_> {
    /// The root first: what is not there yet waits for it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let root = (!self.of_root.is_empty()).then_some(argo::ROOT);
        root.into_iter().chain(self.applications.iter().map(String::as_str))
    }

    /// Whether an Application is one of them.
    fn awaits(&self, application: &ObjectRef) -> bool {
        let is_here = application.namespace.as_deref() == Some(argo::NAMESPACE);
        is_here && self.names().any(|it| it == application.name)
    }

    /// What keeps an Application from being as it has to be.
    fn blocked_by(&self, application: &Application) -> Option<String> {
        let is_root = application.name() == argo::ROOT && !self.of_root.is_empty();
        if is_root && application.has_synced(self.of_root, self.commit) {
            return None;
        }
        // The root may be well at this commit but for what another one of its objects has just changed to.
        application.blocked_at(self.commit).or_else(|| is_root.then(|| "root has not brought all of it".to_owned()))
    }
}

/// Waits until the goal is reached.
///
/// What an Application needs on the way it gets, and what is in vain ends the wait at once, with its cause.
pub async fn wait_synced(cluster: &Cluster, console: &Console, goal: Goal<'_>) -> Outcome<()> {
    let deadline = cluster.deadline();
    let mut changes = Changes::of(cluster, goal.names().map(argo::application));
    let mut seen = Follow::default();
    loop {
        let blocked = match Box::pin(look(cluster, goal, &mut seen)).await? {
            Poll::Done(()) => {
                console.waited("sync");
                return Ok(());
            }
            Poll::Blocked(why) => why,
        };
        if deadline.passed() {
            // A pod may be ill beside what keeps Argo CD from reading git.
            let hint = seen.remedy.or_else(|| hint_for(&blocked).map(str::to_owned)).or_else(|| seen.pods.remedy());
            return Err(deadline
                .missed(&format!("Argo CD synced at {}", short(goal.commit)))
                .hint(hint.unwrap_or_else(|| LOOK.to_owned()))
                .details([vec![blocked], seen.hooks.all()].concat()));
        }
        deadline.tell(console, "sync", &blocked);
        if let Some(pod) = seen.pods.without_node() {
            console.say_once(format!("warning: {pod}: {}", remedy(pod)));
        }
        if std::mem::take(&mut seen.lacks_a_kind) && !goal.only_look {
            seen.schema.have_read(cluster).await;
        }
        changes.wait(PAUSE).await;
    }
}

/// How Argo CD 3.6.1 says that a git host does not let it read: by go-git where it asks for the commit of the branch, and by
/// git where it fetches. Nothing shorter: groups of Kubernetes, registries of charts and commits have such words, too.
const NOT_LET_IN: [&str; 6] = [
    "failed to list refs: authentication required",
    "failed to list refs: authorization failed",
    "ssh: unable to authenticate",
    "Authentication failed for ",
    "could not read Username for ",
    "The requested URL returned error: 403",
];

/// What to do about what nobody knows.
const LOOK: &str = "look at the named Application, mend the cause, and run again: the work resumes";

/// What to do where what is in the way says it itself.
fn hint_for(blocked: &str) -> Option<&'static str> {
    let hint = if blocked.contains("InvalidSpecError") && blocked.contains(" in project '") {
        "the AppProject that it names does not permit where the Application comes from or goes to: look for it below \
         root/projects/ of the hub repository, and whether somebody has changed it on the cluster"
    } else if NOT_LET_IN.iter().any(|words| blocked.contains(words)) {
        "Argo CD reads the repository with `repository.pull` of the step (Secret argocd/hub-repository): give it a \
         credential that may read, and run again"
    } else if blocked.contains("failed to list refs") && blocked.contains("x509: ") {
        "Argo CD does not trust the git host: give the step the certificate of its authority as `repository.connection.ca`, and run \
         again"
    } else if blocked.contains("failed to list refs") && blocked.contains("knownhosts: ") {
        "Argo CD does not know the host key of the git host: give the step what `ssh-keyscan` prints of it as \
         `repository.pull.knownHosts`, beside the key, and run again"
    } else {
        return None;
    };
    Some(hint)
}

async fn look(cluster: &Cluster, goal: Goal<'_>, seen: &mut Follow) -> Outcome<Poll<()>> {
    let commit = goal.commit;
    let (mut blocked, mut root) = (None, None);
    let mut ill = Ill::default();
    (seen.remedy, seen.stuck_hook) = (None, None);
    for name in goal.names() {
        let Some(application) = cluster.get(&argo::application(name)).await?.map(Application) else {
            blocked.get_or_insert(format!("Application {name} does not exist yet"));
            continue;
        };
        if name == argo::ROOT {
            root = Some(application.clone());
        }
        if !goal.only_look {
            seen.old.end(cluster, &application, commit, goal.earlier).await?;
        }
        let Some(why) = goal.blocked_by(&application) else { continue };
        ill.workloads.extend(application.ill_workloads());
        // Nobody waits for these by name, and it is not healthy before they are.
        ill.applications.extend(application.ill_below().into_iter().filter(|it| !goal.awaits(it)));
        // The deepest cause speaks: root waits for its children.
        if name != argo::ROOT || blocked.is_none() {
            blocked = Some(why);
        }
        seen.help(cluster, &application, root.as_ref(), commit, goal.only_look).await?;
    }
    match blocked {
        None => Ok(Poll::Done(())),
        Some(why) => {
            let stuck = stuck_workloads(cluster).await?;
            ill.workloads.extend(stuck.iter().map(|(workload, _)| workload.clone()));
            seen.pods.look(cluster, &ill).await;
            let stuck = stuck.first().map(|(workload, why)| format!("{workload}: {why}"));
            let more = seen.stuck_hook.take().into_iter().chain(stuck).chain(seen.pods.told());
            Ok(Poll::Blocked(more.fold(why, |why, more| format!("{why}; {more}"))))
        }
    }
}

/// The parts of Argo CD itself that are not ready, since nothing syncs without them.
async fn stuck_workloads(cluster: &Cluster) -> Result<Vec<(ObjectRef, String)>, Fault> {
    let mut stuck = Vec::new();
    for kind in ["StatefulSet", "Deployment"] {
        for workload in cluster.list(&ObjectRef::new("apps/v1", kind, Some(argo::NAMESPACE), "")).await? {
            if let Readiness::Pending(why) | Readiness::Failed(why) = readiness(&workload) {
                stuck.push((ObjectRef::of(&workload), why));
            }
        }
    }
    Ok(stuck)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_lets_nobody_in_is_told_from_words_like_it() {
        let git = "argocd ComparisonError: Failed to load target state: failed to generate manifest for source 1 of 1: rpc \
                   error: code = Unknown desc = failed to list refs: authentication required: Unauthorized";
        assert!(hint_for(git).is_some_and(|it| it.contains("repository.pull")));
        for (cause, remedy) in [
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "`repository.connection.ca`",
            ),
            ("ssh: handshake failed: knownhosts: key mismatch", "`repository.pull.knownHosts`"),
            ("ssh: handshake failed: knownhosts: key is unknown", "`repository.pull.knownHosts`"),
        ] {
            let said = format!("root ComparisonError: rpc error: code = Unknown desc = failed to list refs: {cause}");
            assert!(hint_for(&said).is_some_and(|it| it.contains(remedy)), "{cause}");
        }
        for other in [
            "a is OutOfSync: rbac.authorization.k8s.io/ClusterRole",
            "a is syncing: resource authentication.k8s.io:TokenReview is not permitted in project bead-a",
            "a is at 401401401401, not yet at 0123456789ab",
            "a ComparisonError: failed to pull chart: unauthorized: authentication required",
        ] {
            assert_eq!(hint_for(other), None, "{other}");
        }
        let project = "a InvalidSpecError: application repo https://x/y is not permitted in project 'bead-a'";
        assert!(hint_for(project).is_some_and(|it| it.contains("root/projects/")));
    }
}
