//! However a run ends, what it has started ends with it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::fixture::{KEY, Run, Silent, until};
use crate::signals::{IN_TIME, end_of, send};
use crate::support::processes::{Process, alive, descendants_of};

/// How long what a run has started may outlive it.
const SOON: Duration = Duration::from_secs(10);

/// The signals, and the exit codes where the program itself ends: of `SIGABRT`, which is a panic, and `SIGKILL` it learns nothing.
const ENDS: [(&str, Option<i32>); 6] =
    [("HUP", Some(129)), ("INT", Some(130)), ("QUIT", Some(131)), ("TERM", Some(143)), ("ABRT", None), ("KILL", None)];

/// Waits until these programs are among what the run has started, and tells all of it.
fn started(child: &Child, programs: &[&str]) -> Vec<Process> {
    let has = |processes: &[Process], name: &str| processes.iter().any(|it| it.line.contains(name));
    until(&format!("{programs:?} run"), IN_TIME, || {
        let all = descendants_of(child.id());
        programs.iter().all(|name| has(&all, name))
    });
    descendants_of(child.id())
}

/// Every file below a folder, as text.
fn files(folder: &Path) -> Vec<String> {
    let find = Command::new("find").arg(folder).args(["-type", "f"]).output().expect("find starts");
    let names = String::from_utf8_lossy(&find.stdout).into_owned();
    names.lines().map(|name| String::from_utf8_lossy(&fs::read(name).unwrap_or_default()).into_owned()).collect()
}

fn ends_with_everything(run: &Run, url: &str, server: &Silent, programs: &[&str], (signal, code): (&str, Option<i32>)) {
    let mut child = run.start(url);
    let _connection = server.asked();
    let all = started(&child, programs);
    let secret = KEY.lines().nth(2).expect("a line of the key");
    assert!(!files(run.temporary.path()).iter().any(|text| text.contains(secret)), "the key is in a file");
    send(signal, &child);
    let (status, took) = end_of(&mut child);
    assert_eq!(status.code(), code, "{signal}");
    assert!(took < IN_TIME, "{signal}: {took:?}");
    let start = Instant::now();
    while !alive(&all).is_empty() {
        assert!(start.elapsed() < SOON, "after {signal} there is still {:#?}", alive(&all));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_of_a_run_outlives_it() {
    let (run, server) = (Run::new(), Silent::new());
    let ssh = format!("ssh://git@127.0.0.1:{}/hub.git", server.port());
    for end in ENDS {
        ends_with_everything(&run, &ssh, &server, &["git fetch", "ssh -o", "ssh-agent"], end);
        // What a killed run leaves, the next one takes away.
        assert!(run.left().len() <= 2 * usize::from(end.1.is_none()), "{end:?}: {:?}", run.left());
    }
    let http = format!("http://127.0.0.1:{}/hub.git", server.port());
    for end in [("KILL", None), ("HUP", Some(129))] {
        ends_with_everything(&run, &http, &server, &["git fetch", "git-remote-http"], end);
    }
    assert_eq!(run.left(), Vec::<String>::new());
}

/// A process that stands between us and a program is told of the end of a parent that it has never seen.
#[test]
fn whose_parent_is_gone_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    // The one that starts it is this test, not the process with this id.
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
    command.args(["attend-child", "1", "touch"]).arg(&made);
    assert!(!command.status().expect("starts").success());
    assert!(!made.exists());
}

#[test]
fn nohup_keeps_a_run_going() {
    let (run, server) = (Run::new(), Silent::new());
    let mut call = run.through("trap '' HUP", &format!("http://127.0.0.1:{}/hub.git", server.port()));
    let mut child = call.spawn().expect("sh starts");
    let _connection = server.asked();
    send("HUP", &child);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a child").is_none(), "it has ended");
    send("TERM", &child);
    assert_eq!(end_of(&mut child).0.code(), Some(143));
}
