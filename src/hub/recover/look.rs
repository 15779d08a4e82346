//! What is broken, and whether all parts of Argo CD run again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::apply::{By, is_early};
use super::{HELD, Recovery, denied};
use crate::argocd::Application;
use crate::argocd::hold::Hold;
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{
    Cluster, Denial, Effect, Fault, FaultKind, Poll, differing_fields, one_line, permissions, pods, preview,
};
use crate::hub::logs::remember_secrets;
use crate::object::{ObjectRef, str_at};
use crate::report::{Exit, Failure, Outcome};
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// How long a look at one object may take. A webhook that does not answer is not waited for; by default the API server gives one
/// 10 s, and then names it (`timeoutSeconds`, at most 30).
const ANSWER: Duration = Duration::from_secs(20);
/// How long the parts of Argo CD may take to run.
const UP: Duration = Duration::from_secs(300);
/// The most fields that are named of an object.
const MOST_FIELDS: usize = 4;

/// What a look has found.
#[derive(Debug)]
pub struct Looked {
    /// Everything that is not as the proven commit has it, a line each.
    pub signs: Vec<String>,
    /// The commit at which root and argocd are Synced and Healthy, where all that Argo CD needs is there and runs.
    pub well_at: Option<String>,
}

/// Everything that is not as the proven commit has it. What would not let its objects in refuses here, before anything was
/// changed.
pub async fn look(run: &Recovery<'_>, objects: &[Value], by: By) -> Outcome<Looked> {
    let cluster = run.cluster;
    let mut signs = Vec::new();
    let mut at = BTreeSet::new();
    for name in HELD {
        let live = cluster.get(&argo::application(name)).await?.map(Application);
        signs.extend(of_application(run, name, live.as_ref()));
        at.insert(live.and_then(|it| it.compared_revisions().first().map(|at| (*at).to_owned())));
    }
    // A container that has ended may have left words of its log in its state.
    remember_secrets(cluster, argo::NAMESPACE, run.console).await;
    for workload in workloads(cluster).await? {
        signs.extend(stuck(cluster, &workload).await?);
    }
    let mut is_well = signs.is_empty();
    permissions::check_apply(cluster, objects).await?;
    let is_silent = Cell::new(false);
    let tried: Vec<Result<Option<Sign>, Fault>> = futures::stream::iter(objects)
        .map(|object| of_object(cluster, object, by, &is_silent))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut denials = Vec::new();
    for sign in tried {
        match sign {
            Ok(None) => {}
            Ok(Some(Sign::Differs(line))) => signs.push(line),
            Ok(Some(Sign::Broken(line))) => {
                is_well = false;
                signs.push(line);
            }
            Ok(Some(Sign::Denied(fault))) => denials.push(fault),
            Err(fault) if Denial::of(&fault.message).is_some() => denials.push(fault),
            Err(fault) => return Err(fault.into()),
        }
    }
    if denials.is_empty() {
        is_well = is_well && at.len() == 1 && !signs.is_empty() && has_all_rights(cluster).await?;
        return Ok(Looked { signs, well_at: at.pop_first().flatten().filter(|_| is_well) });
    }
    let refused = denied::failure(cluster, &denials).await.with_exit(Exit::Refused).details(signs);
    Err(Failure { message: format!("{}; nothing was changed", refused.message), ..refused })
}

/// What an object has to do with it.
enum Sign {
    /// It is another one than the proven commit has.
    Differs(String),
    /// Argo CD cannot be well without it, or as things are.
    Broken(String),
    /// Somebody does not let it in.
    Denied(Fault),
}

fn of_application(run: &Recovery<'_>, name: &str, live: Option<&Application>) -> Vec<String> {
    let Some(live) = live else { return vec![format!("Application {name} does not exist")] };
    let mut signs = Vec::new();
    if let Some(hold) = Hold::on(&live.0) {
        signs.push(format!("Application {name} is held for {} since {}", hold.by, hold.since));
    }
    let repository = &run.step.repository;
    if !live.follows(&repository.url, &repository.branch) {
        let reads = str_at(&live.0, "/spec/source/repoURL");
        signs.push(format!(
            "Application {name} does not follow {} (branch {}), but {reads}",
            repository.url, repository.branch
        ));
    }
    signs.extend(live.trouble().map(|why| format!("Application {name}: {}", one_line(&why))));
    signs
}

/// Whether the controller may do everything. What it has seen before it lost its rights still looks well.
async fn has_all_rights(cluster: &Cluster) -> Result<bool, Fault> {
    let everything = json!({"verb": "*", "group": "*", "resource": "*"});
    let question = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": argo::SYNCS_AS, "groups": argo::GROUPS, "resourceAttributes": everything}});
    let answer = cluster.review(&question, "/apis/authorization.k8s.io/v1/subjectaccessreviews").await?;
    Ok(answer.pointer("/status/allowed") == Some(&Value::Bool(true)))
}

