//! Killed at every request, before it has an effect and after: nothing is left that the next run does not find.
//!
//! The one that is killed is a process of its own, since what is dropped within one may still tidy up. A point is a request of
//! one of three ways, and a moment: the request has come to the proxy and goes no further, or the server has done it and nobody
//! hears of it.

use std::fs::{self, File};
use std::io::{BufReader, Seek as _, Write as _, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backstack::report::Outcome;
use backstack_testbed::faults::{End, Fault, Rule};
use backstack_testbed::shuffle;
use serde_json::{Value, json};

use super::bench::{Bench, LONG, install, uninstall};
use super::set::Set;

const CHILD: &str = "faults::crash::child_that_applies";
/// Before the number in which it says at its end how much memory it has held.
const PEAK: &str = "peak in KiB: ";
/// How many points are tried, of all that there are. Those of whole hubs come beside them (`tests/soak`).
const SAMPLE: usize = 50;
/// No point is begun after this time: a machine that is too busy tries fewer, and says so. With that of hubs it is three minutes.
const BOUND: Duration = Duration::from_secs(70);
/// Decides which points are tried: another number, others.
const SEED: u64 = 20;

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Install,
    Upgrade,
    Uninstall,
}

/// Where it is killed.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// What it does.
    pub way: Way,
    /// How many requests come before.
    pub after: usize,
    /// Whether the server does what is asked.
    pub has_effect: bool,
}

impl Way {
    const ALL: [Self; 3] = [Self::Install, Self::Upgrade, Self::Uninstall];

    fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Uninstall => "uninstall",
        }
    }

    /// What there is before.
    fn prepare(self, bench: &Bench, set: &Set) {
        match self {
            Self::Install => {}
            Self::Upgrade | Self::Uninstall => bench.install_directly(set),
        }
    }

    fn go(self, kubeconfig: &Path, set: &Set) -> Outcome<()> {
        match self {
            Self::Install => install(kubeconfig, set, LONG).map(drop),
            Self::Upgrade => install(kubeconfig, &set.upgraded(), LONG).map(drop),
            Self::Uninstall => uninstall(kubeconfig, set, LONG).map(drop),
        }
    }

    /// What may be there at any time.
    fn widest(self, set: &Set) -> Set {
        if self == Self::Upgrade { set.upgraded() } else { set.clone() }
    }
}

/// A namespace of its own for each, with an object of a kind that the set does not define.
fn set_of(bench: &Bench, place: usize) -> Set {
    Set::of(&format!("{}-{place}", bench.api.namespace)).with(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": crd(bench)},
        "spec": {"group": group(bench), "scope": "Namespaced",
            "names": {"kind": "Gear", "plural": "gears", "singular": "gear"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "properties": {"teeth": {"type": "integer"}}}}}}}]}
    })).with(json!({"apiVersion": format!("{}/v1", group(bench)), "kind": "Gear", "spec": {"teeth": 12},
        "metadata": {"name": "one", "namespace": format!("{}-{place}", bench.api.namespace)}}))
}

fn group(bench: &Bench) -> String {
    format!("{}.example.org", bench.api.namespace)
}

fn crd(bench: &Bench) -> String {
    format!("gears.{}", group(bench))
}

