//! Nobody else on the machine can look into a run.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use super::fixture::{Run, Silent};
use crate::signals::{end_of, send};
use crate::support::processes::descendants_of;

/// The id of a user that is nobody.
const NOBODY: u32 = 65534;

#[test]
fn no_core_is_dumped_of_a_run_and_of_what_it_starts() {
    let (run, server) = (Run::new(), Silent::new());
    let mut child = run.start(&format!("http://127.0.0.1:{}/hub.git", server.port()));
    let _connection = server.asked();
    let started = descendants_of(child.id());
    assert!(started.len() >= 3, "git, what stands before it, and its helper: {started:?}");
    for id in started.iter().map(|it| it.id).chain([child.id()]) {
        let limits = fs::read_to_string(format!("/proc/{id}/limits")).expect("it runs");
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
        assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{limits}");
    }
    send("TERM", &child);
    end_of(&mut child);
}

/// The kernel gives the files in `/proc` of such a process to root (proc(5)).
#[test]
fn others_of_the_same_user_cannot_read_its_memory_and_environment() {
    let (run, server) = (Run::new(), Silent::new());
    let call = run.command(&format!("http://127.0.0.1:{}/hub.git", server.port()));
    let is_root = fs::metadata("/proc/self").expect("/proc").uid() == 0;
    let mut command = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        // Root has to become somebody, who may then read the step and write.
        for folder in [call.get_current_dir().expect("a folder"), run.temporary.path()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("ours");
        }
        fs::set_permissions(run.kubeconfig(), fs::Permissions::from_mode(0o644)).expect("ours");
        command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]);
    }
    // A copy, since the folder of the build may be closed to others.
    let copy = run.temporary.path().join("program");
    fs::copy(call.get_program(), &copy).expect("copied");
    command.arg(&copy).args(call.get_args()).current_dir(call.get_current_dir().expect("a folder"));
    command.envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.spawn().expect("starts");
    let _connection = server.asked();
    let owner = |id: u32| fs::metadata(format!("/proc/{id}/environ")).expect("it runs").uid();
    assert_eq!(owner(child.id()), 0);
    let between = descendants_of(child.id()).into_iter().find(|it| it.line.contains("attend-child")).expect("there");
    assert_eq!(owner(between.id), 0);
    send("TERM", &child);
    assert_eq!(end_of(&mut child).0.code(), Some(143));
}

#[test]
fn temporary_folders_are_closed_whatever_the_umask_is() {
    for umask in ["000", "022", "277"] {
        let (run, server) = (Run::new(), Silent::new());
        let url = format!("http://127.0.0.1:{}/hub.git", server.port());
        let mut child = run.through(&format!("umask {umask}"), &url).spawn().expect("sh starts");
        let _connection = server.asked();
        let left = run.left();
        assert_eq!(left.len(), 2, "what was fetched, and what git and ssh read: {left:?}");
        for folder in left {
            let mode = fs::metadata(run.temporary.path().join(&folder)).expect("there").mode();
            assert_eq!(mode & 0o7777, 0o700, "umask {umask}: {folder}");
        }
        send("TERM", &child);
        end_of(&mut child);
    }
}
