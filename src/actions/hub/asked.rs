//! Whether Argo CD comes to the spokes of a hub: each is asked for a sync of its probe, some at a time.
//!
//! `verify` asks, and nothing else does. A spoke that died holds up no installation and no upgrade of the hub.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

use crate::argo;
use crate::argocd::{Answer, Asked, Spoke, Spokes, State, ask};
use crate::engine::{Cluster, RECORD_MANAGER, absent};
use crate::report::{Console, Failure, Outcome};
use crate::spoke::{self, PROVEN, Standing};

/// How many are asked at once. Argo CD works on ten operations at a time (`--operation-processors`), and a spoke that does
/// not answer holds one of them for half a minute: the others are left to the hub.
const AT_ONCE: usize = 6;
/// How long one may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks every spoke that is ready, and says of all other clusters why they were not asked. The time of an answer is noted on
/// the Secret of the spoke.
pub async fn all(cluster: &Cluster, console: &Console) -> Outcome<Vec<Asked>> {
    let known = Spokes::of(cluster).await?;
    let deadline = cluster.deadline();
    let mut asked: Vec<Asked> = known
        .broken
        .iter()
        .map(|it| Asked { spoke: it.secret.to_string(), state: State::Fails, detail: it.why.to_owned() })
        .collect();
    let mut answers = futures::stream::iter(&known.all).map(|it| one(cluster, it)).buffered(AT_ONCE);
    while let Some(answer) = answers.try_next().await? {
        asked.push(answer);
        let count = format!("{} of {} spokes are asked", asked.len(), known.all.len() + known.broken.len());
        console.waiting("spokes", count, deadline.waited(), deadline.total());
    }
    Ok(asked)
}

async fn one(cluster: &Cluster, it: &Spoke) -> Outcome<Asked> {
    let (state, detail) = match reason_not_to(it) {
        Some(why) => (State::NotProbed, why.to_owned()),
        None => match ask(cluster, &spoke::probe(&it.name), cluster.deadline().at_most(PATIENCE)).await? {
            Answer::Proven(at) => {
                let noted = json!({"metadata": {"annotations": {PROVEN: at}}});
                absent(cluster.merge_patch_of(&it.secret, &noted, RECORD_MANAGER).await)?;
                (State::Holds, format!("a sync that was asked for has succeeded there at {at}"))
            }
            Answer::Silent(why) => (State::Fails, why),
            Answer::NoProbe => (State::Fails, format!("{} is not there", spoke::probe(&it.name))),
        },
    };
    Ok(Asked { spoke: it.name.clone(), state, detail })
}

fn reason_not_to(spoke: &Spoke) -> Option<&'static str> {
    match spoke.standing {
        Standing::Ready if spoke.annotation(argo::SKIP_RECONCILE) == Some("true") => {
            Some("not asked: its Secret has Argo CD leave it alone")
        }
        Standing::Ready => None,
        Standing::New => Some("not asked: its registration is unfinished, and nothing comes to it"),
        Standing::Draining => Some("not asked: it is being taken out"),
        Standing::Foreign => Some("not asked: somebody else has registered it"),
    }
}

/// A spoke to which Argo CD does not come is a failure that names it.
pub fn demand(asked: &[Asked]) -> Outcome<()> {
    let silent: Vec<String> =
        asked.iter().filter(|it| it.state == State::Fails).map(|it| format!("{}: {}", it.spoke, it.detail)).collect();
    let clusters = match silent.len() {
        0 => return Ok(()),
        1 => "a cluster that it knows".to_owned(),
        several => format!("{several} clusters that it knows"),
    };
    Err(Failure::failed(format!("the handover holds, but Argo CD does not come to {clusters}")).details(silent).hint(
        "what Argo CD says of them is of the past: mend each, or its credential by the installation of the spoke, or take it \
         out (`onUninstall: leave` waits for no spoke); a Secret that says nothing is to be mended or deleted",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(spoke: &str, state: State) -> Asked {
        Asked { spoke: spoke.to_owned(), state, detail: "dial tcp".to_owned() }
    }

    #[test]
    fn who_was_not_asked_is_no_failure_and_who_was_silent_is_named() {
        assert!(demand(&[asked("a", State::Holds), asked("b", State::NotProbed)]).is_ok());
        let failure = demand(&[asked("a", State::Fails), asked("b", State::Holds)]).expect_err("silent");
        assert_eq!(failure.details, ["a: dial tcp"]);
        assert!(failure.hint.is_some_and(|it| it.contains("onUninstall: leave")));
    }
}
