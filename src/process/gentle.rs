//! Programs that are asked to end, once, and never made to: what they are at would be left half done, and nobody would know.
//!
//! Whoever has started one waits for its end, also when the run is to end ([`ask_to_end`]). A run that cannot wait leaves that
//! to the process that stands between ([`mod@super::attend`]).

use std::io;
use std::process::ExitStatus;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::sync::watch;

use super::descendants::end_with_descendants;

/// How long one may take to end after it was asked. A cloud may make a cluster for most of an hour, and nothing stops it.
pub(super) const PATIENCE: Duration = Duration::from_secs(3600);

/// The number of the signal that has asked all of them to end, 0 before it.
static SIGNAL: LazyLock<watch::Sender<u8>> = LazyLock::new(|| watch::Sender::new(0));
/// How many there are.
static THERE: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Asks all of them to end, since this signal has come.
pub fn ask_to_end(signal: u8) {
    SIGNAL.send_replace(signal);
}

/// Waits until whoever has started one has seen its end.
pub async fn none_is_left() {
    // The sender is never dropped.
    let _ = THERE.subscribe().wait_for(|there| *there == 0).await;
}

/// Why a program was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The run got this signal.
    Signal(u8),
    /// The deadline has passed.
    Deadline,
    /// Whoever waits for it has had enough of it.
    Caller,
}

/// What a wait has come to.
#[derive(Debug)]
pub enum Turn {
    /// It was asked to end, and still runs.
    Asked(Why),
    /// It has not ended long after it was asked, and was killed with everything that it has started.
    Killed,
    /// It has ended.
    Ended(ExitStatus),
}

/// A program that runs. Dropped before its end, it is asked to end and left to do so.
#[derive(Debug)]
pub struct Gentle {
    child: Child,
    /// The number of the child, until its end is known.
    leader: Option<Pid>,
    asked: Option<(Why, Instant)>,
    is_killed: bool,
    signal: watch::Receiver<u8>,
}

impl Gentle {
    pub(super) fn of(child: Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        THERE.send_modify(|there| *there += 1);
        Self { child, leader, asked: None, is_killed: false, signal: SIGNAL.subscribe() }
    }

    /// Waits for what happens next; at the deadline, and when a signal ends the run, it is asked to end. May be given up and
    /// called again.
    pub async fn turn(&mut self, deadline: Instant) -> io::Result<Turn> {
        let due = self.asked.map_or(deadline, |(_, at)| at + PATIENCE);
        tokio::select! {
            status = self.child.wait() => {
                self.leader = None;
                status.map(Turn::Ended)
            }
            signal = signalled(&mut self.signal), if self.asked.is_none() => Ok(self.ask(Why::Signal(signal))),
            () = tokio::time::sleep_until(due.into()), if !self.is_killed => Ok(self.overdue()),
        }
    }

    fn overdue(&mut self) -> Turn {
        if self.asked.is_none() {
            return self.ask(Why::Deadline);
        }
        self.is_killed = true;
        if let Some(leader) = self.leader {
            end_with_descendants(leader);
        }
        Turn::Killed
    }

    /// Asks it to end, unless that was done: a second signal would be taken for impatience.
    pub fn ask(&mut self, why: Why) -> Turn {
        let (why, _) = *self.asked.get_or_insert_with(|| {
            // To it alone: what it has started it ends by itself. A provider of OpenTofu dies of a SIGTERM to the group, and what it
            // was making is in no state; a second signal to OpenTofu has it exit at once, with what is under way forgotten
            // (1.12.6, both seen). Gone already is as good.
            let _ = self.leader.map(|leader| kill_process(leader, Signal::TERM));
            (why, Instant::now())
        });
        Turn::Asked(why)
    }

    /// Why it was asked to end, if it was.
    #[must_use]
    pub fn asked(&self) -> Option<Why> {
        self.asked.map(|(why, _)| why)
    }
}

impl Drop for Gentle {
    fn drop(&mut self) {
        if self.leader.is_some() {
            self.ask(Why::Caller);
        }
        THERE.send_modify(|there| *there -= 1);
    }
}

async fn signalled(signal: &mut watch::Receiver<u8>) -> u8 {
    // The sender is never dropped.
    signal.wait_for(|number| *number > 0).await.map_or(0, |number| *number)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read_to_string};
    use std::path::Path;

    use super::super::{Program, TemporaryFolder};
    use super::*;

    fn started(script: &str, out: &Path) -> Gentle {
        let folder = TemporaryFolder::new("test").expect("a folder");
        let file = || File::create(out).expect("written");
        Program::gentle("sh").args(["-c", script]).start_gently(file(), file(), &folder).expect("starts")
    }

    async fn until_written(out: &Path, text: &str) {
        while !read_to_string(out).is_ok_and(|all| all.contains(text)) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn the_deadline_asks_once_and_the_end_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let script = "trap 'echo asked' TERM; echo there; sleep 0.3; sleep 0.3; sleep 0.3; umask; exit 7";
        let mut gentle = started(script, &out);
        until_written(&out, "there").await;
        let Ok(Turn::Asked(Why::Deadline)) = gentle.turn(Instant::now()).await else { panic!("not asked") };
        assert!(matches!(gentle.ask(Why::Caller), Turn::Asked(Why::Deadline)));
        let Ok(Turn::Ended(status)) = gentle.turn(Instant::now()).await else { panic!("it has not ended") };
        assert_eq!(status.code(), Some(7));
        assert_eq!(read_to_string(&out).expect("written"), "there\nasked\n0077\n");
    }

    #[tokio::test]
    async fn a_terminal_that_goes_away_is_nothing_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let mut gentle = started("kill -HUP $$; echo still there", &out);
        let later = Instant::now() + Duration::from_secs(20);
        let Ok(Turn::Ended(status)) = gentle.turn(later).await else { panic!("it has not ended") };
        assert!(status.success());
        assert_eq!(read_to_string(&out).expect("written"), "still there\n");
    }

    #[tokio::test]
    async fn who_is_given_up_is_asked_to_end_and_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let gentle = started("trap 'echo asked' TERM; echo there; sleep 0.2; echo done", &out);
        until_written(&out, "there").await;
        drop(gentle);
        until_written(&out, "done").await;
        assert_eq!(read_to_string(&out).expect("written"), "there\nasked\ndone\n");
    }
}
