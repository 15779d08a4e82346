//! All points, or some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backstack_testbed::{Cluster, shuffle};

use super::hub::{TESTBED, lease};
use super::point::{Moment, Point, Undisturbed};
use super::way::Way;

/// How many points of each way are tried in a suite, beside those of `tests/faults/crash.rs`.
const OF_A_WAY: usize = 2;
/// No way is begun after this time: a machine that is too busy tries fewer, and says so. With that of the others it is three minutes.
const BOUND: Duration = Duration::from_secs(100);
/// Decides which points are tried: another number, others.
const SEED: u64 = 20;

/// What came of the points that were tried.
#[derive(Default)]
struct Tried {
    /// By way, and how many of them lay behind the end of their run.
    run: BTreeMap<Way, (usize, usize)>,
    failures: Vec<String>,
}

/// Whatever the program was about to do on a hub or with a bead, and whether it was done: the next run ends as if nothing had
/// happened.
#[test]
#[ignore = "needs the testbed"]
fn a_hub_whose_run_is_killed_at_any_request_is_finished_by_the_next() {
    let began = Instant::now();
    let mut ways = Way::ALL.to_vec();
    shuffle(&mut ways, SEED);
    let (mut known, mut run, mut unmet, mut failures) = (0, 0, 0, Vec::new());
    // One way after the other, so that a machine that is too busy tries points of fewer ways.
    for way in ways.into_iter().take_while(|_| began.elapsed() < BOUND) {
        let undisturbed = undisturbed(&[way], 1);
        let mut points = undisturbed[&way].points.clone();
        known += points.len();
        shuffle(&mut points, SEED);
        points.truncate(OF_A_WAY);
        let tried = try_all(points, &undisturbed, 1, |_| {});
        let of_way = tried.run[&way];
        (run, unmet) = (run + of_way.0, unmet + of_way.1);
        failures.extend(tried.failures);
    }
    let took = began.elapsed();
    println!(
        "{run} points of {known} known, {unmet} of them past the end of their run, seed {SEED}, {} s",
        took.as_secs()
    );
    assert!(run == OF_A_WAY * Way::ALL.len() || took >= BOUND, "{run} points");
    assert!(unmet < run, "{unmet} of {run} points were not met");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// All of them, but for those that were tried at this commit already: `make soak`. The ways can be chosen by the names of them.
#[test]
#[ignore = "takes hours: make soak"]
fn every_point() {
    let chosen = std::env::var("SOAK_WAYS").unwrap_or_default();
    let ways: Vec<Way> = Way::ALL
        .into_iter()
        .filter(|it| chosen.is_empty() || chosen.split(',').any(|name| name == it.name()))
        .collect();
    let book = book();
    let before: BTreeSet<String> = fs::read_to_string(&book).unwrap_or_default().lines().map(str::to_owned).collect();
    let lanes = TESTBED.description().clusters.len();
    let undisturbed = undisturbed(&ways, lanes);
    let mut points: Vec<Point> = undisturbed.values().flat_map(|it| it.points.clone()).collect();
    let known = points.len();
    points.retain(|it| !before.contains(&it.to_string()));
    shuffle(&mut points, SEED);
    // Those with an effect first: a run that is broken off has tried what matters most.
    points.sort_by_key(|it| it.moment == Moment::AtRead);
    println!("{known} points known, {} of them left; {}", points.len(), book.display());
    let tried = try_all(points, &undisturbed, lanes, |point| {
        let mut book = OpenOptions::new().create(true).append(true).open(&book).expect("the book");
        writeln!(book, "{point}").expect("written");
    });
    let done = fs::read_to_string(&book).unwrap_or_default();
    for way in ways {
        let known =
            undisturbed[&way].points.iter().filter(|it| done.lines().any(|line| line == it.to_string())).count();
        let (run, unmet) = tried.run.get(&way).copied().unwrap_or_default();
        let of = undisturbed[&way].points.len();
        println!("{}: {known} of {of} points, {run} of them now, {unmet} past the end of their run", way.name());
    }
    assert!(tried.failures.is_empty(), "{} points:\n{}", tried.failures.len(), tried.failures.join("\n\n"));
}

fn undisturbed(ways: &[Way], lanes: usize) -> BTreeMap<Way, Undisturbed> {
    let left = Mutex::new(ways.iter());
    let found = Mutex::new(BTreeMap::new());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    on_clusters(lanes, |cluster| {
        while let Some(way) = next() {
            let of_way = Undisturbed::of(*way, cluster);
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(*way, of_way);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Tries these points, on so many clusters side by side.
fn try_all(
    points: Vec<Point>,
    undisturbed: &BTreeMap<Way, Undisturbed>,
    lanes: usize,
    note: impl Fn(Point) + Sync,
) -> Tried {
    let (count, began) = (points.len(), Instant::now());
    let left = Mutex::new(points.into_iter().enumerate());
    let tried = Mutex::new(Tried::default());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    on_clusters(lanes, |cluster| {
        while let Some((place, point)) = next() {
            let outcome = catch_unwind(AssertUnwindSafe(|| point.is_met(&undisturbed[&point.way], cluster)));
            let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
            let of_way = tried.run.entry(point.way).or_default();
            of_way.0 += 1;
            of_way.1 += usize::from(matches!(outcome, Ok(false)));
            println!("{} of {count}, {} s: {point}", place + 1, began.elapsed().as_secs());
            match outcome {
                Ok(_) => note(point),
                Err(why) => tried.failures.push(format!("{point}: {}", told(why.as_ref()))),
            }
        }
    });
    tried.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Does the same on so many clusters side by side.
fn on_clusters(lanes: usize, work: impl Fn(&Rc<Cluster>) + Sync) {
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| work(&Rc::new(lease())));
        }
    });
}

fn told(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}

/// Where it is noted which points went well at this commit.
fn book() -> PathBuf {
    let commit = std::env::var("BACKSTACK_COMMIT").unwrap_or_else(|_| "unknown".to_owned());
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/soak");
    fs::create_dir_all(&folder).expect("a folder");
    folder.join(commit)
}
