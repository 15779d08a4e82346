//! The hooks of a sync: what keeps one from ending, and the log of one that has failed.
//!
//! Argo CD tells that a hook has failed, never why. Its log is in the pods of its Job, which the next attempt of the sync
//! deletes: so it is read while the wait runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::application::{Application, named, short};
use crate::document::RENDERED_HOOK;
use crate::engine::pods::{self, Container};
use crate::engine::{Cluster, Fault, LogRange, one_line, remember_secrets_of};
use crate::object::{ObjectRef, annotation, is_being_deleted, items, str_at, uid};
use crate::pace::paced;
use crate::report::{Failure, redact, scrub};
use crate::words::argo;

/// The label by which pods are those of a Job.
const JOB_NAME: &str = "batch.kubernetes.io/job-name";
/// The last lines of a log that are kept.
const MOST_LINES: u32 = 40;
/// The most bytes of them: a line has no bound.
const MOST_BYTES: usize = 64 << 10;
/// How often the log of a pod that runs is read anew. One that has ended is read at the next look: the next attempt of the
/// sync deletes it, by the strategy that the hub renders ten seconds later.
const PAUSE: Duration = Duration::from_secs(10);
/// What a hook has come to that has not succeeded.
const FAILED: [&str; 2] = ["Failed", "Error"];

/// A hook of the last operation, as Argo CD tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    object: ObjectRef,
    moment: String,
    phase: String,
    message: String,
}

impl Run {
    fn has_failed(&self) -> bool {
        FAILED.contains(&self.phase.as_str())
    }

    fn title(&self) -> String {
        format!("{} hook {}", self.moment, self.object)
    }
}

impl Application {
    /// The hooks of the last operation. Of other objects Argo CD tells a phase, too, and no type.
    fn hook_runs(&self) -> Vec<Run> {
        let run = |it: &Value| Run {
            object: named(it),
            moment: str_at(it, "/hookType").to_owned(),
            phase: str_at(it, "/hookPhase").to_owned(),
            message: one_line(str_at(it, "/message")),
        };
        let all = items(&self.0, "/status/operationState/syncResult/resources");
        all.filter(|it| !str_at(it, "/hookType").is_empty()).map(run).collect()
    }

    /// Whether what it deploys is on the cluster of its Argo CD.
    fn is_on_hub(&self) -> bool {
        str_at(&self.0, "/spec/destination/server") == argo::IN_CLUSTER
    }
}

/// What one wait has seen of hooks.
#[derive(Default)]
pub(super) struct Hooks {
    /// When the attempt of each Application had ended that was its last one at the first look: of an attempt that was under
    /// way then nothing.
    before: BTreeMap<String, String>,
    /// The log of each hook, with what is to be said of its pod.
    logs: BTreeMap<ObjectRef, Vec<String>>,
    /// The pods that have ended and whose log was read, and those that run, with when it was read last.
    read: BTreeMap<String, Option<Instant>>,
    /// The hooks that a document has, by their mark.
    rendered: BTreeSet<ObjectRef>,
    /// The namespaces whose Secrets are masked.
    masked: BTreeSet<String>,
}

impl Hooks {
    /// Takes in what the Application says of its hooks, and their logs. Answers what keeps the one that runs from going on,
    /// where that is known.
    pub async fn look(&mut self, cluster: &Cluster, application: &Application) -> Option<String> {
        let mut stuck = None;
        for run in &application.hook_runs() {
            if run.phase != "Running" && !run.has_failed() {
                self.logs.remove(&run.object);
                continue;
            }
            if !application.is_on_hub() {
                let note = "its log is on the spoke, which is not read here".to_owned();
                self.logs.insert(run.object.clone(), vec![note]);
                continue;
            }
            self.know(cluster, &run.object).await;
            match self.pod_of(cluster, run).await {
                Ok(why) if !run.has_failed() => stuck = stuck.or(why),
                Ok(_) => {}
                Err(fault) => {
                    let note = format!("its log cannot be read: {}", one_line(&fault.to_string()));
                    self.logs.entry(run.object.clone()).or_insert_with(|| vec![note]);
                }
            }
        }
        stuck
    }

    /// Looks whether the hook is one of a document. One that cannot be read is held for none.
    async fn know(&mut self, cluster: &Cluster, hook: &ObjectRef) {
        if self.rendered.contains(hook) {
            return;
        }
        let live = cluster.metadata(hook).await.ok().flatten();
        if live.is_some_and(|live| annotation(&live, RENDERED_HOOK).is_some()) {
            self.rendered.insert(hook.clone());
        }
    }

