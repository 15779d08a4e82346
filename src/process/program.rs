//! Programs of others (git, curl, go, helm, tofu), run with a deadline, without a terminal, and with an answer that has an end.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use tokio::io::AsyncWrite;
use tokio::process::Command;
use zeroize::Zeroizing;

use super::attend::{command, gentle_command};
use super::folder::TemporaryFolder;
use super::gentle::Gentle;
use super::group::{Broken, Group, Tell};
use crate::report::{Failure, Outcome};

/// How many bytes a program may write to stdout, unless its caller expects more.
const LONGEST_ANSWER: u64 = 64 << 20;

/// What every child sees of our environment: where programs, their libraries and room for files are. Everything else
/// (`GIT_DIR`, tokens meant for other programs) stays outside.
const INHERITED: [&str; 3] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH"];
/// What those see that ask servers: proxies, which may hold a password, and trusted authorities.
const NETWORK: [&str; 13] = [
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
    "NIX_SSL_CERT_FILE",
];
/// The proxy that our own clients take, and that programs do not: servers can set it by a header.
const OF_OUR_CLIENTS: &str = "HTTP_PROXY";
/// Where the keys of the user are in memory.
const AGENT: &str = "SSH_AUTH_SOCK";

/// Whether a variable says how servers are reached.
#[must_use]
pub fn is_of_network(variable: &str) -> bool {
    NETWORK.contains(&variable) || variable == OF_OUR_CLIENTS
}

/// One call of a program.
#[derive(Debug)]
pub struct Program {
    name: String,
    command: Command,
    input: Zeroizing<Vec<u8>>,
    bound: u64,
    tell: Option<Tell>,
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
        // It leads a group of its own, so that the helpers it starts end with it.
        let mut call = Self::call(name, command(name));
        call.command.kill_on_drop(true);
        call.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        call
    }

    /// The same for [`Program::start_gently`]. What it writes is for nobody else: OpenTofu writes its state and its plans by the
    /// umask, with sensitive values in clear. A terminal that goes away is no reason to end: it does not handle SIGHUP, and dies
    /// of it as of SIGKILL (1.12.6, seen).
    #[must_use]
    pub fn gentle(name: &str) -> Self {
        Self::call(name, gentle_command("sh")).args(["-c", "umask 077; trap '' HUP; exec \"$0\" \"$@\"", name])
    }

    fn call(name: &str, command: std::process::Command) -> Self {
        let mut command = Command::from(command);
        command.env_clear().env("LC_ALL", "C");
        let program =
            Self { name: name.to_owned(), command, input: Zeroizing::default(), bound: LONGEST_ANSWER, tell: None };
        program.inherit(|variable| INHERITED.contains(&variable))
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

    /// Lets it ask servers, by the proxies of the user.
    #[must_use]
    pub fn on_network(self) -> Self {
        self.inherit(|variable| NETWORK.contains(&variable))
    }

    /// Lets it log in by ssh with the keys that the user's agent holds.
    #[must_use]
    pub fn with_agent(self) -> Self {
        self.inherit(|variable| variable == AGENT)
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

    /// Sets its stdin, which is wiped when it was read.
    #[must_use]
    pub fn input(mut self, input: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        self.input = input.into();
        self
    }

    /// Sets how many bytes it may write to stdout. With more it is ended.
    #[must_use]
    pub fn bound(mut self, bytes: u64) -> Self {
        self.bound = bytes;
        self
    }

    /// Has the lines that it writes to stderr told while it waits, since they may be for somebody who is to act.
    #[must_use]
    pub fn telling(mut self, tell: Tell) -> Self {
        self.tell = Some(tell);
        self
    }

    /// Runs it to its end, whatever that is. At the deadline, when it does not stop to write, or when the caller gives up, it
    /// and everything it started is killed.
    pub async fn run(self, deadline: Instant) -> Outcome<Ended> {
        let mut stdout = Vec::new();
        let (status, stderr) = self.run_into(&mut stdout, deadline).await?;
        Ok(Ended { status, stdout, stderr })
    }

    /// The same, with its stdout written to a place that is given, such as a file. Gives its exit status and its stderr,
    /// without secrets.
    pub async fn run_into(
        mut self,
        stdout: &mut (impl AsyncWrite + Unpin),
        deadline: Instant,
    ) -> Outcome<(ExitStatus, String)> {
        let (name, bound, tell) = (self.name.clone(), self.bound, self.tell);
        let mut group = self.spawn()?;
        match tokio::time::timeout_at(deadline.into(), group.finish(&self.input, stdout, bound, tell)).await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(Broken::TooLong(stream, bound))) => {
                Err(Failure::failed(format!("{name} wrote more than {bound} bytes to {stream} and was ended")))
            }
            Ok(Err(Broken::Held)) => Err(Failure::failed(format!(
                "{name} has ended, and something that it has started keeps its streams open"
            ))),
            Ok(Err(Broken::Lost(error))) => Err(Failure::failed(format!("failed to run {name}: {error}"))),
            Err(_) => Err(Failure::deadline(format!("{name} did not finish in time and was ended"))),
        }
    }

    /// Starts it, to run until what is returned is dropped. Nobody reads what it writes.
    pub fn start(mut self) -> Outcome<Running> {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.spawn().map(Running)
    }

    /// Starts it, to run until it ends by itself; its streams are files, which stay there whoever goes. It works in a temporary
    /// folder of ours, which no other run takes away meanwhile.
    pub fn start_gently(mut self, stdout: File, stderr: File, folder: &TemporaryFolder) -> Outcome<Gentle> {
        self.command.stdin(folder.hold()).stdout(stdout).stderr(stderr);
        self.command.spawn().map(Gentle::of).map_err(|error| not_started(&self.name, &error))
    }

    fn spawn(&mut self) -> Outcome<Group> {
        self.command.spawn().map(Group::of).map_err(|error| not_started(&self.name, &error))
    }
}