/// Whatever it was about to do, and whether it was done: the next run ends as if nothing had happened.
#[test]
#[ignore = "needs the testbed"]
fn case_03_04_05_a_run_that_is_killed_at_any_request_is_finished_by_the_next() {
    let bench = Bench::new("killed");
    let started = Instant::now();
    let mut known = Vec::new();
    let mut ends = Vec::new();
    for (place, way) in Way::ALL.into_iter().enumerate() {
        let set = set_of(&bench, place);
        way.prepare(&bench, &set);
        bench.proxy.forget();
        way.go(bench.way(), &set).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let requests = bench.proxy.seen().len();
        known.extend((0..requests).flat_map(|after| [false, true].map(|has_effect| Point { way, after, has_effect })));
        ends.push((way, bench.state(&way.widest(&set))));
    }
    let count = known.len();
    shuffle(&mut known, SEED);
    let (mut run, mut unmet) = (0, 0);
    for (place, point) in known.into_iter().take(SAMPLE).enumerate() {
        if started.elapsed() > BOUND {
            break;
        }
        let set = set_of(&bench, Way::ALL.len() + place);
        unmet += usize::from(!is_killed(&bench, point, &set));
        run += 1;
        bench.holds(&point.way.widest(&set));
        point.way.go(bench.way(), &set).unwrap_or_else(|failure| panic!("{point:?}: {}", failure.render()));
        let end = &ends.iter().find(|(way, _)| *way == point.way).expect("each way has an end").1;
        assert_eq!(&bench.state(&point.way.widest(&set)), end, "I3 after {point:?}");
        bench.holds(&point.way.widest(&set));
    }
    println!(
        "{run} points of {count} known, {unmet} of them past the end of their run, seed {SEED}, {} s",
        started.elapsed().as_secs()
    );
    assert!(run == SAMPLE.min(count) || started.elapsed() > BOUND, "{run} of {count}");
    assert!(unmet * 4 <= run, "{unmet} of {run} points were not met");
    bench.api.kubectl(&["delete", "crd", &crd(&bench), "--wait=false"]);
}

/// Whether it was killed at the point, and did not come to its end before it.
pub fn is_killed(bench: &Bench, Point { way, after, has_effect }: Point, set: &Set) -> bool {
    way.prepare(bench, set);
    bench.proxy.mend();
    let before = bench.proxy.strikes();
    let fault = if has_effect { Fault::Afterwards(End::Silence) } else { Fault::Instead(End::Silence) };
    bench.fail(Rule::all(fault).after(after).times(1));
    let mut child = start(bench, way, set, Stdio::null());
    let began = Instant::now();
    let is_met = loop {
        if bench.proxy.has_struck(before + 1, Duration::from_millis(20)) {
            break true;
        }
        if child.try_wait().expect("a child").is_some() {
            break false;
        }
        assert!(began.elapsed() < LONG, "neither the point nor the end is reached");
    };
    // By SIGKILL, which nobody hears.
    child.kill().and_then(|()| child.wait()).expect("it ends");
    bench.proxy.mend();
    is_met
}

/// Applies a set by a run of its own, which has to end well; the most memory that it held, in KiB.
pub fn peak_of_install(bench: &Bench, set: &Set) -> usize {
    let child = start(bench, Way::Install, set, Stdio::piped());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", output.status);
    let said = String::from_utf8(output.stdout).expect("text");
    said.lines().find_map(|line| line.strip_prefix(PEAK)?.parse().ok()).expect("it says so at its end")
}

fn start(bench: &Bench, way: Way, set: &Set, stdout: Stdio) -> Child {
    let program = std::env::current_exe().expect("this program");
    Command::new(program)
        .args([CHILD, "--exact", "--ignored"])
        .env("TEST_WAY", way.name())
        .env("TEST_KUBECONFIG", bench.way())
        .env("TEST_NAMESPACE", &set.namespace)
        .stdin(as_file(&json!(set.objects)))
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// No variable takes a thousand objects, and a pipe that is killed takes them half.
fn as_file(objects: &Value) -> File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(objects.to_string().as_bytes()).and_then(|()| file.rewind()).expect("written");
    file
}

/// Not a test of its own: it is killed.
#[test]
#[ignore = "run by a_run_that_is_killed_at_any_request_is_finished_by_the_next"]
fn child_that_applies() {
    let given = |name: &str| std::env::var(name).ok();
    let (Some(way), Some(kubeconfig)) = (given("TEST_WAY"), given("TEST_KUBECONFIG")) else { return };
    let objects: Vec<Value> = serde_json::from_reader(BufReader::new(stdin())).expect("objects");
    let set = Set { namespace: given("TEST_NAMESPACE").expect("a namespace"), objects };
    let way = Way::ALL.into_iter().find(|it| it.name() == way).expect("a way");
    way.go(&PathBuf::from(kubeconfig), &set).unwrap_or_else(|failure| panic!("{}", failure.render()));
    // Past the harness, which keeps what a test prints to itself, and on a line of its own.
    writeln!(stdout(), "\n{PEAK}{}", peak()).expect("somebody reads it, or nobody");
}

/// The most memory that this process has held, in KiB.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says it");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.expect("a number")
}
