//! What the program asks the API server for, by verbs and in bytes, of each way of a hub: held against `requests.json`.
//!
//! The hub has upstream's own manifest, and its Argo CD is played, so that what there is to wait for is done at once. How often a
//! wait looks still depends on the machine. So of what waits each request is counted once, however often it was made, without those
//! that come of a wait alone; of what finds everything done all of them are.

use std::collections::BTreeMap;
use std::path::Path;

use backstack_testbed::faults::{Seen, verb};
use backstack_testbed::{Baseline, Counts};

use super::hub::{Hub, ended_well};
use super::state::at_rest;
use super::way::Way;

const RECORD: &str = "tests/soak/requests.json";
const SENT: &str = "bytes sent";
const RECEIVED: &str = "bytes received";
/// Bytes may differ by this part of what was recorded and by one small body: addresses, names of pods, numbers of versions and times are
/// not always as long, and of what was asked for twice the last one is counted, as far as Argo CD was by then.
const PART: u64 = 10;
const SMALL: u64 = 256;

/// Which requests of a way are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    All,
    EachOnce,
}

#[test]
#[ignore = "needs the testbed"]
fn every_way_asks_for_what_is_recorded() {
    let hub = Hub::played();
    let mut found = Baseline::default();
    let mut count = |scenario: &str, counted: Counted, go: &dyn Fn() -> String| {
        hub.proxy.forget();
        let said = go();
        let seen = hub.proxy.seen();
        println!("{scenario}: {} requests in all\n{}{said}", seen.len(), told(&seen));
        found.scenarios.insert(scenario.to_owned(), counts(&seen, counted));
        at_rest(&hub);
        said
    };
    let way = |way: Way| way.done(&hub);
    let daily = |verb: &str| ended_well(hub.start("hub", verb, ""), verb);

    count("install", Counted::EachOnce, &|| way(Way::Install));
    let said = count("install again", Counted::All, &|| way(Way::Rerun));
    assert!(said.contains("0 objects applied"), "{said}");
    count("status", Counted::All, &|| daily("status"));
    count("verify", Counted::EachOnce, &|| daily("verify"));
    count("diff", Counted::All, &|| daily("diff"));
    count("install of a bead", Counted::EachOnce, &|| way(Way::BeadInstall));
    count("install of a bead again", Counted::All, &|| way(Way::BeadInstall));
    count("removal of a bead", Counted::EachOnce, &|| way(Way::BeadRemoval));
    count("removal", Counted::EachOnce, &|| way(Way::Uninstall));

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD);
    let spread = |what: &str, recorded: u64| if [SENT, RECEIVED].contains(&what) { recorded / PART + SMALL } else { 0 };
    let held = found.hold(&file, spread);
    held.unwrap_or_else(|error| panic!("{error:#}"));
}

/// How many requests of each verb, and how many bytes of what was asked and answered.
fn counts(seen: &[Seen], counted: Counted) -> Counts {
    let counted: Vec<&Seen> = match counted {
        Counted::All => seen.iter().collect(),
        Counted::EachOnce => {
            let asked = seen.iter().filter(|it| !is_of_waits(&it.line));
            // The last one, since it has come to what was waited for.
            asked.map(|it| (lasting(&it.line), it)).collect::<BTreeMap<_, _>>().into_values().collect()
        }
    };
    let mut counts = Counts::from([(SENT.to_owned(), 0), (RECEIVED.to_owned(), 0)]);
    let mut add = |what: &str, count: usize| *counts.entry(what.to_owned()).or_default() += count as u64;
    for seen in counted {
        add(verb(&seen.line), 1);
        add(SENT, seen.sent);
        add(RECEIVED, seen.received);
    }
    counts
}

/// Whether it comes of a wait: a watch, a reminder that Argo CD is given, a look at workloads and pods for why it has to last.
pub fn is_of_waits(line: &str) -> bool {
    let is_of_workloads = ["/deployments?limit=", "/statefulsets?limit="].iter().any(|it| line.contains(it));
    let is_why = line.contains("/pods?") || is_of_workloads && !line.contains("labelSelector=");
    verb(line) == "WATCH" || line.contains("fieldManager=backstack-request") || is_why
}

/// A request without what differs each time that it is made.
pub fn lasting(line: &str) -> String {
    let (target, query) = line.split_once('?').unwrap_or((line, ""));
    let kept: Vec<&str> = query.split('&').filter(|it| !it.starts_with("continue=")).collect();
    format!("{target}?{}", kept.join("&"))
}

/// How often each request was made.
fn told(seen: &[Seen]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seen in seen {
        *counts.entry(&seen.line).or_default() += 1;
    }
    let line = |(request, count): (&str, usize)| format!("{count:4} {} {request}\n", verb(request));
    counts.into_iter().map(line).collect()
}
