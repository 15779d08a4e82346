//! What only Linux does for us. Elsewhere nothing of it is done: programs are started directly, and whoever else may look into
//! a process decides the system.

/// No other process of the same user may read our memory and our environment, but for root.
pub(super) fn hide_from_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// `SIGTERM` tells us from now on that the thread which started us is gone.
pub(super) fn be_told_of_the_parents_end() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
}

/// What loses its parent among our descendants is our child from now on, also what has left our group.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}
