//! Who is killed, and what is remembered then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use backstack::opentofu::Goal;

use super::broken::{hurry, slow};
use super::fixture::{Module, TIME};
use crate::support::processes::{Process, alive, all, descendants_of};

/// Far above the need.
const IN_TIME: Duration = Duration::from_secs(60);

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < IN_TIME, "not within {IN_TIME:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An apply below a shell that stands for the program, with our own process between them as it is there.
pub struct Apply {
    shell: Child,
    said: PathBuf,
    below: Vec<Process>,
}

impl Apply {
    /// Starts it, and returns when it makes what takes an hour.
    pub fn start(module: &Module) -> Self {
        assert!(module.raw(&["init", "-input=false"]).status().expect("starts").success());
        let said = module.states.path().join("said");
        let state = format!("-state={}", module.state().display());
        let call = module.raw(&["apply", "-auto-approve", "-input=false", "-json", "-backup=-", &state]);
        let script = format!("\"$0\" attend-child-gently $$ \"$@\" > '{}' & wait", said.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_backstack")]).arg(call.get_program()).args(call.get_args());
        shell
            .env_clear()
            .envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(module.path());
        let shell = shell.stdin(Stdio::null()).spawn().expect("sh starts");
        until("the slow one is being made", || read(&said).contains("time_sleep.slow: Creating"));
        let below = descendants_of(shell.id());
        assert!(
            ["attend-child-gently", "tofu apply", "terraform-provider-time"]
                .iter()
                .all(|name| below.iter().any(|it| it.line.contains(name))),
            "{below:#?}"
        );
        Self { shell, said, below }
    }

    /// Kills whatever stands for the program; what it has started has ended when this returns.
    pub fn kill(mut self) -> String {
        self.shell.kill().expect("SIGKILL");
        self.ended()
    }

    fn id_of(&self, name: &str) -> u32 {
        self.below.iter().find(|it| it.line.contains(name)).expect("runs").id
    }

    /// Waits until nothing of it is there, and tells what it has said.
    fn ended(&self) -> String {
        until("nothing is left", || alive(&self.below).is_empty());
        read(&self.said)
    }
}

impl Drop for Apply {
    fn drop(&mut self) {
        let _ = self.shell.kill(); // gone already is as good
        let _ = self.shell.wait();
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn names_in_state(module: &Module) -> Vec<String> {
    let state = module.state_json();
    let all = state["resources"].as_array().expect("a list");
    all.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn when_the_program_is_killed_it_ends_by_itself_and_the_next_run_goes_on() {
    let module = slow();
    let said = Apply::start(&module).kill();
    assert!(said.contains("Interrupt received") && !said.contains("Two interrupts"), "{said}");
    assert!(said.contains("execution halted") || said.contains("context canceled"), "{said}");
    assert!(names_in_state(&module).contains(&"first".to_owned()), "{:?}", names_in_state(&module));
    hurry(&module);
    module.apply().await.expect("goes on");
    assert_eq!(module.resources().await, ["terraform_data.first", "time_sleep.slow"]);
}

#[test]
#[ignore = "needs the testbed"]
fn many_signals_are_one_for_it() {
    let module = slow();
    let apply = Apply::start(&module);
    let between = apply.id_of("attend-child-gently").to_string();
    // All at once: it ends soon after the first.
    let signals = "kill -HUP $0 && { kill -TERM $0; kill -INT $0; kill -TERM $0; } 2> /dev/null; true";
    assert!(Command::new("sh").args(["-c", signals, &between]).status().expect("starts").success());
    let said = apply.ended();
    assert!(said.contains("Interrupt received") && !said.contains("Two interrupts"), "{said}");
    assert!(names_in_state(&module).contains(&"first".to_owned()), "{:?}", names_in_state(&module));
}

/// It writes down what it has made so far after 20 s. Where there was no state before, that would be the last resource alone.
#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_a_killed_first_run_has_written_half_way_is_whole() {
    let module = Module::new(&format!(
        "{TIME}
        resource \"terraform_data\" \"first\" {{ input = 1 }}
        resource \"time_sleep\" \"second\" {{
          create_duration = \"21s\"
          triggers        = {{ after = terraform_data.first.id }}
        }}
        resource \"time_sleep\" \"slow\" {{
          create_duration = \"1h\"
          triggers        = {{ after = time_sleep.second.id }}
        }}"
    ));
    let tofu = module.prepared().await;
    tofu.begin_state().expect("written");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    let state = module.state();
    let killed = tokio::task::spawn_blocking(move || {
        let line = format!("-state={}", state.display());
        until("something is written", || read(&state).contains("\"second\""));
        let program = all().into_iter().find(|it| it.line.contains("tofu apply") && it.line.contains(&line));
        let id = program.expect("runs").id.to_string();
        assert!(Command::new("kill").args(["-KILL", &id]).status().expect("starts").success());
    });
    let failure = tofu.apply(plan).await.expect_err("killed");
    killed.await.expect("done");
    assert_eq!(
        failure.message,
        "`tofu apply` has failed: it was killed, and what it was at may be missing in its state"
    );
    assert_eq!(names_in_state(&module), ["first", "second"]);
    let file = fs::read_to_string(module.path().join("main.tf")).expect("written");
    module.write("main.tf", &file.replace("1h", "0s"));
    let tofu = module.prepared().await;
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    assert_eq!(super::fixture::told(&plan), ["create time_sleep.slow"]);
    tofu.apply(plan).await.expect("goes on");
}
