//! What a process has started, read off `/proc`. Without it there is nothing to go by.

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};

/// Ends what this process has started and not yet seen the end of, with what that started, also what others started in
/// its name: the login program of a kubeconfig belongs to the client library.
pub fn end_children() {
    for descendant in descendants("self") {
        // Gone already is as good. Whoever leads a group may have left somebody in it who has another parent by now.
        let _ = match getpgid(Some(descendant)) {
            Ok(group) if group == descendant => kill_process_group(group, Signal::KILL),
            _ => kill_process(descendant, Signal::KILL),
        };
    }
}

/// The children of a process, then their children, and so on: all are known before the first of them is ended, for
/// then the others are nobody's children.
fn descendants(process: &str) -> Vec<Pid> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let mut all = Vec::new();
    for child in lists.collect::<Vec<_>>().iter().flat_map(|list| list.split_whitespace()) {
        all.extend(child.parse().ok().and_then(Pid::from_raw));
        all.extend(descendants(child));
    }
    all
}
