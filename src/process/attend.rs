//! What this program starts ends with it, however it ends.
//!
//! Linux tells a process that its parent is gone only when it has asked for that itself (`PR_SET_PDEATHSIG`), and git, ssh
//! and curl do not ask. So between us and a program stands this program once more: it asks, leads the group of all that the
//! program starts, passes on signals and the exit status, and ends all that is left of it when the program has ended, or the
//! one that started it is gone.
//!
//! Where there is no `/proc`, as on macOS, programs are started directly: what leaves their group may outlive a run, and all of
//! it one that is killed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, getpid, getppid, kill_process, kill_process_group, setpgid};

use super::descendants::{ATTEND_GENTLY, end_children, spare_children};
use super::gentle::PATIENCE;
use super::linux::{adopt_orphans, be_told_of_the_parents_end};
use super::signals::Signals;
use crate::report::{Console, Failure, Outcome};

/// The first argument of a call of this program that stands between us and another one. No verb of people.
const ATTEND: &str = "attend-child";
/// This program, also when its file was replaced in the meantime.
const OURSELVES: &str = "/proc/self/exe";
/// The exit code of a program that cannot be started (POSIX, "Exit Status for Commands").
const NOT_STARTED: u8 = 126;

/// The signal that asks a program to end.
const TERMINATE: u8 = 15;
/// How often our parent is looked for after a signal. Linux sends that of `PR_SET_PDEATHSIG` when a thread ends (prctl(2)), which
/// is a moment before its process has.
const AGAIN: Duration = Duration::from_millis(50);

/// How the end of a program is brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It gets our signals, and ends with our parent.
    Strict,
    /// It is asked once, be it by a signal or by the end of our parent, and then waited for.
    Gentle,
}

impl Manner {
    fn word(self) -> &'static str {
        match self {
            Self::Strict => ATTEND,
            Self::Gentle => ATTEND_GENTLY,
        }
    }

    /// When our parent is looked for again after a signal; without one the program is ended then.
    fn pause(self) -> Duration {
        match self {
            Self::Strict => AGAIN,
            Self::Gentle => PATIENCE,
        }
    }
}

/// Whether `main` answers to [`ATTEND`]: in the tests of the library, "this program" is another one.
static IS_ATTENDING: OnceLock<()> = OnceLock::new();

/// From now on programs are started so that they end with this one, and only they do: what is there already is spared.
pub fn attend_children() {
    spare_children();
    if Path::new(OURSELVES).exists() {
        IS_ATTENDING.get_or_init(|| ());
    }
}

/// A call of a program, without arguments. Its process leads a group.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    call(program.as_ref(), attended(program.as_ref()))
}

/// The same for a program that is asked to end, once, and never made to: also when the one that started it is gone.
pub(super) fn gentle_command(program: &str) -> Command {
    call(program.as_ref(), attended_by(Manner::Gentle, program.as_ref()))
}

fn call(program: &OsStr, attended: Option<(&str, [OsString; 3])>) -> Command {
    let mut command = match attended {
        Some((ourselves, words)) => {
            let mut command = Command::new(ourselves);
            command.arg0(env!("CARGO_PKG_NAME")).args(words);
            command
        }
        None => Command::new(program),
    };
    command.process_group(0);
    command
}

/// The same for those who make the call themselves: what to call instead of a program, and with which words before its
/// arguments. A program that is not there is called by itself, so that its absence is told by the system.
fn attended(program: &OsStr) -> Option<(&'static str, [OsString; 3])> {
    attended_by(Manner::Strict, program)
}

fn attended_by(manner: Manner, program: &OsStr) -> Option<(&'static str, [OsString; 3])> {
    IS_ATTENDING.get()?;
    let is_there = if program.as_bytes().contains(&b'/') { Path::new(program).is_file() } else { on_path(program) };
    is_there.then(|| (OURSELVES, [manner.word().into(), std::process::id().to_string().into(), program.to_owned()]))
}

/// Whether a program of this name is on `PATH`.
#[must_use]
pub fn on_path(name: impl AsRef<OsStr>) -> bool {
    let path = std::env::var_os("PATH");
    path.is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name.as_ref()).is_file()))
}

/// Does what [`command`] has asked for, if that is what this process was started for: the command line is given, without the
/// name of the program.
pub fn attend(mut line: impl Iterator<Item = OsString>) -> Option<Outcome<ExitCode>> {
    let word = line.next()?;
    let manner = [Manner::Strict, Manner::Gentle].into_iter().find(|manner| word == manner.word())?;
    let parent = line.next()?.to_str()?.parse().ok().and_then(Pid::from_raw)?;
    let program = line.next()?;
    // The kernel tells of the end of the thread that started us, and that thread waits for us. First this and then the look at the
    // parent below: one that had ended before is told of by nobody.
    be_told_of_the_parents_end();
    let _ = setpgid(None, None); // refused to who leads a session, and so a group
    adopt_orphans();
    if getppid() != Some(parent) {
        return Some(Ok(ExitCode::FAILURE));
    }
    let mut command = Command::new(&program);
    command.args(line);
    if manner == Manner::Gentle {
        command.stdin(Stdio::null()); // ours is the lock of its folder
    }
    Some(stand_between(parent, command, manner))
}

fn stand_between(parent: Pid, command: Command, manner: Manner) -> Outcome<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::failed(format!("failed to wait for a program: {error}")))?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let name = command.get_program().to_owned();
        let mut child = match tokio::process::Command::from(command).spawn() {
            Ok(child) => child,
            Err(error) => {
                Console::new(false).say(format!("failed to start {}: {error}", name.display()));
                return Ok(NOT_STARTED.into());
            }
        };
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut is_told = false;
        loop {
            tokio::select! {
                status = child.wait() => {
                    end_children(); // what it did not take along
                    return status.map(end_like).map_err(|error| {
                        Failure::failed(format!("failed to wait for the end of {}: {error}", name.display()))
                    });
                }
                number = signals.next() => {
                    match manner {
                        Manner::Strict => {
                            end_without(parent);
                            pass_on(number, id);
                        }
                        Manner::Gentle if is_told => {}
                        Manner::Gentle => pass_on(TERMINATE, id),
                    }
                    is_told = true;
                }
                // The kernel tells of the first thread of a parent that is ending, which may not be the last one.
                () = tokio::time::sleep(manner.pause()), if is_told => end_without(parent),
            }
        }
    })
}

/// Nobody is left to read what the program answers when our parent is gone: that ends it, and us.
fn end_without(parent: Pid) {
    if getppid() != Some(parent) {
        end_children();
        let _ = kill_process_group(getpgrp(), Signal::KILL);
    }
}

fn pass_on(number: u8, child: Option<Pid>) {
    if let (Some(signal), Some(child)) = (Signal::from_named_raw(i32::from(number)), child) {
        let _ = kill_process(child, signal); // gone already is as good
    }
}

/// Ends as the program has ended.
fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal().and_then(Signal::from_named_raw) {
        // Those that we listen to do not end us any more; the code says the same.
        let _ = kill_process(getpid(), signal);
    }
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    u8::try_from(code).unwrap_or(1).into()
}
