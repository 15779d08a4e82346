//! Whether the API server, its webhooks and its policies would take what comes, by trials that write nothing.

use std::time::Duration;

use serde_json::Value;

use super::coming::{Coming, namespace};
use super::report::{Line, seen};
use crate::engine::permissions::lacking_to_apply;
use crate::engine::{Cluster, Denial, Fault, FaultKind, MANAGER};
use crate::hub::inventory;
use crate::object::ObjectRef;
use crate::words::argo;

const CHECK: &str = "admission";
/// Where a pod is tried as long as Argo CD's own namespace is not there.
const ANYWHERE: &str = "default";
/// How long all trials may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a pod is called that is tried.
const TRIED: &str = "backstack-check";

/// Tries the namespace, the objects of the bundle, and the pods. What is found before the cluster answers no more is kept.
pub async fn look(coming: &Coming, cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    let is_there = cluster.metadata(&inventory::namespace()).await?.is_some();
    let mut objects: Vec<Value> = coming.objects.clone();
    objects.extend((!is_there).then(namespace));
    let cluster = &cluster.patient_for(PATIENCE).asked_once();
    let mut lines = of_objects(&objects, cluster).await?;
    lines.extend(seen(CHECK, of_pods(coming, is_there, cluster).await));
    Ok(lines)
}

/// What came of trials.
#[derive(Default)]
struct Trials {
    taken: usize,
    /// Those whose namespace, or whose kind, comes with the same set.
    left: usize,
    /// What is refused by whoever speaks for the whole cluster, or for the place where it is to be.
    refused: Vec<String>,
    /// What the rules of another namespace refuse.
    refused_elsewhere: Vec<String>,
    /// Why there were no more trials.
    end: Option<String>,
}

impl Trials {
    /// Tries each object, which is said with its name, as long as the cluster answers.
    async fn of(objects: &[(String, Value)], is_in_place: bool, cluster: &Cluster) -> Self {
        let mut trials = Self::default();
        for (of, object) in objects {
            let tried = cluster.dry_run(object, MANAGER, false).await.map(drop);
            trials.add(of, tried, is_in_place);
            if trials.end.is_some() {
                break;
            }
        }
        trials
    }

    fn add(&mut self, of: &str, tried: Result<(), Fault>, is_in_place: bool) {
        match tried {
            Ok(()) => self.taken += 1,
            Err(fault) if fault.kind == FaultKind::NotFound => self.left += 1,
            Err(fault) if is_about_the_account(&fault) => {
                self.end = Some("their namespace has no account for them yet".to_owned());
            }
            Err(fault) if is_a_refusal(&fault) => {
                let is_of_place = is_in_place || is_of_all_namespaces(&fault);
                let refused = if is_of_place { &mut self.refused } else { &mut self.refused_elsewhere };
                refused.push(format!("{of}: {}", fault.message));
            }
            Err(fault) => self.end = Some(fault.to_string()),
        }
    }

    fn tried(&self) -> usize {
        self.taken + self.left + self.refused.len() + self.refused_elsewhere.len()
    }

    /// What of so many nobody knows.
    fn unseen(&self, all: usize, what: &str) -> Vec<Line> {
        let left = format!("{} whose namespace or kind is not there yet", counted(self.left, what));
        let untried = |end| format!("{} not tried: {end}", counted(all - self.tried(), what));
        let says = (self.left > 0).then_some(left).into_iter().chain(self.end.as_ref().map(untried));
        says.map(|it| Line::unseen(CHECK, it)).collect()
    }
}

async fn of_objects(objects: &[Value], cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    if !lacking_to_apply(cluster, objects).await?.is_empty() {
        return Ok(vec![Line::unseen(CHECK, "no object was tried: the user may not apply them")]);
    }
    let named: Vec<(String, Value)> = objects.iter().map(|it| (ObjectRef::of(it).to_string(), it.clone())).collect();
    Ok(told_of_objects(Trials::of(&named, true, cluster).await, named.len()))
}

fn told_of_objects(trials: Trials, all: usize) -> Vec<Line> {
    let unseen = trials.unseen(all, "object");
    let mut lines = Vec::new();
    if !trials.refused.is_empty() {
        let says = format!("{} would be refused", counted(trials.refused.len(), "object"));
        lines.push(
            Line::fail(CHECK, says)
                .about(trials.refused)
                .remedy("exempt the hub from the policy that says so, or free the field from whoever manages it"),
        );
    } else if trials.taken > 0 {
        lines.push(Line::ok(CHECK, format!("{} would be taken, as trials say", counted(trials.taken, "object"))));
    }
    lines.extend(unseen);
    lines
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("one {what}") } else { format!("{count} {what}s") }
}

async fn of_pods(coming: &Coming, is_there: bool, cluster: &Cluster) -> Result<Vec<Line>, Fault> {
    let namespace = if is_there { argo::NAMESPACE } else { ANYWHERE };
    let pods: Vec<(String, Value)> =
        coming.pods().into_iter().map(|(of, template)| (of, pod(template, namespace))).collect();
    let tried: Vec<Value> = pods.iter().map(|(_, pod)| pod.clone()).collect();
    if !lacking_to_apply(cluster, &tried).await?.is_empty() {
        let says = format!("no pod was tried: the user may make none in namespace {namespace}");
        return Ok(vec![Line::unseen(CHECK, says)]);
    }
    let trials = Trials::of(&pods, is_there, cluster).await;
    let all: Vec<&str> = pods.iter().map(|(of, _)| of.as_str()).collect();
    Ok(told_of_pods(trials, &all, is_there))
}

