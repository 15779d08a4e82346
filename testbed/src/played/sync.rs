//! One sync: wave by wave, each begun when the one before it is there and well.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::health::Health;
use super::server::Server;
use super::world::{Key, World, has_option, is_going, key, text, wave};

/// What has to be there before what is in it, or of it.
const FIRST: [&str; 2] = ["Namespace", "CustomResourceDefinition"];

/// A sync that is under way.
pub struct Sync {
    waves: BTreeMap<i64, Vec<Task>>,
    results: Vec<Value>,
    /// The commit that it is for.
    pub revision: String,
    /// The operation as it was asked for.
    pub operation: Value,
    /// When it began.
    pub started: String,
    /// The Application when it began: a sync goes on without it.
    pub application: Value,
}

enum Task {
    Apply { target: Value, is_done: bool },
    Prune { live: Value, is_done: bool },
}

/// How far it has come.
pub enum Progress {
    /// Something is waited for.
    Waits(String),
    /// It has ended in this phase, with these words.
    Ended(&'static str, String),
}

impl Sync {
    /// The tasks of an operation.
    pub fn of(
        application: &Value,
        operation: Value,
        (revision, targets): (&str, &[Value]),
        world: &World,
        started: String,
    ) -> Self {
        let chosen = operation.pointer("/sync/resources").and_then(Value::as_array);
        let chosen: Option<BTreeSet<Key>> = chosen.map(|all| all.iter().map(chosen_key).collect());
        let is_chosen = |key: &Key| chosen.as_ref().is_none_or(|all| all.contains(key));
        let mut waves: BTreeMap<i64, Vec<Task>> = BTreeMap::new();
        let mut applied: Vec<&Value> = targets.iter().filter(|it| is_chosen(&key(it))).collect();
        applied.sort_by_key(|it| (!FIRST.contains(&text(it, "/kind")), key(it)));
        for target in applied {
            waves.entry(wave(target)).or_default().push(Task::Apply { target: target.clone(), is_done: false });
        }
        let prunes = operation.pointer("/sync/prune") == Some(&Value::Bool(true));
        let is_wanted: BTreeSet<Key> = targets.iter().map(key).collect();
        let superfluous = world.tracked(application).filter(|(key, live)| {
            prunes && !is_wanted.contains(*key) && is_chosen(key) && !has_option(live, "Prune=false")
        });
        let superfluous: Vec<&Value> = superfluous.map(|(_, live)| live).collect();
        // In the opposite order, in the waves that they have (gitops-engine `pkg/sync/sync_context.go`).
        let of_prunes: BTreeSet<i64> = superfluous.iter().map(|it| wave(it)).collect();
        let reversed: BTreeMap<i64, i64> = of_prunes.iter().copied().zip(of_prunes.iter().rev().copied()).collect();
        let last = waves.keys().copied().max().unwrap_or_default() + 1;
        for live in superfluous {
            let is_last = has_option(application, "PruneLast=true");
            let at = if is_last { last } else { reversed[&wave(live)] };
            waves.entry(at).or_default().push(Task::Prune { live: live.clone(), is_done: false });
        }
        let (revision, application) = (revision.to_owned(), application.clone());
        Self { waves, results: Vec::new(), revision, operation, started, application }
    }

    /// Goes on as far as it can without waiting.
    pub async fn go_on(&mut self, server: &Server) -> Result<Progress> {
        let final_wave = self.waves.keys().copied().max();
        for (wave, tasks) in &mut self.waves {
            for task in tasks.iter_mut() {
                if let Err(error) = task.act(server, &mut self.results).await {
                    let why = format!("one or more objects failed to apply, reason: {error:#}");
                    return Ok(Progress::Ended("Failed", why));
                }
            }
            for task in tasks.iter() {
                match task.waits_for(server, Some(*wave) == final_wave).await? {
                    None => {}
                    Some(Health::Degraded) => {
                        let why = "one or more synchronization tasks completed unsuccessfully".to_owned();
                        return Ok(Progress::Ended("Failed", why));
                    }
                    Some(_) => return Ok(Progress::Waits(task.told())),
                }
            }
        }
        Ok(Progress::Ended("Succeeded", "successfully synced (all tasks run)".to_owned()))
    }

    /// The operation as the status has it.
    pub fn state(&self, phase: &str, message: &str) -> Value {
        json!({
            "phase": phase,
            "message": message,
            "startedAt": self.started,
            "operation": self.operation,
            "syncResult": {"revision": self.revision, "source": self.application["spec"]["source"], "resources": self.results},
        })
    }
}

impl Task {
    async fn act(&mut self, server: &Server, results: &mut Vec<Value>) -> Result<()> {
        match self {
            Self::Apply { target, is_done } if !*is_done => {
                let outcome = server.apply(target, false).await;
                let status = if outcome.is_ok() { "Synced" } else { "SyncFailed" };
                let message =
                    outcome.as_ref().map_or_else(|error| format!("{error:#}"), |_| "serverside-applied".into());
                results.push(result(target, status, &message));
                outcome?;
                *is_done = true;
            }
            Self::Prune { live, is_done } if !*is_done => {
                server.delete(live, true).await?;
                results.push(result(live, "Pruned", "pruned"));
                *is_done = true;
            }
            Self::Apply { .. } | Self::Prune { .. } => {}
        }
        Ok(())
    }

    /// Why the next wave may not begin; nothing when it may. The last wave is not waited for, but for what goes in it.
    async fn waits_for(&self, server: &Server, is_last: bool) -> Result<Option<Health>> {
        match self {
            Self::Apply { .. } if is_last => Ok(None),
            Self::Apply { target, .. } => {
                let live = server.get(target).await?;
                let health = live.as_ref().map_or(Some(Health::Missing), Health::of);
                Ok(health.filter(|it| *it != Health::Healthy))
            }
            Self::Prune { live, .. } => {
                let now = server.get(live).await?.filter(|now| now["metadata"]["uid"] == live["metadata"]["uid"]);
                Ok(now.filter(is_going).map(|_| Health::Progressing))
            }
        }
    }

    fn told(&self) -> String {
        let (what, object) = match self {
            Self::Apply { target, .. } => ("healthy state", target),
            Self::Prune { live, .. } => ("deletion", live),
        };
        let (group, kind, _, name) = key(object);
        format!("waiting for {what} of {group}/{kind}/{name}")
    }
}

fn chosen_key(it: &Value) -> Key {
    let [group, kind, namespace, name] = ["/group", "/kind", "/namespace", "/name"].map(|at| text(it, at).to_owned());
    (group, kind, namespace, name)
}

fn result(object: &Value, status: &str, message: &str) -> Value {
    let (group, kind, namespace, name) = key(object);
    let version = text(object, "/apiVersion").rsplit('/').next().unwrap_or_default();
    json!({"group": group, "version": version, "kind": kind, "namespace": namespace, "name": name,
        "status": status, "message": message, "hookPhase": "Running", "syncPhase": "Sync"})
}
