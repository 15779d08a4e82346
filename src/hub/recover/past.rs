//! Webhook configurations that the step names, out of the way for as long as a run works.
//!
//! None is deleted. Each of their webhooks is given one more condition, by which it is not asked about the namespace of Argo CD,
//! about what its user does, and about what Argo CD writes that is in no namespace. The condition has a name of ours, so that it
//! is taken out again by whichever run comes next, also after one that was interrupted.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};

use super::denied::{CONFIGURATIONS, every};
use super::kyverno;
use super::told::both;
use crate::engine::{Cluster, Fault, FaultKind, Poll, REQUEST_MANAGER};
use crate::object::{Identity, items, name, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// The name of the condition.
const CONDITION: &str = "backstack.dev/recover";
/// How long a configuration may be written by others again and again.
const WRITTEN: Duration = Duration::from_secs(30);
/// How long putting back may take, whatever is left of the time of the step.
const PUT_BACK: Duration = Duration::from_secs(60);
/// How long API servers may go by the configuration of before: each watches them for itself, and none says when it has seen a change
/// (kubernetes `apiserver/pkg/admission/configuration`).
const NOTICED: Duration = Duration::from_secs(2);

/// What is out of the way.
pub struct Past {
    opened: Vec<Identity>,
    closed: Cell<bool>,
}

impl Past {
    /// Puts back what an interrupted run has left.
    pub async fn put_back(cluster: &Cluster, console: &Console) -> Outcome<()> {
        let all = configurations(cluster).await?;
        let left = all.iter().filter(|it| is_opened(it)).map(Identity::of).collect();
        Self { opened: left, closed: Cell::default() }.close(cluster, console).await
    }

    /// Takes the configurations with these names out of the way of a user.
    pub async fn open(names: &[String], user: &str, cluster: &Cluster, console: &Console) -> Outcome<Self> {
        let names: Vec<&str> =
            names.iter().flat_map(|it| it.split(',')).map(str::trim).filter(|it| !it.is_empty()).collect();
        let all = configurations(cluster).await?;
        let is_named = |it: &Value| names.contains(&name(it));
        let unknown: Vec<&&str> = names.iter().filter(|it| !all.iter().any(|live| name(live) == **it)).collect();
        if !unknown.is_empty() {
            return Err(Failure::refused(
                "`past` names webhook configurations that are not there; nothing was changed",
            )
            .details(unknown.into_iter().copied())
            .hint("`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them"));
        }
        let mut past = Self { opened: Vec::new(), closed: Cell::default() };
        // With Kyverno stopped, none of its configurations is answered.
        let without_kyverno = all.iter().any(|it| is_named(it) && kyverno::writes(it));
        let in_the_way = all.iter().filter(|it| is_named(it) || (without_kyverno && kyverno::writes(it)));
        let taken = past.take_out(in_the_way, without_kyverno, user, cluster, console).await;
        if taken.is_err() {
            both(taken, past.close(cluster, console).await)?;
        }
        Ok(past)
    }

    async fn take_out<'a>(
        &mut self,
        configurations: impl Iterator<Item = &'a Value>,
        without_kyverno: bool,
        user: &str,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<()> {
        if without_kyverno {
            kyverno::stop(cluster, console).await?;
        }
        for live in configurations {
            let this = Identity::of(live);
            self.opened.push(this.clone());
            change(cluster, &this, |live| Some(opened(live, user))).await?;
            console.done("past", format!("{this} is out of the way of {user} and of namespace {}", argo::NAMESPACE));
        }
        if !self.opened.is_empty() {
            cluster.deadline().pause(NOTICED).await;
        }
        Ok(())
    }

    /// Puts them back, and looks whether they are: all of them are tried, also when the time of the step is over. Done once is
    /// enough.
    pub async fn close(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        if self.closed.get() {
            return Ok(());
        }
        let cluster = &cluster.patient_for_at_least(PUT_BACK);
        let mut first = Ok(());
        for this in &self.opened {
            first = both(first, put_one_back(this, cluster, console).await);
        }
        both(first, kyverno::start(cluster, console).await)?;
        self.closed.set(true);
        Ok(())
    }

    /// The names of what is out of the way, or was.
    pub fn names(&self) -> Vec<String> {
        self.opened.iter().map(|it| it.object.to_string()).collect()
    }
}

async fn put_one_back(this: &Identity, cluster: &Cluster, console: &Console) -> Outcome<()> {
    change(cluster, this, closed).await?;
    match cluster.get(&this.object).await? {
        Some(live) if is_opened(&live) => {
            return Err(Failure::failed(format!("{this} was put back, and is not as before"))
                .hint(format!("take the condition {CONDITION} out of its webhooks, or run again")));
        }
        Some(_) => console.done("past", format!("{this} is back as it was")),
        None => console.say(format!("warning: {this} is gone: whoever made it has taken it away meanwhile")),
    }
    Ok(())
}

async fn configurations(cluster: &Cluster) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for kind in CONFIGURATIONS {
        all.extend(cluster.list(&every(kind)).await?);
    }
    Ok(all)
}