    /// Reads the log of the newest pod of a hook. Answers what is wrong with the pod.
    async fn pod_of(&mut self, cluster: &Cluster, run: &Run) -> Result<Option<String>, Fault> {
        let namespace = run.object.namespace.as_deref().unwrap_or_default();
        let its = |pod: Value| {
            let of_job = pod.pointer("/metadata/labels").and_then(|labels| labels.get(JOB_NAME));
            let is_it = match run.object.kind.as_str() {
                "Pod" => str_at(&pod, "/metadata/name") == run.object.name,
                _ => of_job.and_then(Value::as_str) == Some(run.object.name.as_str()),
            };
            (is_it && !is_being_deleted(&pod)).then_some(pod)
        };
        let pods = cluster.list_with(&ObjectRef::new("v1", "Pod", Some(namespace), ""), its).await?;
        let Some(pod) = pods.iter().max_by_key(|pod| str_at(pod, "/metadata/creationTimestamp")) else {
            return last_warning(cluster, &run.object).await;
        };
        let has_ended = matches!(str_at(pod, "/status/phase"), "Failed" | "Succeeded");
        let is_due = match self.read.get(uid(pod)) {
            None => true,
            Some(None) => false,
            Some(Some(at)) => has_ended || at.elapsed() > paced(PAUSE),
        };
        let name = ObjectRef::of(pod);
        let containers = pods::containers(pod);
        if is_due && containers.iter().any(|it| it.has_begun) {
            self.mask(cluster, namespace).await?;
            let log = log_of(cluster, &name, &containers).await;
            self.logs.insert(run.object.clone(), log);
            self.read.insert(uid(pod).to_owned(), (!has_ended).then(Instant::now));
        }
        let waits = containers.iter().find(|it| !it.has_begun).map(|it| format!("{name}: {}", it.state));
        Ok(waits.or_else(|| containers.is_empty().then(|| format!("{name}: {}", pods::state(pod)))))
    }

    async fn mask(&mut self, cluster: &Cluster, namespace: &str) -> Result<(), Fault> {
        if !self.masked.contains(namespace) {
            remember_secrets_of(cluster, namespace).await?;
            self.masked.insert(namespace.to_owned());
        }
        Ok(())
    }

    /// The end of the wait, when a hook of a document has failed in an attempt at this commit that has ended since the first look.
    /// Argo CD goes on trying; but the Job has had its own second try, and a person can mend what it does. A hook of others may
    /// be one that fails until something else is there: Argo CD's own tries decide about that.
    pub fn failure(&mut self, application: &Application, commit: &str) -> Option<Failure> {
        let ended = application.last_attempt();
        let before =
            self.before.entry(application.name().to_owned()).or_insert_with(|| ended.unwrap_or_default().to_owned());
        let is_new = ended.is_some_and(|ended| ended != before);
        let runs = application.hook_runs().into_iter();
        let failed = runs.filter(|it| self.rendered.contains(&it.object)).find(Run::has_failed)?;
        if !is_new || !application.synced_revisions().contains(&commit) {
            return None;
        }
        let name = application.name();
        let message = format!(
            "Application argocd/{name} failed to sync at {}: the {} failed: {}",
            short(commit),
            failed.title(),
            failed.message
        );
        let hint =
            "mend what the hook does, or what it needs, and run again: a sync that is tried again runs every hook anew";
        Some(Failure::failed(message).details(self.told(application)).hint(hint))
    }

    /// The same of all Applications.
    pub fn all(&self) -> Vec<String> {
        self.logs.iter().flat_map(|(hook, log)| log.iter().map(move |line| format!("{}: {line}", hook.name))).collect()
    }

    /// What the hooks of an Application have written that run or have failed, each line with the name of the hook.
    pub fn told(&self, application: &Application) -> Vec<String> {
        let runs = application.hook_runs();
        let logs =
            runs.iter().filter(|it| it.phase != "Succeeded").filter_map(|run| Some((run, self.logs.get(&run.object)?)));
        logs.flat_map(|(run, log)| log.iter().map(|line| format!("{}: {line}", run.object.name)).collect::<Vec<_>>())
            .collect()
    }
}

/// What the containers of a pod have written last, and how each has ended.
async fn log_of(cluster: &Cluster, pod: &ObjectRef, containers: &[Container]) -> Vec<String> {
    let mut told = Vec::new();
    for container in containers.iter().filter(|it| it.has_begun) {
        told.push(format!("{} {}: {}", pod.name, container.name, container.state));
        match cluster.pod_log(pod, &container.name, LogRange::last(MOST_LINES)).await {
            Ok(log) if log.trim().is_empty() => told.push("its log is empty".to_owned()),
            Ok(log) => told.extend(last_lines(&redact(&log))),
            Err(fault) => told.push(format!("no log: {}", one_line(&fault.message))),
        }
    }
    told
}

