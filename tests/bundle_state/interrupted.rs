//! A run that fails, is interrupted or killed leaves its state to the next one.

use std::fs;
use std::io::Read as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{APPEND, LOOK, STATE, Site, listed};
use crate::support::{PorterHome, Run, Running};

/// Writes a state, and waits.
const WAITS: &str = "mkdir -p tofu; echo newest >> tofu/terraform.tfstate; echo started; while :; do sleep 0.05; done";

/// A run that has said that it was started.
fn started(site: &Site, home: &PorterHome, action: &str) -> Running {
    let mut running = site.call(home, action).arg("--state").arg(site.state()).start();
    let stderr = running.child.stderr.as_mut().expect("a pipe");
    let mut said = String::new();
    while !said.contains("started") {
        let mut chunk = [0; 256];
        let count = stderr.read(&mut chunk).expect("read");
        assert!(count > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }
    running
}

fn kill(running: &Running, signal: &str) {
    let kill = Command::new("kill").args([format!("-{signal}"), running.child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
}

/// The first run that is not refused because what the killed one has started still runs.
fn next(site: &Site, script: &str, action: &str) -> Run {
    let start = Instant::now();
    loop {
        let run = site.run(script, action);
        if !run.stderr.contains("has started still runs") || start.elapsed() > Duration::from_secs(60) {
            return run;
        }
    }
}

#[test]
fn a_step_that_fails_leaves_its_state() {
    let site = Site::new(STATE);
    site.run(&format!("{APPEND}; exit 3"), "install").exits(1);
    assert_eq!(site.record()["lastRun"]["outcome"], json!("failed"));
    site.run(LOOK, "upgrade").exits(0).says("found: install\n");
}

#[test]
fn a_run_that_a_signal_ends_leaves_its_state() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let site = Site::new(STATE);
        let script = format!("trap 'echo at the end >> tofu/terraform.tfstate; exit 0' TERM\n{WAITS}");
        let home = PorterHome::new().mixin("echo", &script);
        let running = started(&site, &home, "install");
        kill(&running, signal);
        running.end().exits(code);
        assert_eq!(site.record()["lastRun"]["outcome"], json!("interrupted"));
        assert!(!site.state().join("stage").exists());
        site.run(LOOK, "upgrade").exits(0).says("found: newest\nat the end\n");
    }
}

#[test]
fn a_run_that_is_killed_leaves_its_state() {
    let site = Site::new(STATE).installed();
    let home = PorterHome::new().mixin("echo", WAITS);
    let mut running = started(&site, &home, "upgrade");
    kill(&running, "KILL");
    running.child.wait().expect("ended");
    let run = next(&site, LOOK, "look").exits(0).says("found: install\nnewest\n");
    run.says("keeps the state that upgrade of ")
        .says("which was killed, has left; the one before it is porter-state.previous.tgz");
    assert!(!site.state().join("stage").exists());
    assert_eq!(listed(&site.state().join("porter-state.previous.tgz")), "porter-state/tfstate\n");
    site.run(LOOK, "upgrade").exits(0).says("found: install\nnewest\n");
}

/// A mixin that replaces the file, and one that a bundle of another day declares elsewhere.
#[test]
fn what_a_killed_run_has_left_is_found_where_that_run_had_it() {
    let mut site = Site::new(STATE).installed();
    let script = "echo replaced > new; mv new tofu/terraform.tfstate; echo started; sleep 60";
    let home = PorterHome::new().mixin("echo", script);
    let mut running = started(&site, &home, "upgrade");
    kill(&running, "KILL");
    running.child.wait().expect("ended");
    site.manifest = STATE.replace("tofu/terraform.tfstate", "elsewhere");
    site.write("tryout");
    next(&site, "cat elsewhere", "upgrade").exits(0).says("replaced\n");
}

/// A mixin whose program is only asked to end, as `tofu` is, and takes its time.
fn gentle(seconds: u32) -> PorterHome {
    let program = format!("trap 'sleep {seconds}; echo last words >> tofu/terraform.tfstate; exit 0' TERM; {WAITS}");
    let attend = format!("{} attend-child-gently $$ sh -c \"{program}\"", env!("CARGO_BIN_EXE_backstack"));
    let until = "until grep -qs newest tofu/terraform.tfstate; do sleep 0.05; done; echo started; wait";
    PorterHome::new().mixin("echo", &format!("{attend} > /dev/null 2>&1 &\n{until}"))
}

#[test]
fn what_outlives_a_killed_run_is_waited_for() {
    let site = Site::new(STATE).installed();
    let home = gentle(8);
    let mut running = started(&site, &home, "upgrade");
    kill(&running, "KILL");
    running.child.wait().expect("ended");
    let run = site.run(LOOK, "upgrade").exits(3).says("what upgrade of ").says("has started still runs");
    assert!(!run.stderr.contains("found"), "{}", run.stderr);
    next(&site, LOOK, "upgrade").exits(0).says("found: install\nnewest\nlast words\n");
}

#[test]
fn what_outlives_an_interrupted_run_is_left_to_the_next_one() {
    let site = Site::new(STATE).installed();
    let home = gentle(9);
    let mut running = started(&site, &home, "upgrade");
    // Until the first one is taken, a second one of the same kind is the same signal to the kernel.
    while running.child.try_wait().expect("a child").is_none() {
        kill(&running, "TERM");
        std::thread::sleep(Duration::from_millis(300));
    }
    let run = running.end().exits(143);
    run.says("what the run has started still runs, and may write the state in ").says("the next run keeps it");
    next(&site, LOOK, "upgrade").exits(0).says("found: install\nnewest\nlast words\n");
}

/// Killed while the stage was set, before the state was put on it.
#[test]
fn a_run_that_was_killed_before_its_first_step_leaves_the_state_as_it_was() {
    let site = Site::new(STATE).installed();
    fs::create_dir_all(site.state().join("stage/cnab/app")).expect("made");
    fs::write(site.state().join(".new-half"), "half a file").expect("written");
    site.run(LOOK, "upgrade").exits(0).says("found: install\n");
    assert!(!site.state().join("stage").exists() && !site.state().join(".new-half").exists());
}

#[test]
fn what_a_killed_run_has_left_is_not_given_up() {
    let site = Site::new(STATE).installed();
    let home = PorterHome::new().mixin("echo", WAITS);
    let mut running = started(&site, &home, "upgrade");
    kill(&running, "KILL");
    running.child.wait().expect("ended");
    let (stage, aside) = (site.state().join("stage"), site.place.path().join("aside"));
    fs::rename(&stage, &aside).expect("taken away");
    let run =
        next(&site, LOOK, "upgrade").exits(3).says("upgrade of ").says("was killed, and the state that it has left");
    run.says("take `unfinished` out of record.json");
    fs::rename(&aside, &stage).expect("put back");
    site.run(LOOK, "upgrade").exits(0).says("found: install\nnewest\n");
}

#[test]
fn a_run_beside_another_one_is_refused_at_once() {
    let site = Site::new(STATE);
    let home = PorterHome::new().mixin("echo", WAITS);
    let running = started(&site, &home, "install");
    let start = Instant::now();
    let run = site.run(LOOK, "upgrade").exits(3);
    assert!(start.elapsed() < Duration::from_secs(20));
    let holder = format!("install of the installation tryout of the bundle tryout (process {})", running.child.id());
    let run = run.says("is in use by ").says(&holder).says("wait for its end");
    assert!(!run.stderr.contains("found"), "{}", run.stderr);
    kill(&running, "TERM");
    running.end().exits(143);
    site.run(LOOK, "upgrade").exits(0).says("found: newest\n");
}

#[test]
fn a_state_that_cannot_be_kept_stays_where_it_is() {
    let site = Site::new(STATE).installed();
    let script = "mv tofu/terraform.tfstate aside; mkdir tofu/terraform.tfstate";
    let run = site.run(script, "upgrade").exits(1).says("the state was not kept, and is still in ");
    run.says("the state `tfstate` at tofu/terraform.tfstate: it is no regular file");
    site.run(LOOK, "upgrade").exits(3).says("a killed run has left what cannot be kept");
    let app = site.state().join("stage/cnab/app");
    fs::remove_dir(app.join("tofu/terraform.tfstate")).expect("removed");
    fs::rename(app.join("aside"), app.join("tofu/terraform.tfstate")).expect("mended");
    site.run(LOOK, "upgrade").exits(0).says("found: install\n");
}
