//! What the hub's pods say when it misbehaves: all of Argo CD's, and those of components that are not ready; the ones
//! that fail first. Bounded in lines, in bytes and in time.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::Value;

use crate::argocd::{Application, Applications};
use crate::cluster::connect;
use crate::document::HubStep;
use crate::engine::pods::{self, Container};
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{self, Cluster, Fault, LogRange, one_line};
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Outcome, redact, scrub};
use crate::run::Run;
use crate::words::argo;

/// Logs under way at once: each goes by the API server to a node, and is held up to its bound until it is told.
const AT_ONCE: usize = 4;
/// More pods than these are counted, not shown.
const MOST_PODS: usize = 40;
/// The last events of an object.
const MOST_EVENTS: usize = 5;

/// Shows the last lines of every container that an operator has to look at. Pods in trouble are a finding, not a
/// failure.
pub async fn logs(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let cluster = connect(&step.cluster, run).await?;
    let namespaces = namespaces(&cluster).await?;
    for namespace in &namespaces {
        remember_secrets(&cluster, namespace, console).await;
    }

    let mut shown = Vec::new();
    for namespace in &namespaces {
        let of = |kind: &str, version: &str| ObjectRef::new(version, kind, Some(namespace), "");
        let all = cluster.list(&of("Pod", "v1")).await?;
        shown.extend(all.into_iter().filter(|pod| namespace == argo::NAMESPACE || !pods::is_well(pod)));
        for kind in ["Deployment", "StatefulSet"] {
            for workload in cluster.list(&of(kind, "apps/v1")).await? {
                tell_workload(&cluster, &workload, console).await?;
            }
        }
    }
    if shown.is_empty() {
        console.say("there are no pods of Argo CD, and none of a component that are not ready");
        return Ok(());
    }
    shown.sort_by_key(|pod| (pods::is_well(pod), Reverse(restarts(pod)), ObjectRef::of(pod)));
    let left = shown.len().saturating_sub(MOST_PODS);
    shown.truncate(MOST_PODS);
    let read = futures::stream::iter(&shown).map(|pod| report(&cluster, pod, step.tail));
    let reports: Vec<Vec<String>> = read.buffered(AT_ONCE).collect().await;
    reports.iter().flatten().for_each(|line| console.say(line));
    if left > 0 {
        console.say(format!("{left} more pods are not shown; mend the first ones, then look again"));
    }
    Ok(())
}

/// Where the hub lives: Argo CD's namespace, and those that its Applications deploy into.
async fn namespaces(cluster: &Cluster) -> Result<BTreeSet<String>, Fault> {
    let namespace = |it: Application| str_at(&it.0, "/spec/destination/namespace").to_owned();
    let theirs = Applications::of(cluster).await?.iter().map(namespace).filter(|it| !it.is_empty()).collect::<Vec<_>>();
    Ok(theirs.into_iter().chain([argo::NAMESPACE.to_owned()]).collect())
}

/// Has the values of the Secrets of a namespace masked, or says that they are not.
pub async fn remember_secrets(cluster: &Cluster, namespace: &str, console: &Console) {
    if let Err(fault) = engine::remember_secrets_of(cluster, namespace).await {
        console.say(format!("warning: {fault}; values of Secrets in the logs are not masked"));
    }
}

/// A workload that is not there yet may have no pod at all; then its events say why.
async fn tell_workload(cluster: &Cluster, workload: &Value, console: &Console) -> Result<(), Fault> {
    let why = match readiness(workload) {
        Readiness::Ready => return Ok(()),
        Readiness::Pending(why) | Readiness::Failed(why) => why,
    };
    let name = ObjectRef::of(workload);
    console.say(format!("{name}: {why}"));
    // The ReplicaSet between a Deployment and its pods has the name of the Deployment and a hash.
    let its =
        |object: &str| object.strip_prefix(&name.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let not_a_pod = |event: &Value| str_at(event, "/involvedObject/kind") != "Pod";
    let events = events(cluster, &name, |event| not_a_pod(event) && its(str_at(event, "/involvedObject/name"))).await?;
    for event in events {
        console.say(format!("  {event}"));
    }
    Ok(())
}

/// Everything about one pod. What cannot be read is said in the place of what it would have told.
async fn report(cluster: &Cluster, pod: &Value, lines: u32) -> Vec<String> {
    let name = ObjectRef::of(pod);
    let short = format!("{}/{}", name.namespace.as_deref().unwrap_or_default(), name.name);
    let mut report = Vec::new();
    let mut any_log = false;
    for container in pods::containers(pod).iter().filter(|it| !it.has_prepared()) {
        report.push(format!("{short} {}: {}", container.name, described(container)));
        match read(cluster, &name, container, LogRange::last(lines)).await {
            Ok(text) if !text.trim().is_empty() => {
                any_log = true;
                report
                    .extend(redact(&text).lines().map(|line| format!("{short} {} | {}", container.name, scrub(line))));
            }
            Ok(_) => report.push("  its log is empty".to_owned()),
            Err(fault) => report.push(format!("  no log: {}", one_line(&fault.message))),
        }
    }
    if !any_log || !pods::is_well(pod) {
        report.push(format!("{short}: {}", pods::state(pod)));
        let its = |event: &Value| str_at(event, "/involvedObject/name") == name.name;
        match events(cluster, &name, its).await {
            Ok(events) => report.extend(events.iter().map(|event| format!("  {event}"))),
            Err(fault) => report.push(format!("  {fault}")),
        }
    }
    report
}

/// The log of a container. After a crash the log of the container before tells more than that of one that has just begun, so it comes first.
pub async fn read(cluster: &Cluster, pod: &ObjectRef, container: &Container, range: LogRange) -> Result<String, Fault> {
    let mut text = String::new();
    if container.has_crashed
        && let Ok(before) = cluster.pod_log(pod, &container.name, range.of_before()).await
    {
        text = before;
    }
    if !text.is_empty() && !container.has_begun {
        return Ok(text);
    }
    match cluster.pod_log(pod, &container.name, range).await {
        Err(fault) if text.is_empty() => Err(fault),
        now => Ok(text + &now.unwrap_or_default()),
    }
}

/// How a container is, in a few words.
pub fn described(container: &Container) -> String {
    let again = match container.restarts {
        0 => String::new(),
        1 => ", started anew once".to_owned(),
        count => format!(", started anew {count} times"),
    };
    let ready = if container.is_well { "" } else { ", not ready" };
    format!("{}{ready}{again}", container.state)
}

/// The last events about an object, the newest last.
async fn events(cluster: &Cluster, object: &ObjectRef, about: impl Fn(&Value) -> bool) -> Result<Vec<String>, Fault> {
    let all = cluster.list(&ObjectRef::new("v1", "Event", object.namespace.as_deref(), "")).await?;
    let mut its: Vec<&Value> = all.iter().filter(|event| about(event)).collect();
    let when = |event: &Value| {
        let at = ["/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        at.map(|field| str_at(event, field)).into_iter().find(|at| !at.is_empty()).unwrap_or_default().to_owned()
    };
    its.sort_by_key(|event| when(event));
    let last = its.iter().skip(its.len().saturating_sub(MOST_EVENTS));
    Ok(last
        .map(|event| {
            format!(
                "event {} {}: {}",
                when(event),
                str_at(event, "/reason"),
                scrub(&one_line(str_at(event, "/message")))
            )
        })
        .collect())
}

fn restarts(pod: &Value) -> u64 {
    pods::containers(pod).iter().map(|container| container.restarts).sum()
}
