//! What a run asks of the API server, counted by a relay before it: bounds that hold on a machine of any speed.

use std::collections::BTreeMap;
use std::time::Instant;

use super::fixture::Hub;
use super::installed::Kind;
use crate::support::relay::Relay;

/// A run that finds everything done looks at all of it once, and asks no more for that than this: a list for each of the twelve kinds
/// of what Argo CD is made of, an object each for what bears no label and for each Application. An object more in the set is no request
/// more where others of its kind are in it.
const OF_A_RERUN: usize = 29;
/// A diff of a hub that is as git has it has the API server try no more objects than this: those with defaults in what is written as one
/// value, of which `managedFields` prove nothing. A definition, which takes it a second of CPU, is none of them.
const TRIED_BY_A_DIFF: usize = 8;

#[test]
#[ignore = "needs the testbed"]
fn a_rerun_asks_for_little_and_writes_nothing() {
    let requests = asked_by("install", "0 objects applied");
    let told = told(&requests);
    println!("{} requests\n{told}", requests.len());
    let is_question = |it: &&String| it.starts_with("GET ") || it.contains("authorization.k8s.io/v1/selfsubject");
    let writes: Vec<&String> = requests.iter().filter(|it| !is_question(it)).collect();
    assert_eq!(writes, [""; 0], "it writes nothing");
    assert!(requests.len() <= OF_A_RERUN, "{} requests\n{told}", requests.len());
}

#[test]
#[ignore = "needs the testbed"]
fn a_diff_has_little_tried() {
    let requests = asked_by("diff", "no difference: nothing would change");
    let tried: Vec<String> = requests.into_iter().filter(|it| it.contains("dryRun=All")).collect();
    println!("{} tried\n{}", tried.len(), told(&tried));
    assert!(!tried.iter().any(|it| it.contains("/customresourcedefinitions/")), "{tried:#?}");
    assert!(tried.len() <= TRIED_BY_A_DIFF, "{tried:#?}");
}

/// The requests of an action on a hub that is as git has it, which then says this.
fn asked_by(action: &str, says: &str) -> Vec<String> {
    let hub = Hub::installed(Kind::Plain);
    let relay = Relay::before(hub.kubectl_command(&[]));
    let begin = Instant::now();
    hub.run_with(action, &[], Some(relay.kubeconfig())).expect(0).says(says);
    relay.since(begin)
}

/// How often each verb and path was asked for.
fn told(requests: &[String]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for request in requests {
        *counts.entry(request.split(" HTTP/").next().unwrap_or_default()).or_default() += 1;
    }
    let line = |(request, count): (&str, usize)| format!("{count:4} {request}\n");
    counts.into_iter().map(line).collect()
}
