//! What a process has started, read off `/proc`. Without it there is nothing to go by.

use std::sync::OnceLock;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The children that we have not started: a shell that becomes this program (`sleep 9 & exec …`) leaves us its own. We never
/// wait for them, so their numbers stay theirs.
static INHERITED: OnceLock<Vec<Pid>> = OnceLock::new();

/// The first argument of a call of this program that stands between us and a program which is only asked to end.
pub(super) const ATTEND_GENTLY: &str = "attend-child-gently";

/// What runs below us now is not ours to end.
pub(super) fn spare_children() {
    INHERITED.get_or_init(|| children("self"));
}

/// Ends what this process has started and not yet seen the end of, with what that started, also what others started in
/// its name. Who is only asked to end is spared, below
/// whomever it runs: who stands before it sees that we are gone.
pub fn end_children() {
    end_below("self");
}

/// Ends a child that leads a group, with all that it started, also what has left the group.
pub fn end_with_descendants(leader: Pid) {
    let _ = kill_process(leader, Signal::STOP);
    end_below(&leader.as_raw_pid().to_string());
    let _ = kill_process_group(leader, Signal::KILL);
}

/// All are known, and stopped, before the first of them is ended: who runs may start another one, and what has lost its parent
/// is nobody's child.
fn end_below(process: &str) {
    let mut found: Vec<Pid> = Vec::new();
    loop {
        let more: Vec<Pid> = descendants(process).into_iter().filter(|it| !found.contains(it)).collect();
        if more.is_empty() {
            break;
        }
        send(Signal::STOP, &more);
        found.extend(more);
    }
    found.reverse(); // the kernel wakes who is stopped and loses the parent of its group
    send(Signal::KILL, &found);
}

fn send(signal: Signal, processes: &[Pid]) {
    for process in processes {
        let _ = kill_process(*process, signal); // gone already is as good
    }
}

/// The children of a process, each with its own behind it.
fn descendants(process: &str) -> Vec<Pid> {
    let is_inherited = |it: &Pid| INHERITED.get().is_some_and(|spared| spared.contains(it));
    let ours = children(process).into_iter().filter(|it| !is_inherited(it) && !is_gentle(*it));
    ours.flat_map(|child| [vec![child], descendants(&child.as_raw_pid().to_string())].concat()).collect()
}

fn children(process: &str) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let words = lists.collect::<Vec<_>>().join(" ");
    words.split_whitespace().filter_map(|word| word.parse().ok().and_then(Pid::from_raw)).collect()
}

fn is_gentle(process: Pid) -> bool {
    let line = std::fs::read(format!("/proc/{}/cmdline", process.as_raw_pid())).unwrap_or_default();
    line.split(|byte| *byte == 0).nth(1) == Some(ATTEND_GENTLY.as_bytes())
}
