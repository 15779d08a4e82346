//! A terminal for the program, and what a person would see in it.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Mixin;

/// How long a program may show nothing that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that has a terminal for all its streams.
pub struct InTerminal {
    pub child: Child,
    terminal: File,
    seen: String,
    /// What a call keeps until it is over.
    _call: Mixin,
}

impl Mixin {
    /// Starts it in a terminal of so many columns.
    pub fn in_terminal(mut self, columns: u16) -> InTerminal {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("granted");
        unlockpt(&terminal).expect("unlocked");
        let name = ptsname(&terminal, Vec::new()).expect("a name").into_string().expect("UTF-8");
        let side =
            OpenOptions::new().read(true).write(true).custom_flags(OFlags::NOCTTY.bits().cast_signed()).open(name);
        let side = side.expect("its other side");
        let window = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&side, window).expect("a size");
        let copy = || side.try_clone().expect("a copy");
        self.command.stdin(copy()).stdout(copy()).stderr(copy());
        let child = self.command.spawn().expect("the program starts");
        // The command would hold the other side open, and the end would never be seen.
        self.command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        self.command.stderr(std::process::Stdio::null());
        InTerminal { child, terminal: File::from(terminal), seen: String::new(), _call: self }
    }
}

impl Mixin {
    /// The same call in the background of a shell, which has the terminal.
    pub fn in_background(mut self) -> Self {
        let mut shell = Command::new("setsid");
        shell.args(["--ctty", "sh", "-mc", "\"$@\" & wait $!", "sh"]).arg(self.command.get_program());
        shell.args(self.command.get_args()).env_clear();
        shell.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = shell;
        self
    }
}

impl InTerminal {
    /// Reads until this text was written so many times.
    #[track_caller]
    pub fn until(&mut self, text: &str, times: usize) {
        let start = Instant::now();
        while self.seen.matches(text).count() < times {
            assert!(start.elapsed() < PATIENCE && self.read(), "`{text}` is not in:\n{:?}", self.seen);
        }
    }

    /// Everything that was written until the end, and the exit code.
    pub fn end(mut self) -> (i32, String) {
        while self.read() {}
        let status = self.child.wait().expect("the program ends");
        (status.code().expect("no signal"), self.seen)
    }

    /// Whether there was more to read.
    fn read(&mut self) -> bool {
        let mut piece = [0; 1 << 12];
        match self.terminal.read(&mut piece) {
            Ok(length @ 1..) => {
                self.seen.push_str(&String::from_utf8_lossy(&piece[..length]));
                true
            }
            _ => false, // the error is how a terminal says that nobody has it open any more
        }
    }
}

/// The text without colours and other orders to a terminal.
pub fn without_codes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest));
    (first + &rest.collect::<String>()).replace("\r\n", "\n")
}

/// The lines that stand in a terminal at the end: what was drawn anew is there once, and what was cleared is not.
pub fn screen(text: &str) -> Vec<String> {
    let last = |line: &str| without_codes(line.rsplit("\r\u{1b}[K").next().unwrap_or_default());
    text.replace("\r\n", "\n").split('\n').map(last).collect()
}
