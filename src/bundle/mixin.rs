//! One run of a mixin, as Porter's `pkg/pkgmgmt/client` runs it: a process of its own, the step on stdin, both
//! streams shown line by line, a signal passed on and waited for.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::porter::{CORE_ACTIONS, MIXIN, RESERVED_ACTIONS};
use crate::process::{Signals, command, end_with_descendants};
use crate::report::{Exit, Failure, Outcome, redact};

/// How long a mixin may take to end after it was told to (`configureGracefulShutdown` in Porter).
const GRACE: Duration = Duration::from_secs(30);

/// The longest line of a mixin that is shown whole. Any size will do: a line is held in memory, and masked as a whole.
const LONGEST_LINE: usize = 1 << 20;
/// How much of the end of a longer one may be part of a secret.
const UNSURE: usize = 1 << 14;

/// What a mixin is called with.
#[derive(Debug)]
pub(super) struct Call {
    pub mixin: String,
    pub runtime: PathBuf,
    pub action: String,
    pub stdin: String,
    pub environment: BTreeMap<String, String>,
    pub folder: PathBuf,
}

impl Call {
    /// Runs the mixin to its end. After a signal the step has failed, whatever the mixin says.
    pub async fn run(&self, tell: &impl Fn(&str), signals: &mut Signals) -> Outcome<()> {
        let mut child = self.start()?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // A mixin that has just ended cannot be told anything.
        let ask = || _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let kill = || pid.into_iter().for_each(end_with_descendants);
        let mut ended = std::pin::pin!(attend(&mut child, &self.stdin, tell));
        let mut interrupted_by = None;
        let status = loop {
            tokio::select! {
                status = &mut ended => break status.map_err(|error| self.lost(&error))?,
                number = signals.next() => {
                    // The first one asks the mixin alone, as Porter does; the second one means now.
                    if interrupted_by.is_some() { kill() } else { ask() }
                    interrupted_by = Some(number);
                }
                () = tokio::time::sleep(GRACE), if interrupted_by.is_some() => kill(),
            }
        };
        match interrupted_by {
            Some(number) => Err(Failure::new(
                Exit::Interrupted(number),
                format!("{} of {} was interrupted", self.action, self.mixin),
            )),
            None if status.success() => Ok(()),
            None => Err(self.failure(status)),
        }
    }

    fn start(&self) -> Outcome<Child> {
        // Out of the terminal's group: it is told once, by us, and not by Ctrl-C as well.
        Command::from(command(&self.runtime))
            .args(arguments(&self.action))
            .env_clear()
            .envs(&self.environment)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::failed(format!("failed to start the mixin {}: {error}", self.mixin)))
    }

    fn lost(&self, error: &io::Error) -> Failure {
        Failure::failed(format!("failed to wait for the end of the mixin {}: {error}", self.mixin))
            .hint(format!("look whether {} still runs, then run again", self.runtime.display()))
    }

    /// Our own exit codes mean the same here; those of others mean failure.
    fn failure(&self, status: ExitStatus) -> Failure {
        let exit = match status.code() {
            Some(2) if self.mixin == MIXIN => Exit::Usage,
            Some(3) if self.mixin == MIXIN => Exit::Refused,
            Some(4) if self.mixin == MIXIN => Exit::Deadline,
            _ => Exit::Failed,
        };
        Failure::new(exit, format!("mixin execution failed: {} of {} ended with {status}", self.action, self.mixin))
    }
}

/// `invoke --action NAME` for custom actions, and the action itself for those that every mixin knows
/// (`PackageManager.PreRunMixinCommandHandler` in Porter's `pkg/mixin`).
fn arguments(action: &str) -> Vec<&str> {
    let is_command = CORE_ACTIONS.contains(&action) || RESERVED_ACTIONS.contains(&action);
    if is_command { vec![action] } else { vec!["invoke", "--action", action] }
}

async fn attend(child: &mut Child, input: &str, tell: &impl Fn(&str)) -> io::Result<ExitStatus> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input.as_bytes()).await; // a mixin need not read it
        }
    };
    tokio::join!(feed, relay(stdout, tell), relay(stderr, tell));
    child.wait().await
}

/// Tells a stream line by line, each with every secret masked.
async fn relay(stream: Option<impl AsyncRead + Unpin>, tell: &impl Fn(&str)) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    while let Some(line) = next_line(&mut reader).await {
        tell(line.trim_end_matches(['\r', '\n']));
    }
}

/// The next line. One that is too long is cut, and the rest of it is dropped.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    let mut is_cut = false;
    loop {
        let chunk = reader.fill_buf().await.unwrap_or_default();
        let end = chunk.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let length = end.unwrap_or(chunk.len());
        let kept = length.min(LONGEST_LINE - line.len());
        line.extend_from_slice(&chunk[..kept]);
        is_cut |= kept < length;
        reader.consume(length);
        if end.is_some() || length == 0 {
            break;
        }
    }
    match (line.is_empty(), is_cut) {
        (true, _) => None,
        (false, true) => Some(cut(&String::from_utf8_lossy(&line))),
        (false, false) => Some(String::from_utf8_lossy(&line).into_owned()),
    }
}

/// Masked before the end of it is left out: half a secret is not known again.
fn cut(line: &str) -> String {
    let masked = redact(line);
    let sure = masked.len().saturating_sub(UNSURE);
    let end = (0..=sure).rev().find(|at| masked.is_char_boundary(*at)).unwrap_or_default();
    format!("{} … (the line is longer than {} MiB)", &masked[..end], LONGEST_LINE >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_bounded() {
        let text = [b"one\n".to_vec(), vec![b'y'; 3 * LONGEST_LINE], b"\nlast".to_vec()].concat();
        let mut reader = BufReader::new(text.as_slice());
        assert_eq!(next_line(&mut reader).await.as_deref(), Some("one\n"));
        let long = next_line(&mut reader).await.expect("a line");
        assert!(long.len() < LONGEST_LINE && long.ends_with("(the line is longer than 1 MiB)"), "{}", long.len());
        assert_eq!(next_line(&mut reader).await.as_deref(), Some("last"));
        assert_eq!(next_line(&mut reader).await, None);
    }
}