/// The last lines of a log, as they may be shown.
fn last_lines(log: &str) -> Vec<String> {
    let mut left = MOST_BYTES;
    let lines = log.lines().rev().map(scrub).take_while(|line| {
        let fits = line.len() <= left;
        left = left.saturating_sub(line.len());
        fits
    });
    let mut lines: Vec<String> = lines.map(|line| format!("| {line}")).collect();
    lines.reverse();
    lines
}

/// Why there is no pod of a Job: that is in no status, only among its events.
async fn last_warning(cluster: &Cluster, job: &ObjectRef) -> Result<Option<String>, Fault> {
    let its = |event: Value| {
        let is_it = str_at(&event, "/involvedObject/kind") == job.kind
            && str_at(&event, "/involvedObject/name") == job.name
            && str_at(&event, "/type") == "Warning";
        is_it.then_some(event)
    };
    let events = cluster.list_with(&ObjectRef::new("v1", "Event", job.namespace.as_deref(), ""), its).await?;
    let last = events.iter().max_by_key(|event| str_at(event, "/lastTimestamp").to_owned());
    Ok(last
        .map(|event| format!("{job}: {}: {}", str_at(event, "/reason"), scrub(&one_line(str_at(event, "/message"))))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn with_hook(phase: &str, operation: &str, ended: &str) -> Application {
        let resource = |kind: &str, hook: &str, phase: &str| {
            json!({"group": "batch", "version": "v1", "kind": kind, "namespace": "shop", "name": "shop-migrate",
                "hookType": hook, "hookPhase": phase, "message": "Job has reached the specified backoff limit"})
        };
        Application(json!({"metadata": {"name": "shop"}, "spec": {"destination": {"server": argo::IN_CLUSTER}},
            "status": {"operationState": {"phase": operation, "finishedAt": ended, "syncResult": {"revision": SHA,
                "resources": [resource("Deployment", "", "Failed"), resource("Job", "PreSync", phase)]}}}}))
    }

    fn migrate() -> ObjectRef {
        ObjectRef::new("batch/v1", "Job", Some("shop"), "shop-migrate")
    }

    #[test]
    fn a_hook_that_fails_in_an_attempt_of_the_wait_ends_it() {
        let ours = || Hooks { rendered: [migrate()].into(), ..Hooks::default() };
        let mut hooks = ours();
        assert_eq!(hooks.failure(&with_hook("Failed", "Failed", "1"), SHA), None, "it had failed before");
        assert_eq!(hooks.failure(&with_hook("Running", "Running", ""), SHA), None, "it was asked for again");
        let told = hooks.failure(&with_hook("Failed", "Running", "2"), SHA).expect("it failed again");
        assert!(told.message.contains("the PreSync hook Job shop/shop-migrate failed: Job has reached"), "{told}");

        let mut hooks = ours();
        assert_eq!(hooks.failure(&with_hook("Running", "Running", ""), SHA), None);
        assert_eq!(hooks.failure(&with_hook("Failed", "Failed", "2"), "another"), None);
        assert_eq!(hooks.failure(&with_hook("Succeeded", "Failed", "2"), SHA), None, "something else failed");
        assert!(hooks.failure(&with_hook("Error", "Failed", "2"), SHA).is_some(), "one that was under way counts");

        let mut hooks = Hooks::default();
        assert_eq!(hooks.failure(&with_hook("Running", "Running", ""), SHA), None);
        assert_eq!(hooks.failure(&with_hook("Failed", "Running", "2"), SHA), None, "of others Argo CD decides");
    }

    #[test]
    fn the_last_lines_of_a_log_are_bounded() {
        assert_eq!(last_lines("one\ntwo\n"), ["| one", "| two"]);
        let long = format!("{}\n", "x".repeat(900)).repeat(200);
        let kept = last_lines(&long);
        assert!(kept.len() < 80 && kept.len() > 60, "{}", kept.len());
    }

    #[test]
    fn what_runs_is_told_by_its_hook_and_what_succeeded_is_not() {
        let mut hooks = Hooks::default();
        hooks.logs.insert(migrate(), vec!["| no table".to_owned()]);
        assert_eq!(hooks.told(&with_hook("Running", "Running", "")), ["shop-migrate: | no table"]);
        assert_eq!(hooks.told(&with_hook("Succeeded", "Running", "")), [""; 0]);
    }
}
