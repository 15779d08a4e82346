//! The program is told to end while OpenTofu works, and its backend takes a moment to save a state.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::{NamedTempFile, TempDir};

use super::fixture::REAL;
use super::http_backend::{PASSWORD, Server};
use crate::signals::{end_of, send};

/// Far above the need.
const IN_TIME: Duration = Duration::from_secs(60);

const RESOURCES: &str = "resource \"terraform_data\" \"first\" { input = 1 }
resource \"terraform_data\" \"slow\" {
  depends_on = [terraform_data.first]
  provisioner \"local-exec\" { command = \"sleep 600\" }
}
";

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < IN_TIME, "not within {IN_TIME:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An installation, with what it says.
struct Install {
    _root: TempDir,
    said: NamedTempFile,
    child: Child,
}

impl Install {
    /// Starts it, and returns when the slow resource is being made.
    fn start(server: &Server) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let bundle = root.path().join("cnab/app");
        fs::create_dir_all(bundle.join("module")).expect("made");
        fs::write(bundle.join("module/main.tf"), server.block() + RESOURCES).expect("written");
        let step = bundle.join("step.yaml");
        let module = json!({
            "module": "module", "backend": true, "environment": {"TF_HTTP_PASSWORD": {"env": "HTTP_PASSWORD"}},
        });
        let noun = json!({"cluster": {"opentofu": module, "state": "state"}, "timeout": "100s"});
        fs::write(&step, json!({"install": [{"backstack": noun}]}).to_string()).expect("written");
        let said = NamedTempFile::new().expect("a file");
        let programs = REAL.program.parent().map(Path::display).expect("a folder");
        let child = Command::new(env!("CARGO_BIN_EXE_backstack"))
            .args(["install", "--file"])
            .arg(&step)
            .current_dir(&bundle)
            .env_clear()
            .env("PATH", format!("{programs}:/usr/bin:/bin"))
            .env("BACKSTACK_ROOT", root.path())
            .env("HTTP_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said.reopen().expect("opens"))
            .spawn()
            .expect("starts");
        let install = Self { _root: root, said, child };
        until("the slow one is being made", || install.says().contains("creates terraform_data.slow"));
        install
    }

    fn says(&self) -> String {
        fs::read_to_string(self.said.path()).expect("text")
    }
}

impl Drop for Install {
    fn drop(&mut self) {
        let _ = self.child.kill(); // gone already is as good
    }
}

/// Tells the program to end, and returns when OpenTofu saves its state for that.
fn interrupted(server: &Server) -> Install {
    let install = Install::start(server);
    let saved = || server.methods().iter().filter(|method| *method == "POST").count();
    let before = saved();
    server.be_slow(Duration::from_secs(3));
    send("TERM", &install.child);
    until("it saves its state", || saved() > before);
    install
}

fn names_in_state(server: &Server) -> Vec<String> {
    let state = server.state().expect("saved");
    let all = state["resources"].as_array().expect("a list");
    all.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
#[ignore = "needs the testbed"]
fn a_signal_is_answered_when_the_state_is_saved() {
    let server = Server::new();
    let mut install = interrupted(&server);
    assert_eq!(end_of(&mut install.child).0.code(), Some(143), "{}", install.says());
    assert!(!server.is_locked(), "{}", install.says());
    assert_eq!(names_in_state(&server), ["first", "slow"]);
    let said = install.says();
    assert!(said.contains("interrupted: waits for OpenTofu to end by itself and to write its state"), "{said}");
    assert!(said.contains("OpenTofu has ended by itself, and what it has made is in its state"), "{said}");
}

#[test]
#[ignore = "needs the testbed"]
fn a_second_signal_is_answered_at_once_and_the_state_is_saved_all_the_same() {
    let server = Server::new();
    let mut install = interrupted(&server);
    send("TERM", &install.child);
    assert_eq!(end_of(&mut install.child).0.code(), Some(143), "{}", install.says());
    assert!(server.is_locked(), "it was waited for: {}", install.says());
    until("OpenTofu has ended", || !server.is_locked());
    assert_eq!(names_in_state(&server), ["first", "slow"]);
}
