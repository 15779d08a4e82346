//! Whether Argo CD comes to a spoke now, and whether it is the cluster, and the rights, that were registered.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::look::Hub;
use super::{account, reach, refusals, state};
use crate::argocd::{self, Answer, ClusterConfig, Spoke, config_of};
use crate::document::{SpokeLogin, SpokeStep};
use crate::engine::{Cluster, Deadline, Facts, SPOKE_MANAGER, Unreached};
use crate::hub::show;
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome, Table};
use crate::run::{FoundSpoke, Run};
use crate::words::spoke;

/// How long Argo CD may take to come there: of a spoke that does not answer it takes half a minute to say so (30 s to connect,
/// `ARGOCD_K8S_TCP_TIMEOUT`).
const PROOF: Duration = Duration::from_secs(60);

/// What was looked at, and what it was like.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    what: &'static str,
    state: State,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    Holds,
    Warns,
    Fails,
    NotLookedAt,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Warns => "warns",
            Self::Fails => "fails",
            Self::NotLookedAt => "not looked at",
        }
    }
}

/// Fails unless Argo CD comes to the spoke, and all that could be looked at is as it was registered.
pub async fn verify(step: &SpokeStep, run: &mut Run<'_>) -> Outcome<()> {
    let hub = Hub::of(step, run).await?;
    let name = step.name.as_str();
    let Some(own) = hub.spoke(name) else {
        return Err(Failure::failed(format!("spoke {name} is not registered")).hint("install it first"));
    };
    let config = config_of(&hub.cluster, &own.secret.object).await?;
    let reached = reached(step, own, config.as_ref(), run.deadline).await?;
    let items = vec![
        proof(&hub, own).await,
        identity(&hub, step, own, config.as_ref(), &reached).await?,
        rights(step, &hub, &reached).await,
        login(own, config.as_ref()),
        labels(step, own),
    ];
    run.found.spoke =
        own.annotation(spoke::UID).map(|uid| FoundSpoke { uid: uid.to_owned(), server: own.server.clone() });
    run.found.state = state::of(&hub.again().await?, name);
    let answer = json!({"spoke": name, "holds": items.iter().all(|it| it.state != State::Fails), "items": items});
    let shown = show(step.format, &answer, || tell(&items, run.console));
    let failures: Vec<String> =
        items.iter().filter(|it| it.state == State::Fails).map(|it| format!("{}: {}", it.what, it.detail)).collect();
    if failures.is_empty() {
        return shown;
    }
    Err(Failure::failed(format!("spoke {name} is not as it was registered"))
        .details(failures)
        .hint("install it again to put right what is ours; a spoke that does not answer is taken out with `onUninstall: leave`"))
}

fn tell(items: &[Item], console: &Console) {
    let mut table = Table::new(["WHAT", "STATE", "DETAIL"]);
    for item in items {
        table.row([item.what, item.state.word(), &item.detail]);
    }
    console.table(&table);
}