/// The pod of a template, by a name of its own.
fn pod(template: Value, namespace: &str) -> Value {
    let mut pod = template;
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = TRIED.into();
    pod["metadata"]["namespace"] = namespace.into();
    pod
}

fn told_of_pods(trials: Trials, all: &[&str], is_there: bool) -> Vec<Line> {
    let beyond = if is_there { "" } else { "; rules for Argo CD's own namespace alone are not looked at" };
    let namespace = if is_there { argo::NAMESPACE } else { ANYWHERE };
    let unseen = trials.unseen(all.len(), "pod");
    let refused =
        |count: usize| format!("{count} of {} pods would be refused in namespace {namespace}{beyond}", all.len());
    let mut lines = Vec::new();
    if !trials.refused.is_empty() {
        lines.push(Line::fail(CHECK, refused(trials.refused.len())).about(trials.refused).remedy(
            "exempt the namespace argocd, or let it enforce a level of the Pod Security Standards that they keep (restricted)",
        ));
    } else if trials.taken > 0 {
        let pods = if all.len() == 1 { all[0].to_owned() } else { counted(trials.taken, "pod") };
        lines.push(Line::ok(CHECK, format!("{pods} would be taken in namespace {namespace}{beyond}")));
    }
    if !trials.refused_elsewhere.is_empty() {
        lines.push(Line::warn(CHECK, refused(trials.refused_elsewhere.len())).about(trials.refused_elsewhere).remedy(
            "see whether namespace argocd will have such a rule, too: a quota, a limit, a level of Pod Security",
        ));
    }
    lines.extend(unseen);
    lines
}

/// A webhook that does not answer lets nothing through either.
fn is_a_refusal(fault: &Fault) -> bool {
    let is_said = matches!(fault.kind, FaultKind::Forbidden | FaultKind::Invalid | FaultKind::Owned);
    is_said || is_of_all_namespaces(fault)
}

/// A controller makes the account of a namespace a moment after the namespace.
fn is_about_the_account(fault: &Fault) -> bool {
    fault.kind == FaultKind::Forbidden && fault.message.contains("error looking up service account")
}

/// Whether a webhook or a policy says it, which are of the whole cluster, and no quota or level of one namespace.
fn is_of_all_namespaces(fault: &Fault) -> bool {
    fault.kind == FaultKind::Webhook || Denial::of(&fault.message).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::report::Verdict;
    use super::*;

    const QUOTA: &str = "pods \"x\" is forbidden: failed quota: small: must specify limits.cpu";
    const POLICY: &str = "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no";

    fn fault(kind: FaultKind, message: &str) -> Fault {
        Fault::new(kind, "try it", message)
    }

    fn verdicts(lines: &[Line]) -> Vec<Verdict> {
        lines.iter().map(|it| it.verdict).collect()
    }

    #[test]
    fn what_was_refused_is_told_where_the_cluster_answers_no_more() {
        let mut trials = Trials::default();
        let silent = "failed calling webhook \"w\": context deadline exceeded";
        trials.add("a", Err(fault(FaultKind::Webhook, silent)), true);
        trials.add("b", Err(Fault::no_answer("try it", 1)), true);
        let lines = told_of_objects(trials, 5);
        assert_eq!(verdicts(&lines), [Verdict::Fail, Verdict::NotLookedAt], "{lines:?}");
        assert!(lines[1].says.starts_with("4 objects not tried: cannot try it: no answer within"), "{lines:?}");
        assert_eq!(lines[0].details, [format!("a: {silent}")]);
    }

    #[test]
    fn a_quota_of_another_namespace_is_not_in_the_way_and_a_policy_is() {
        let told = |message: &str, is_there: bool| {
            let mut trials = Trials::default();
            trials.add("a", Err(fault(FaultKind::Forbidden, message)), is_there);
            trials.add("b", Ok(()), is_there);
            verdicts(&told_of_pods(trials, &["a", "b"], is_there))
        };
        assert_eq!(told(QUOTA, false), [Verdict::Ok, Verdict::Warn]);
        assert_eq!(told(QUOTA, true), [Verdict::Fail]);
        assert_eq!(told(POLICY, false), [Verdict::Fail]);
    }

    #[test]
    fn a_pod_is_tried_with_what_its_template_says_of_it() {
        let template =
            json!({"metadata": {"labels": {"team": "a"}, "annotations": {"inject": "no"}}, "spec": {"x": 1}});
        let pod = pod(template, "argocd");
        assert_eq!(
            (&pod["metadata"]["labels"]["team"], &pod["metadata"]["annotations"]["inject"]),
            (&json!("a"), &json!("no"))
        );
        assert_eq!((&pod["metadata"]["name"], &pod["spec"]["x"]), (&json!(TRIED), &json!(1)));
    }
}
