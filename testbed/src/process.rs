//! One child process: started so that it cannot outlive us, logged to a file, ended for sure.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// How long the first process of the machine may take to bury our dead.
const BURIAL: Duration = Duration::from_millis(500);

/// For Go's runtime: collect at a fifth of the usual rate, until there is so much. The servers and Argo CD otherwise spend a
/// quarter of their time on that (a profile of kube-apiserver 1.37.2 in these tests), and memory is not what is short.
const COLLECT_RARELY: [(&str, &str); 2] = [("GOGC", "400"), ("GOMEMLIMIT", "2000MiB")];

/// What is to be started.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The name in messages and in the log's file name.
    pub name: String,
    /// The program's path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment, or nothing to inherit ours.
    pub env: Option<Vec<(String, String)>>,
    /// Its working directory, or nothing to inherit ours.
    pub cwd: Option<PathBuf>,
    /// The file that gets its stdout and stderr, appended.
    pub log: PathBuf,
}

impl Spec {
    /// A process with inherited environment that logs to `logs/NAME.log`.
    #[must_use]
    pub fn new(name: &str, program: impl Into<PathBuf>, logs: &Path) -> Self {
        Self {
            name: name.to_owned(),
            program: program.into(),
            log: logs.join(format!("{name}.log")),
            ..Self::default()
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }
}

/// A running child.
///
/// The kernel kills it when the thread that spawned it ends (`setpriv --pdeathsig`), so spawn
/// only from a thread that lives as long as the testbed: the main thread of the supervisor.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    group: Option<Pid>,
    log: PathBuf,
}

impl Process {
    /// Starts the child in a process group of its own, so that an interrupt on the terminal
    /// reaches only the supervisor, and its own children can be ended with it.
    pub fn spawn(spec: &Spec) -> Result<Self> {
        let failed = || format!("failed to start {}", spec.name);
        let log = open_log(&spec.log)?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&spec.program)
            .args(&spec.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().with_context(failed)?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        if let Some(env) = &spec.env {
            command.env_clear().envs(COLLECT_RARELY).envs(env.iter().map(|(k, v)| (k, v)));
        } else {
            command.envs(COLLECT_RARELY);
        }
        if let Some(cwd) = &spec.cwd {
            command.current_dir(cwd);
        }
        let child = command.spawn().with_context(failed)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { name: spec.name.clone(), child, group, log: spec.log.clone() })
    }

    /// The name given at the start.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        let name = &self.name;
        self.child.wait().await.with_context(|| format!("failed to wait for {name}"))
    }

    /// How the process ended, if it did; does not wait.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let name = &self.name;
        self.child.try_wait().with_context(|| format!("failed to ask after {name}"))
    }

    /// Holds the process up, with all its children.
    pub fn pause(&self) -> Result<()> {
        self.signal_all(Signal::STOP)
    }

    /// Lets it go on.
    pub fn resume(&self) -> Result<()> {
        self.signal_all(Signal::CONT)
    }

    fn signal_all(&self, signal: Signal) -> Result<()> {
        let group = self.group.with_context(|| format!("{} has no process id", self.name))?;
        kill_process_group(group, signal).with_context(|| format!("failed to signal {}", self.name))
    }

    /// Ends the process with all its children: asks first and waits for `grace`, then kills.
    pub async fn stop(mut self, grace: Duration) {
        if !grace.is_zero() {
            self.signal(Signal::TERM);
            // Too late is no error: what is left is killed.
            let _ = timeout(grace, self.gone()).await;
        }
        self.signal(Signal::KILL);
        // Nobody can refuse; only the dead that nobody buries would keep us waiting.
        let _ = timeout(BURIAL, self.gone()).await;
    }

    /// Waits until the process and all others of its group have ended.
    async fn gone(&mut self) {
        // An error means that it is gone already.
        let _ = self.child.wait().await;
        while self.group.is_some_and(|group| test_kill_process_group(group).is_ok()) {
            sleep(BURIAL / 50).await;
        }
    }

    /// An error that says how the process ended and shows the end of its log.
    #[must_use]
    pub fn obituary(&self, status: ExitStatus) -> anyhow::Error {
        anyhow::anyhow!("{} ended ({status}); the end of {}:\n{}", self.name, self.log.display(), tail(&self.log, 8))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Nobody there is just what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// The last lines of a log, indented; empty when there is none.
#[must_use]
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().collect();
    let last: Vec<_> = all
        .iter()
        .skip(all.len().saturating_sub(lines))
        .map(|line| format!("    {}\n", line.chars().take(400).collect::<String>()))
        .collect();
    last.concat()
}

/// Adds a line of our own to a child's log.
pub fn note(log: &Path, line: &str) -> Result<()> {
    writeln!(open_log(log)?, "testbed: {line}").with_context(|| format!("failed to write {}", log.display()))
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("failed to open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, dir: &Path) -> Spec {
        Spec::new("shell", "/bin/sh", dir).args(["-c", script])
    }

    #[tokio::test]
    async fn an_ended_process_tells_why() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut process = Process::spawn(&shell("echo no such luck; exit 3", dir.path())).expect("started");
        let status = process.wait().await.expect("ended");
        let error = process.obituary(status).to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.contains("no such luck"), "{error}");
    }

    #[tokio::test]
    async fn stop_takes_grandchildren_along() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("pid");
        let script = format!("trap '' TERM; sleep 60 & echo $! > {}.new; mv {0}.new {0}; wait", file.display());
        let process = Process::spawn(&shell(&script, dir.path())).expect("started");
        while !file.exists() {
            sleep(Duration::from_millis(10)).await;
        }
        process.stop(Duration::from_millis(100)).await;
        let pid = fs::read_to_string(&file).expect("written");
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        // Gone, or a zombie that waits for init.
        assert!(stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z")));
    }
}
