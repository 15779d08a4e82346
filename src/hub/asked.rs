//! Whether Argo CD comes to the spokes of a hub: each is asked for a sync of its probe, some at a time.
//!
//! `verify` asks, and nothing else does. A spoke that died holds up no installation and no upgrade of the hub.

use std::future::Future;
use std::time::Duration;

use futures::{Stream, StreamExt as _};

use super::answers::{Answers, Found};
use crate::argocd::{Spoke, Spokes, ask, note_proof};
use crate::engine::{Cluster, RECORD_MANAGER};
use crate::report::{Console, counted};
use crate::words::argo;
use crate::words::spoke::{PROVEN, Standing};

/// How many are asked at once. Argo CD works on ten operations at a time (`--operation-processors`), and a spoke that does
/// not answer holds one of them for half a minute: the others are left to the hub.
const AT_ONCE: usize = 6;
/// How long one may take to answer: longer than the half a minute after which Argo CD says that a spoke gave none.
const PATIENCE: Duration = Duration::from_secs(60);
/// For less time than this nobody is asked: a spoke that is well takes a few seconds.
const SHORTEST: Duration = Duration::from_secs(10);

/// Asks every spoke that is ready, and says of all other clusters why they were not asked. The time of an answer is noted on
/// the Secret of the spoke. What fails about one of them is said of that one.
pub async fn all(cluster: &Cluster, console: &Console) -> Answers {
    let known = match Spokes::of(cluster).await {
        Ok(known) => known,
        Err(fault) => return Answers::of_unknown(fault),
    };
    let deadline = cluster.deadline();
    let mut found: Vec<(String, Found)> = Vec::new();
    let mut answers = at_once(known.all.iter().map(|it| async move { (it.name.clone(), one(cluster, it).await) }));
    while let Some(answer) = answers.next().await {
        found.push(answer);
        let count = format!("asked {} of {}", found.len(), counted(known.all.len(), "spoke"));
        deadline.tell(console, "spokes", count);
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let broken = known.broken.iter().map(|it| (it.secret.to_string(), Found::Silent(it.why.to_owned())));
    Answers::of(broken.chain(found))
}

/// Some at a time, each answer as it comes: one that takes long holds up no other.
fn at_once<F: Future>(all: impl Iterator<Item = F>) -> impl Stream<Item = F::Output> {
    futures::stream::iter(all).buffer_unordered(AT_ONCE)
}

async fn one(cluster: &Cluster, it: &Spoke) -> Found {
    if let Some(why) = reason_not_to(it) {
        return Found::LeftAlone(why);
    }
    let deadline = cluster.deadline().at_most(PATIENCE);
    if deadline.total() < SHORTEST {
        return Found::Late("not asked: no time was left".to_owned());
    }
    let found = Found::by(ask(cluster, &it.name, deadline).await, deadline.total() == PATIENCE);
    match found {
        Found::Comes { at, .. } => {
            let unnoted = note_proof(cluster, &it.secret, &at, RECORD_MANAGER).await.err();
            Found::Comes { at, unnoted }
        }
        other => other,
    }
}

fn reason_not_to(spoke: &Spoke) -> Option<&'static str> {
    match spoke.standing {
        Standing::Ready if spoke.annotation(argo::SKIP_RECONCILE) == Some("true") => {
            Some("not asked: its Secret has Argo CD leave it alone")
        }
        Standing::Ready if spoke.annotation(PROVEN).is_none() => {
            Some("not asked: its claim made it ready at once, and nobody has proven it: the step `spoke` does")
        }
        Standing::Ready => None,
        Standing::New => Some("not asked: its registration is unfinished, and nothing comes to it"),
        Standing::Draining => Some("not asked: it is being taken out"),
        Standing::Foreign => Some("not asked: somebody else has registered it"),
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{BoxFuture, FutureExt as _};

    use super::*;

    #[tokio::test]
    async fn one_that_does_not_answer_holds_up_no_other() {
        let one = |number: usize| -> BoxFuture<'static, usize> {
            if number == 0 { futures::future::pending().boxed() } else { futures::future::ready(number).boxed() }
        };
        let others = at_once((0..=2 * AT_ONCE).map(one)).take(2 * AT_ONCE).collect::<Vec<usize>>();
        let others = tokio::time::timeout(Duration::from_secs(5), others).await.expect("nobody waits for the first");
        assert_eq!(others.len(), 2 * AT_ONCE);
    }
}
