//! Kyverno writes its webhook configurations anew for as long as it runs. So where one of them is to be out of the way, the part
//! of it that answers is stopped, and the Application that would bring it back is left alone by Argo CD until then.
//!
//! How many replicas it had stands on the Deployment itself: whichever run comes next brings it back.

use std::time::Duration;

use serde_json::{Value, json};

use super::told::both;
use crate::argocd::tracked_by;
use crate::engine::{Cluster, Fault, Poll, REQUEST_MANAGER, absent};
use crate::object::{Identity, ObjectRef, annotation, is_of_program, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;
use crate::words::kyverno::{PROGRAM, WEBHOOK};

/// The label by which the charts of Kyverno tell its parts, and the part that answers.
const PART: (&str, &str) = ("app.kubernetes.io/component", "admission-controller");
/// On the Deployment: how many replicas it had, and the Application that is left alone.
const REPLICAS: &str = "backstack.dev/recover-replicas";
const APPLICATION: &str = "backstack.dev/recover-application";
/// How long its pods may take to end: Kubernetes gives a pod 30 s where it does not say otherwise.
const END: Duration = Duration::from_secs(120);

/// Whether Kyverno writes this configuration.
pub fn writes(configuration: &Value) -> bool {
    label(configuration, WEBHOOK.0) == WEBHOOK.1
}

/// What this is to whoever comes upon a Deployment that an interrupted run has stopped; nothing for every other one.
#[must_use]
pub fn left(deployment: &Value) -> Option<String> {
    let count = annotation(deployment, REPLICAS)?;
    let application = annotation(deployment, APPLICATION).filter(|it| !it.is_empty());
    let alone = application.map(|it| format!(", and Application {it} is left alone by Argo CD until then"));
    Some(format!("a recovery has stopped it, which had {count} replicas{}", alone.unwrap_or_default()))
}

/// Stops the part that answers, and waits until it is gone. What has to be put back is written down first. That it is stopped
/// takes none of its configurations away: they outlive it, and refuse what they are asked about (1.19.1, seen after SIGTERM and
/// after SIGKILL).
pub async fn stop(cluster: &Cluster, console: &Console) -> Outcome<()> {
    let answers =
        |live: Value| (label(&live, PART.0) == PART.1 && is_of_kyverno(&live) && replicas(&live) > 0).then_some(live);
    for live in cluster.list_with(&deployments(), answers).await? {
        let this = Identity::of(&live);
        // Where people have it left alone already, it stays so.
        let application = match tracked_by(&live) {
            Some(name) if !is_left_alone(cluster, name).await? => name,
            _ => "",
        };
        let record = json!({REPLICAS: replicas(&live).to_string(), APPLICATION: application});
        let record = json!({"metadata": {"annotations": record}});
        cluster.merge_patch_of(&this, &record, REQUEST_MANAGER).await?;
        if !application.is_empty() {
            leave_alone(cluster, application, true).await?;
        }
        cluster.merge_patch_of(&this, &json!({"spec": {"replicas": 0}}), REQUEST_MANAGER).await?;
        console.done("past", format!("{this} is stopped: it would write its webhook configurations anew"));
        until_ended(cluster, &live, console).await?;
    }
    Ok(())
}

/// Lets it run again, as it was: every one of them is tried, and what is written down goes last.
pub async fn start(cluster: &Cluster, console: &Console) -> Outcome<()> {
    let stopped = |live: Value| annotation(&live, REPLICAS).is_some().then_some(live);
    let mut first = Ok(());
    for live in cluster.list_with(&deployments(), stopped).await? {
        first = both(first, start_one(&live, cluster, console).await);
    }
    first
}

async fn start_one(live: &Value, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let this = Identity::of(live);
    let count: u64 = annotation(live, REPLICAS).and_then(|it| it.parse().ok()).unwrap_or(1);
    let scaled = json!({"spec": {"replicas": count}});
    absent(cluster.merge_patch_of(&this, &scaled, REQUEST_MANAGER).await)?;
    if let Some(application) = annotation(live, APPLICATION).filter(|it| !it.is_empty()) {
        leave_alone(cluster, application, false).await?;
    }
    let forgotten = json!({"metadata": {"annotations": {REPLICAS: null, APPLICATION: null}}});
    absent(cluster.merge_patch_of(&this, &forgotten, REQUEST_MANAGER).await)?;
    console.done("past", format!("{this} runs again, replicas: {count}"));
    Ok(())
}

async fn is_left_alone(cluster: &Cluster, application: &str) -> Result<bool, Fault> {
    let live = cluster.metadata(&argo::application(application)).await?;
    Ok(live.is_some_and(|live| annotation(&live, argo::SKIP_RECONCILE) == Some("true")))
}

/// Has Argo CD leave an Application alone, or look after it again.
async fn leave_alone(cluster: &Cluster, application: &str, alone: bool) -> Result<(), Fault> {
    let name = argo::application(application);
    let Some(live) = cluster.metadata(&name).await? else { return Ok(()) };
    let mark = if alone { json!("true") } else { Value::Null };
    let patch = json!({"metadata": {"annotations": {argo::SKIP_RECONCILE: mark}}});
    absent(cluster.merge_patch_of(&Identity::under(&name, &live), &patch, REQUEST_MANAGER).await).map(drop)
}

async fn until_ended(cluster: &Cluster, deployment: &Value, console: &Console) -> Outcome<()> {
    let name = ObjectRef::of(deployment);
    let pods = ObjectRef::new("v1", "Pod", name.namespace.as_deref(), "");
    let deadline = cluster.deadline().at_most(END);
    let look = async || {
        let is_its = |pod: Value| {
            let its = label(&pod, PART.0) == PART.1 && is_of_kyverno(&pod);
            its.then(|| str_at(&pod, "/metadata/name").to_owned())
        };
        let Some(pod) = cluster.list_with(&pods, is_its).await?.into_iter().next() else { return Ok(Poll::Done(())) };
        Ok(deadline.blocked(console, "past", format!("pod {pod} is still there")))
    };
    deadline.poll(&format!("the end of {name}"), Duration::from_millis(500), look).await
}

fn deployments() -> ObjectRef {
    ObjectRef::new("apps/v1", "Deployment", None, "")
}

fn is_of_kyverno(live: &Value) -> bool {
    is_of_program(live, PROGRAM) || label(live, "app.kubernetes.io/part-of").starts_with(PROGRAM)
}

fn replicas(deployment: &Value) -> u64 {
    deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1)
}

fn label<'v>(object: &'v Value, key: &str) -> &'v str {
    object.pointer("/metadata/labels").and_then(|all| all.get(key)).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_has_stopped_says_how_many_it_had_and_what_waits_for_it() {
        let with = |marks: Value| left(&json!({"metadata": {"annotations": marks}}));
        assert_eq!(with(json!({})), None);
        assert_eq!(
            with(json!({REPLICAS: "3", APPLICATION: ""})).as_deref(),
            Some("a recovery has stopped it, which had 3 replicas")
        );
        let told = with(json!({REPLICAS: "1", APPLICATION: "kyverno"})).expect("it is stopped");
        assert!(told.ends_with("Application kyverno is left alone by Argo CD until then"), "{told}");
    }
}