/// A program that runs, with everything that it started; ended when dropped.
#[derive(Debug)]
pub struct Running(Group);

impl Running {
    /// Whether it has not ended by itself.
    pub fn is_there(&mut self) -> bool {
        self.0.is_there()
    }
}

fn not_started(name: &str, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::failed(format!("`{name}` is not on PATH")).hint(format!("install {name}"));
    }
    Failure::failed(format!("failed to start {name}: {error}"))
        .hint("each program needs a process and a handful of open files: see `ulimit -u` and `ulimit -n`")
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
    async fn the_deadline_ends_also_what_has_left_the_group() {
        let dir = tempfile::tempdir().expect("a folder");
        let script = "setsid sh -c 'sleep 1; touch late' & wait";
        let ended = Program::new("sh").args(["-c", script]).dir(dir.path());
        ended.run(Instant::now() + Duration::from_millis(300)).await.expect_err("too late");
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert!(!dir.path().join("late").exists());
    }

    #[tokio::test]
    async fn streams_that_somebody_holds_end_soon() {
        let started = Instant::now();
        let failure = Program::new("sh").args(["-c", "sleep 6 &"]).run(soon()).await.expect_err("held");
        assert_eq!(failure.message, "sh has ended, and something that it has started keeps its streams open");
        assert!(started.elapsed() < Duration::from_secs(6));
    }

    #[tokio::test]
    async fn who_does_not_stop_to_write_is_ended() {
        let failure = Program::new("yes").bound(1000).run(soon()).await.expect_err("endless");
        assert_eq!(failure.message, "yes wrote more than 1000 bytes to stdout and was ended");
        let failure = Program::new("sh").args(["-c", "yes >&2"]).run(soon()).await.expect_err("endless");
        assert_eq!(failure.message, "sh wrote more than 1048576 bytes to stderr and was ended");
        let ended =
            Program::new("printf").args(["%s", "12345"]).bound(5).run(soon()).await.expect("as long as it may be");
        assert_eq!(ended.text(), "12345");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let failure = Program::new("no-such-program").run(soon()).await.expect_err("not there");
        assert_eq!(failure.message, "`no-such-program` is not on PATH");
    }
}
