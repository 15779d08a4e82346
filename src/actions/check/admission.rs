//! Whether the API server, its webhooks and its policies would take what comes, by trials that write nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::coming::{Coming, namespace};
use super::report::Line;
use crate::argo;
use crate::engine::permissions::lacking_to_apply;
use crate::engine::{Cluster, Denial, Fault, FaultKind, MANAGER};
use crate::object::ObjectRef;

const CHECK: &str = "admission";
/// Where a pod is tried as long as Argo CD's own namespace is not there.
const ANYWHERE: &str = "default";
/// How long all trials may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a pod is called that is tried.
const TRIED: &str = "backstack-check";

/// Tries the namespace, the objects of the bundle, and the pods.
pub async fn look(coming: &Coming, cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    let is_there = cluster.metadata(&ObjectRef::of(&namespace())).await?.is_some();
    let mut objects: Vec<Value> = coming.objects.clone();
    objects.extend((!is_there).then(namespace));
    let cluster = &cluster.patient_for(PATIENCE).asked_once();
    let mut lines = of_objects(&objects, cluster).await?;
    lines.push(of_pods(coming, is_there, cluster).await?);
    Ok(lines)
}

async fn of_objects(objects: &[Value], cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    if !lacking_to_apply(cluster, objects).await?.is_empty() {
        return Ok(vec![Line::unseen(CHECK, "no object was tried: the user may not apply them")]);
    }
    let (mut refused, mut tried, mut left) = (Vec::new(), 0, 0);
    for object in objects {
        match cluster.dry_run(object, MANAGER, false).await {
            Ok(_) => tried += 1,
            // Its namespace, or the definition of its kind, comes with the same set.
            Err(fault) if fault.kind == FaultKind::NotFound => left += 1,
            Err(fault) if is_a_refusal(&fault) => refused.push(format!("{}: {}", ObjectRef::of(object), fault.message)),
            Err(fault) => return Err(fault),
        }
    }
    let mut lines = Vec::new();
    if !refused.is_empty() {
        let line = Line::fail(CHECK, format!("{} would be refused", counted(refused.len()))).about(refused);
        lines.push(
            line.remedy("exempt the hub from the policy that says so, or free the field from whoever manages it"),
        );
    } else if tried > 0 {
        lines.push(Line::ok(CHECK, format!("{} would be taken, as trials say", counted(tried))));
    }
    if left > 0 {
        lines.push(Line::unseen(CHECK, format!("{} whose namespace or kind is not there yet", counted(left))));
    }
    Ok(lines)
}

fn counted(objects: usize) -> String {
    if objects == 1 { "one object".to_owned() } else { format!("{objects} objects") }
}

async fn of_pods(coming: &Coming, is_there: bool, cluster: &Cluster) -> Result<Line, Fault> {
    let namespace = if is_there { argo::NAMESPACE } else { ANYWHERE };
    let pod = |spec: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": TRIED, "namespace": namespace}, "spec": spec});
    let pods: Vec<(String, Value)> = coming.pods().into_iter().map(|(of, spec)| (of, pod(spec))).collect();
    let tried: Vec<Value> = pods.iter().map(|(_, pod)| pod.clone()).collect();
    if !lacking_to_apply(cluster, &tried).await?.is_empty() {
        return Ok(Line::unseen(CHECK, format!("no pod was tried: the user may make none in namespace {namespace}")));
    }
    let mut refused = Vec::new();
    for (of, pod) in &pods {
        match cluster.dry_run(pod, MANAGER, false).await {
            Ok(_) => {}
            Err(fault) if is_about_the_account(&fault) => {
                return Ok(Line::unseen(
                    CHECK,
                    format!("no pod was tried: namespace {namespace} has no account for it yet"),
                ));
            }
            Err(fault) if is_a_refusal(&fault) => refused.push(format!("{of}: {}", fault.message)),
            Err(fault) => return Err(fault),
        }
    }
    let beyond = if is_there { "" } else { "; rules for Argo CD's own namespace alone are not looked at" };
    if refused.is_empty() {
        let pods = if pods.len() == 1 { pods[0].0.clone() } else { format!("{} pods", pods.len()) };
        return Ok(Line::ok(CHECK, format!("{pods} would be taken in namespace {namespace}{beyond}")));
    }
    Ok(Line::fail(CHECK, format!("{} of {} pods would be refused in namespace {namespace}{beyond}", refused.len(), pods.len()))
        .about(refused)
        .remedy("exempt the namespace argocd, or let it enforce a level of the Pod Security Standards that they keep (restricted)"))
}

/// A webhook that does not answer lets nothing through either.
fn is_a_refusal(fault: &Fault) -> bool {
    let is_said = matches!(fault.kind, FaultKind::Forbidden | FaultKind::Invalid | FaultKind::Owned);
    is_said || fault.kind == FaultKind::Webhook || Denial::of(&fault.message).is_some()
}

/// A controller makes the account of a namespace a moment after the namespace.
fn is_about_the_account(fault: &Fault) -> bool {
    fault.kind == FaultKind::Forbidden && fault.message.contains("error looking up service account")
}
