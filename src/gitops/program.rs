//! Programs of others (git, curl, tar, go), run with a deadline and without a terminal.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::report::{Failure, Outcome, redact};

/// What a child may see of our environment: where programs, proxies, trusted authorities and the agent are.
/// Everything else (`GIT_DIR`, tokens meant for other programs) stays outside.
const INHERITED: [&str; 18] = [
    "PATH",
    "TMPDIR",
    "SystemRoot",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "CURL_CA_BUNDLE",
    "SSH_AUTH_SOCK",
    "LD_LIBRARY_PATH",
    "NIX_SSL_CERT_FILE",
];

/// One call of a program.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    input: Vec<u8>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr, without secrets.
    pub stderr: String,
}

impl Ended {
    /// What it wrote to stdout, as text without the white space around it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

impl Program {
    /// A call of the program of this name, without arguments, in the C locale, with [`INHERITED`] and nothing else.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut command = Command::new(name);
        command.env_clear().envs(INHERITED.iter().filter_map(|key| Some((key, std::env::var_os(key)?))));
        command.env("LC_ALL", "C");
        // A group of its own, so that the helpers it starts end with it.
        command.process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { name: name.to_owned(), command, input: Vec::new() }
    }

    /// Adds arguments. Secrets are no arguments: everybody on the machine can read them.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Passes those of our variables on whose name is wanted.
    #[must_use]
    pub fn inherit(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        self.command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(&is_wanted)));
        self
    }

    /// Sets the folder that it runs in.
    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets its stdin.
    #[must_use]
    pub fn input(mut self, input: Vec<u8>) -> Self {
        self.input = input;
        self
    }

    /// Runs it to its end, whatever that is. At the deadline, or when the caller gives up, it and everything it
    /// started is killed.
    pub async fn run(mut self, deadline: Instant) -> Outcome<Ended> {
        let child = self.command.spawn().map_err(|error| not_started(&self.name, &error))?;
        let mut group = Group::of(child);
        match tokio::time::timeout_at(deadline.into(), group.finish(self.input)).await {
            Ok(ended) => ended.map_err(|error| Failure::failed(format!("failed to run {}: {error}", self.name))),
            Err(_) => Err(Failure::deadline(format!("{} did not finish in time and was ended", self.name))),
        }
    }
}

/// Ends what this process has started and not yet seen the end of, with what that started, also what others started in
/// its name: the login program of a kubeconfig belongs to the client library. Without `/proc` there is nothing to go by.
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

/// Whether a program of this name is on `PATH`.
#[must_use]
pub fn on_path(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()))
}

fn not_started(name: &str, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::failed(format!("`{name}` is not on PATH")).hint(format!("install {name}"));
    }
    Failure::failed(format!("failed to start {name}: {error}"))
}

/// A child and everything that it started; killed when dropped before its end.
struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Group {
    fn of(child: Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Self { child, leader }
    }

    async fn finish(&mut self, input: Vec<u8>) -> std::io::Result<Ended> {
        let (stdin, stdout, stderr) = (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let write = async move {
            if let Some(mut stdin) = stdin {
                // A program that ends without reading all of it says why in its exit status.
                let _ = stdin.write_all(&input).await;
            }
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let read_out = async {
            match stdout {
                Some(mut stdout) => stdout.read_to_end(&mut out).await,
                None => Ok(0),
            }
        };
        let read_err = async {
            match stderr {
                Some(mut stderr) => stderr.read_to_end(&mut err).await,
                None => Ok(0),
            }
        };
        let ((), read_out, read_err, status) = tokio::join!(write, read_out, read_err, self.child.wait());
        let status = status?;
        self.leader = None; // ended by itself; the number may belong to somebody else from now on
        read_out.and(read_err)?;
        Ok(Ended { status, stdout: out, stderr: redact(&String::from_utf8_lossy(&err)) })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // Gone already is as good.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[tokio::test]
    async fn input_and_both_outputs_are_carried_whole() {
        let input = vec![b'x'; 1 << 20];
        let ended =
            Program::new("sh").args(["-c", "cat; echo done >&2; exit 3"]).input(input.clone()).run(soon()).await;
        let ended = ended.expect("runs");
        assert_eq!((ended.status.code(), ended.stdout, ended.stderr.as_str()), (Some(3), input, "done\n"));
    }

    #[tokio::test]
    async fn the_deadline_ends_the_helpers_too() {
        let dir = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let script = "(sleep 2; touch late) & wait";
        let ended = Program::new("sh").args(["-c", script]).dir(dir.path()).run(started + Duration::from_millis(300));
        let failure = ended.await.expect_err("too late");
        assert_eq!(failure.exit.code(), 4);
        assert!(started.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(2200)).await;
        assert!(!dir.path().join("late").exists());
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let failure = Program::new("no-such-program").run(soon()).await.expect_err("not there");
        assert_eq!(failure.message, "`no-such-program` is not on PATH");
    }
}