/// The spoke as this run reaches it, or why it does not.
enum Reached {
    Yes(Box<Cluster>),
    No(String),
    NotTried(&'static str),
}

async fn reached(
    step: &SpokeStep,
    own: &Spoke,
    config: Option<&ClusterConfig>,
    deadline: Deadline,
) -> Outcome<Reached> {
    let answer = match (reach::given(step)?, config) {
        (Some(given), _) => Some(reach::by(&given, step, deadline).await?),
        (None, Some(config)) => reach::as_argocd(config, &own.server, step, deadline).await?,
        (None, None) => None,
    };
    Ok(match answer {
        Some(Ok(cluster)) => Reached::Yes(Box::new(cluster)),
        Some(Err(Unreached { fault, .. })) => Reached::No(fault.to_string()),
        None => {
            Reached::NotTried("a program logs in, which only the image of Argo CD has; give the step a `kubeconfig`")
        }
    })
}

/// The one thing that says that Argo CD comes there: a sync that it was asked for. What the hub refuses is said of the spoke,
/// since all else is to be told nevertheless.
async fn proof(hub: &Hub, own: &Spoke) -> Item {
    let (state, detail) = match argocd::ask(&hub.cluster, &own.name, hub.cluster.deadline().at_most(PROOF)).await {
        Ok(Answer::Proven(at)) => {
            let noted = argocd::note_proof(&hub.cluster, &own.secret, &at, SPOKE_MANAGER).await;
            let unnoted = noted.err().map_or_else(String::new, |fault| format!("; that is not noted: {fault}"));
            (State::Holds, format!("Argo CD came there at {at}{unnoted}"))
        }
        Ok(Answer::Silent(why) | Answer::Late(why)) => (State::Fails, why),
        Ok(Answer::NoProbe(why)) => (State::Fails, format!("{why}, so nobody can ask: install it again")),
        Err(fault) => (State::Fails, fault.to_string()),
    };
    Item { what: "proof", state, detail }
}

/// Which cluster answers where Argo CD goes: the kubeconfig of the step may lead there by another address.
async fn identity(
    hub: &Hub,
    step: &SpokeStep,
    own: &Spoke,
    config: Option<&ClusterConfig>,
    reached: &Reached,
) -> Outcome<Item> {
    let item = |state, detail| Ok(Item { what: "identity", state, detail });
    let cluster = match reached {
        Reached::Yes(cluster) => cluster,
        Reached::No(why) => return item(State::Fails, format!("it does not answer from here: {why}")),
        Reached::NotTried(why) => return item(State::NotLookedAt, (*why).to_owned()),
    };
    let Facts { uid, server, .. } = cluster.facts();
    if let Err(failure) = refusals::demand_itself(hub, &step.name, uid) {
        return item(State::Fails, failure.of_a_look().message);
    }
    let there = match config.filter(|_| server.trim_end_matches('/') != own.server) {
        Some(config) => reach::uid_at(&own.server, config, step, hub.cluster.deadline()).await?,
        None => Ok(uid.clone()),
    };
    match there {
        Ok(there) if there == *uid => item(State::Holds, format!("it is the cluster {uid}")),
        Ok(there) => {
            item(State::Fails, format!("the cluster {there} answers at {}, and {uid} by the kubeconfig", own.server))
        }
        Err(why) => item(State::NotLookedAt, why),
    }
}

/// What the service account may do, held against the list of the step.
async fn rights(step: &SpokeStep, hub: &Hub, reached: &Reached) -> Item {
    let what = "rights";
    let not_looked_at = |why: &str| Item { what, state: State::NotLookedAt, detail: why.to_owned() };
    let of_others = || not_looked_at("they are of whoever made what logs in");
    if step.kubeconfig.is_none() {
        return of_others();
    }
    let Reached::Yes(cluster) = reached else { return not_looked_at("the spoke does not answer from here") };
    if step.login == SpokeLogin::Kubeconfig {
        let left = account::left(cluster, &hub.cluster.facts().uid).await;
        return left.map_or_else(of_others, |detail| Item { what, state: State::Warns, detail });
    }
    for wanted in account::objects(&hub.cluster.facts().uid, &step.rights) {
        let name = ObjectRef::of(&wanted);
        let live = match cluster.get(&name).await {
            Ok(Some(live)) => live,
            Ok(None) => return Item { what, state: State::Fails, detail: format!("{name} is gone") },
            Err(fault) => return not_looked_at(&fault.to_string()),
        };
        let differs = ["rules", "roleRef", "subjects"].into_iter().find(|key| live.get(key) != wanted.get(key));
        if let Some(key) = differs {
            return Item { what, state: State::Fails, detail: format!("`{key}` of {name} is not as listed") };
        }
    }
    Item {
        what,
        state: State::Holds,
        detail: "the role of the service account is as listed; what else is bound to it was not looked at".to_owned(),
    }
}

/// Until when what Argo CD logs in with is good, as far as that says so itself.
fn login(own: &Spoke, config: Option<&ClusterConfig>) -> Item {
    let what = "login";
    let form = own.annotation(spoke::CREDENTIAL).unwrap_or_else(|| config.map_or("none", |it| it.login().name()));
    let now = Timestamp::now();
    let (state, detail) = match config.and_then(ClusterConfig::expires) {
        Some(end) if end <= now => (State::Fails, format!("its {form} ended at {end}")),
        Some(end) if end <= now + state::SOON => (State::Warns, format!("its {form} ends at {end}: give it a new one")),
        Some(end) => (State::Holds, format!("its {form} is good until {end}")),
        None => (State::Holds, format!("its {form} says no end")),
    };
    Item { what, state, detail }
}

fn labels(step: &SpokeStep, own: &Spoke) -> Item {
    let what = "labels";
    let differs = step.labels.iter().find(|(key, value)| own.labels.get(*key) != Some(value));
    match differs {
        None => Item { what, state: State::Holds, detail: format!("it has the {} of the step", step.labels.len()) },
        Some((key, value)) => {
            let live = own.labels.get(key).map_or("not there", String::as_str);
            Item { what, state: State::Fails, detail: format!("`{key}` is {live}, and {value} in the step") }
        }
    }
}