async fn of_object(cluster: &Cluster, object: &Value, by: By, is_silent: &Cell<bool>) -> Result<Option<Sign>, Fault> {
    let name = ObjectRef::of(object);
    // A webhook that has let one object wait in vain lets all of them.
    let cluster = &cluster.patient_for(if is_silent.get() { ANSWER / 10 } else { ANSWER });
    let effect = match preview(cluster, &by.sends(object), by.manager(), true).await {
        Ok(preview) => preview.effect,
        // The kind is not served: its definition comes with the others.
        Err(fault) if fault.kind == FaultKind::NotFound => Effect::Create,
        Err(fault) => {
            is_silent.set(is_silent.get() || fault.kind == FaultKind::Webhook);
            return Err(fault);
        }
    };
    Ok(match effect {
        Effect::Same => None,
        // A later commit may have dropped what is neither a workload nor a definition nor one of the hub's own.
        Effect::Create if matches!(name.group.as_str(), "apps" | "apiextensions.k8s.io" | argo::GROUP) => {
            Some(Sign::Broken(format!("{name} is not there")))
        }
        Effect::Create => Some(Sign::Differs(format!("{name} is not there"))),
        Effect::Change(states) => {
            let fields = differing_fields(&states.0, &states.1);
            let shown = fields.iter().take(MOST_FIELDS).cloned().collect::<Vec<_>>().join(", ");
            let more = fields.len().saturating_sub(MOST_FIELDS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Some(Sign::Differs(format!("{name} differs from the proven commit: {shown}{more}")))
        }
        Effect::Refused(fault) if Denial::of(&fault.message).is_some() => Some(Sign::Denied(fault)),
        // As the definitions are now: those of the proven commit come first.
        Effect::Refused(fault) if is_early(&fault) => {
            Some(Sign::Broken(format!("{name} cannot be written as things are: {}", fault.message)))
        }
        // A webhook that cannot be tried says nothing.
        Effect::Refused(fault) if fault.message.contains("does not support dry run") => {
            Some(Sign::Differs(format!("{name} was not looked at: {}", fault.message)))
        }
        Effect::Refused(fault) => return Err(fault),
    })
}

/// Waits until all workloads among these objects run.
pub async fn until_up(run: &Recovery<'_>, objects: &[Value]) -> Outcome<()> {
    let wanted: Vec<ObjectRef> = objects.iter().map(ObjectRef::of).filter(|it| it.group == "apps").collect();
    let deadline = run.cluster.deadline().at_most(UP);
    let denied = RefCell::new(None);
    let look = async || {
        for name in &wanted {
            let live = run.cluster.get(name).await?;
            let Some(live) = live else { return Ok(Poll::Blocked(format!("{name} is not there"))) };
            if let Some(why) = stuck(run.cluster, &live).await? {
                denied.replace(Denial::of(&why));
                return Ok(deadline.blocked(run.console, "start", why));
            }
        }
        Ok(Poll::Done(()))
    };
    let up = deadline.poll("Argo CD as the proven commit has it", Duration::from_secs(1), look).await;
    let Err(failure) = up else { return Ok(()) };
    let hint = match denied.take() {
        Some(denial) => {
            let (who, hint) = denied::named(run.cluster, &denial).await;
            format!("{who} is in the way: {hint}")
        }
        None => {
            "mend what the named workload waits for, then run again: root and argocd stay held until then".to_owned()
        }
    };
    Err(failure.hint(hint))
}

/// The workloads in the namespace of Argo CD.
async fn workloads(cluster: &Cluster) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for kind in ["StatefulSet", "Deployment"] {
        all.extend(cluster.list(&ObjectRef::new("apps/v1", kind, Some(argo::NAMESPACE), "")).await?);
    }
    Ok(all)
}

/// Why a workload does not run, with what its pods or, where it has none, its events say.
async fn stuck(cluster: &Cluster, workload: &Value) -> Result<Option<String>, Fault> {
    let name = ObjectRef::of(workload);
    let wants_none = workload.pointer("/spec/replicas") == Some(&Value::from(0));
    let why = match readiness(workload) {
        Readiness::Ready if wants_none => "it is scaled to nothing".to_owned(),
        Readiness::Ready => return Ok(None),
        Readiness::Pending(why) | Readiness::Failed(why) => why,
    };
    // The ReplicaSet between a Deployment and its pods has the name of the Deployment and a hash.
    let is_its = |it: &str| it.strip_prefix(&name.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let of = |kind: &str| ObjectRef::new("v1", kind, Some(argo::NAMESPACE), "");
    let ill = |pod: Value| (is_its(str_at(&pod, "/metadata/name")) && !pods::is_well(&pod)).then_some(pod);
    for pod in cluster.list_with(&of("Pod"), ill).await? {
        if let Some(container) = pods::containers(&pod).iter().find(|it| !it.is_well && it.state != "running") {
            let pod = str_at(&pod, "/metadata/name");
            return Ok(Some(format!("{name}: {why}; pod {pod}, container {}: {}", container.name, container.state)));
        }
        if let Some(none) = pods::unscheduled(&pod) {
            return Ok(Some(format!("{name}: {why}; no node takes pod {}: {none}", str_at(&pod, "/metadata/name"))));
        }
    }
    let failed = |event: Value| {
        let is_failure = str_at(&event, "/reason") == "FailedCreate";
        let is_of_it = is_its(str_at(&event, "/involvedObject/name"));
        (is_failure && is_of_it)
            .then(|| (str_at(&event, "/lastTimestamp").to_owned(), str_at(&event, "/message").to_owned()))
    };
    let last = cluster.list_with(&of("Event"), failed).await?.into_iter().max();
    Ok(Some(match last {
        Some((_, message)) => format!("{name}: {why}; {}", one_line(&message)),
        None => format!("{name}: {why}"),
    }))
}
