//! A request at which the program is killed, and what has to be so after that.

use std::fmt;
use std::process::Child;
use std::rc::Rc;
use std::time::{Duration, Instant};

use backstack_testbed::Cluster;
use backstack_testbed::faults::{End, Fault, Rule, Seen, is_write};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hub::{Hub, LONG};
use super::state::{REST, State, at_rest, difference, state};
use super::way::Way;

/// When, beside the effect of a request. One that reads has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    AtRead,
    BeforeWrite,
    AfterWrite,
}

/// The request and the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub way: Way,
    pub moment: Moment,
    /// How many reads, or writes, come before.
    pub after: usize,
}

/// What a way comes to where nothing happens.
pub struct Undisturbed {
    before: State,
    end: State,
    /// Its points.
    pub points: Vec<Point>,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = match self.moment {
            Moment::AtRead => "at read",
            Moment::BeforeWrite => "before write",
            Moment::AfterWrite => "after write",
        };
        write!(f, "{} {moment} {}", self.way.name(), self.after + 1)
    }
}

impl Undisturbed {
    /// Goes it once.
    pub fn of(way: Way, cluster: &Rc<Cluster>) -> Self {
        let hub = way.hub(cluster);
        let before = state(&hub);
        hub.proxy.forget();
        way.done(&hub);
        let seen = hub.proxy.seen();
        let writes = seen.iter().filter(|it| is_a_write(it)).count();
        let at = |moment: Moment, count: usize| (0..count).map(move |after| Point { way, moment, after });
        let of_writes = at(Moment::BeforeWrite, writes).chain(at(Moment::AfterWrite, writes));
        let points = of_writes.chain(at(Moment::AtRead, seen.len() - writes)).collect();
        let end = at_rest(&hub);
        Self { before, end, points }
    }
}

fn is_a_write(seen: &Seen) -> bool {
    let (method, path) = seen.line.split_once(' ').expect("a method and a path");
    is_write(method, path)
}

impl Point {
    /// Kills the program there, and goes the same way again. Answers whether the run came to the point.
    pub fn is_met(self, undisturbed: &Undisturbed, cluster: &Rc<Cluster>) -> bool {
        let hub = self.way.hub(cluster);
        let is_met = self.kill(&hub);
        let known = |name: &String| undisturbed.before.contains_key(name) || undisturbed.end.contains_key(name);
        let left = state(&hub);
        let strays: Vec<&String> = left.keys().filter(|name| !known(name)).collect();
        assert!(strays.is_empty(), "I2: {strays:?}");
        let said = self.way.done(&hub);
        says_no_secret(&hub, &said);
        let began = Instant::now();
        loop {
            let end = state(&hub);
            if end == undisturbed.end {
                return is_met;
            }
            let is_late = began.elapsed() > REST;
            assert!(!is_late, "I3: another end:\n{}\n{said}", difference(&undisturbed.end, &end));
        }
    }

    fn kill(self, hub: &Hub) -> bool {
        let rule = match self.moment {
            Moment::AtRead => Rule::all(Fault::Instead(End::Silence)).reads(),
            Moment::BeforeWrite => Rule::all(Fault::Instead(End::Silence)).writes(),
            Moment::AfterWrite => Rule::all(Fault::Afterwards(End::Silence)).writes(),
        };
        hub.proxy.fail(rule.after(self.after).times(1));
        let mut child = self.way.start(hub);
        let is_met = until_struck(hub, &mut child);
        // By SIGKILL, which nobody hears.
        child.kill().expect("it is ours");
        let output = child.wait_with_output().expect("it ends");
        hub.proxy.mend();
        says_no_secret(hub, &String::from_utf8_lossy(&output.stderr));
        is_met
    }
}

/// Whether the run comes to its point, and not to its end before it.
fn until_struck(hub: &Hub, child: &mut Child) -> bool {
    let began = Instant::now();
    loop {
        if hub.proxy.has_struck(1, Duration::from_millis(20)) {
            return true;
        }
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        assert!(began.elapsed() < LONG, "neither the point nor the end is reached");
    }
}

fn says_no_secret(hub: &Hub, said: &str) {
    let repository = hub.cluster.repository();
    for user in [repository.writer(), repository.reader()] {
        let hidden = [user.password.clone(), STANDARD.encode(&user.password)];
        assert!(hidden.iter().all(|it| !said.contains(it)), "I6: {said}");
    }
}