/// Writes the webhooks of a configuration anew, in the version that was read. What is gone, or another one by now, is left.
async fn change(cluster: &Cluster, this: &Identity, write: impl Fn(&Value) -> Option<Value>) -> Outcome<()> {
    let deadline = cluster.deadline().at_most(WRITTEN);
    let look = async || {
        let live = cluster.get(&this.object).await?.filter(|live| this.is(live));
        let Some((live, webhooks)) = live.as_ref().and_then(|live| Some((live, write(live)?))) else {
            return Ok(Poll::Done(()));
        };
        let version = str_at(live, "/metadata/resourceVersion");
        let patch = json!({"metadata": {"resourceVersion": version}, "webhooks": webhooks});
        match cluster.merge_patch_of(this, &patch, REQUEST_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::Changed => {
                Ok(Poll::Blocked("somebody else writes it again and again".to_owned()))
            }
            answer => Ok(Poll::Done(answer.map(drop)?)),
        }
    };
    deadline.poll_patiently(&format!("a change of {this}"), look).await
}

/// What this is to whoever comes upon a configuration that an interrupted run has put out of the way; nothing for every other one.
#[must_use]
pub fn left(configuration: &Value) -> Option<String> {
    let is_narrow = |it: &&Value| items(it, "/matchConditions").any(is_ours);
    let names: Vec<&str> = items(configuration, "/webhooks").filter(is_narrow).map(|it| str_at(it, "/name")).collect();
    let about = format!("not asked about namespace {} nor about one user", argo::NAMESPACE);
    (!names.is_empty()).then(|| format!("{} is {about} (condition {CONDITION})", names.join(", ")))
}

fn is_ours(condition: &Value) -> bool {
    str_at(condition, "/name") == CONDITION
}

fn is_opened(configuration: &Value) -> bool {
    items(configuration, "/webhooks").any(|it| items(it, "/matchConditions").any(is_ours))
}

/// The webhooks with our condition.
fn opened(configuration: &Value, user: &str) -> Value {
    let condition = json!({"name": CONDITION, "expression": condition(user)});
    let with = |webhook: &Value| {
        let mut webhook = without_ours(webhook);
        let mut conditions: Vec<Value> = items(&webhook, "/matchConditions").cloned().collect();
        conditions.push(condition.clone());
        webhook["matchConditions"] = json!(conditions);
        webhook
    };
    items(configuration, "/webhooks").map(with).collect()
}

/// The webhooks without our condition; nothing where none has it.
fn closed(configuration: &Value) -> Option<Value> {
    is_opened(configuration).then(|| items(configuration, "/webhooks").map(without_ours).collect())
}

fn without_ours(webhook: &Value) -> Value {
    let mut webhook = webhook.clone();
    if let Some(conditions) = webhook.get_mut("matchConditions").and_then(Value::as_array_mut) {
        conditions.retain(|it| !is_ours(it));
        if conditions.is_empty()
            && let Some(all) = webhook.as_object_mut()
        {
            all.remove("matchConditions");
        }
    }
    webhook
}

/// In CEL: whether the webhook is asked at all.
fn condition(user: &str) -> String {
    let (namespace, user) = (json!(argo::NAMESPACE), json!(user));
    let accounts = json!(format!("system:serviceaccount:{}:", argo::NAMESPACE));
    format!(
        "!((has(request.namespace) && request.namespace == {namespace}) || request.userInfo.username == {user} || \
         (!has(request.namespace) && request.userInfo.username.startsWith({accounts})))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_of_the_way_is_put_back_as_it_was() {
        let before = json!({"webhooks": [
            {"name": "a"},
            {"name": "b", "matchConditions": [{"name": "of-others", "expression": "true"}]},
        ]});
        let narrow = json!({"webhooks": opened(&before, "me")});
        assert!(is_opened(&narrow) && !is_opened(&before));
        let twice = json!({"webhooks": opened(&narrow, "me")});
        assert_eq!(twice, narrow, "once is enough");
        assert_eq!(closed(&narrow), Some(before["webhooks"].clone()));
        assert_eq!(closed(&before), None);
        assert_eq!(left(&before), None);
        let told = left(&narrow).expect("both are narrow");
        assert!(told.starts_with("a, b is not asked about namespace argocd"), "{told}");
    }

    #[test]
    fn a_user_is_a_text_in_the_condition() {
        let text = condition("a\"b");
        assert!(text.contains(r#"request.userInfo.username == "a\"b""#), "{text}");
    }
}
