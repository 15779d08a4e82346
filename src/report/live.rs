//! The last line of a terminal: a wait that goes on is drawn there anew, with its time, until something else is said.
//!
//! Lines are written here, too, so that the one never stands in the other. The cursor is never hidden, and a line is cut
//! by the terminal itself where it is longer than we think: an interrupted run leaves nothing behind but, at worst, this line.

use std::io::Write as _;
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use anstyle::AnsiColor;
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

use super::color::{can_draw, has_colors};
use super::redact::redact;
use super::terminal::{cut, short_commits, width_of};

/// One turn of the wheel.
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// How long each of them stands.
const FRAME: Duration = Duration::from_millis(100);
/// Takes the line away that is there.
const CLEAR: &str = "\r\u{1b}[K";

static LINE: Mutex<Line> = Mutex::new(Line { wait: None, is_drawn: false, is_turning: false, turn: 0 });

/// What stands in the last line.
struct Line {
    wait: Option<Wait>,
    is_drawn: bool,
    is_turning: bool,
    turn: usize,
}

struct Wait {
    text: String,
    /// When it began.
    began: Instant,
    seconds: u64,
}

/// Whether waits are drawn here instead of said. Who works in the background would draw into the lines of others.
pub(super) fn is_on() -> bool {
    let stderr = std::io::stderr();
    can_draw(&stderr) && !is_of_others(&stderr)
}

/// Whether another group of processes has this terminal. One that does not control us says nothing of it.
fn is_of_others(terminal: &impl AsFd) -> bool {
    tcgetpgrp(terminal).is_ok_and(|group| group != getpgrp())
}

/// Writes whole lines, in one write. A wait that is drawn goes before.
pub(super) fn write(text: &str) {
    let mut line = lock();
    let clear = if line.is_drawn { CLEAR } else { "" };
    (line.wait, line.is_drawn) = (None, false);
    put(&format!("{clear}{text}\n"));
}

/// Draws a wait from now on.
pub(super) fn wait(text: &str, waited: Duration, seconds: u64) {
    let mut line = lock();
    let began = Instant::now().checked_sub(waited).unwrap_or_else(Instant::now);
    line.wait = Some(Wait { text: text.to_owned(), began, seconds });
    line.draw();
    if !line.is_turning {
        line.is_turning = true;
        std::thread::spawn(turn);
    }
}

/// Takes away what is drawn, for something that is written elsewhere on the terminal.
pub(super) fn make_room() {
    lock().take_away();
}

/// The same for the end of a run. It waits for nobody: whoever ends the run cannot.
pub fn leave_terminal() {
    let mut line = match LINE.try_lock() {
        Ok(line) => line,
        Err(TryLockError::Poisoned(line)) => line.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    line.take_away();
}

/// Draws the wheel on as long as there is a wait.
fn turn() {
    loop {
        std::thread::sleep(FRAME);
        let mut line = lock();
        if line.wait.is_none() {
            line.is_turning = false;
            return;
        }
        line.draw();
    }
}

impl Line {
    fn take_away(&mut self) {
        self.wait = None;
        if std::mem::take(&mut self.is_drawn) {
            put(CLEAR);
        }
    }

    fn draw(&mut self) {
        let Some(wait) = self.wait.as_ref().filter(|_| is_on()) else { return };
        let stderr = std::io::stderr();
        let wheel = FRAMES[self.turn % FRAMES.len()];
        let wheel = if has_colors(&stderr) {
            let style = AnsiColor::Cyan.on_default();
            format!("{style}{wheel}{style:#}")
        } else {
            wheel.to_owned()
        };
        let line = drawn(&wait.text, wait.began.elapsed().as_secs(), wait.seconds, width_of(&stderr));
        self.turn += 1;
        self.is_drawn = true;
        // Without a wrap at the edge: what is wider than its count of characters stays in its line.
        put(&format!("{CLEAR}\u{1b}[?7l{wheel} {line}\u{1b}[?7h"));
    }
}

/// A wait and its time, beside the wheel.
fn drawn(text: &str, waited: u64, seconds: u64, width: usize) -> String {
    let text: String = short_commits(&redact(text)).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let time = format!("  ({waited} of {seconds} s)");
    let room = width.saturating_sub(2 + time.len() + 1);
    format!("{}{time}", cut(&text, room))
}

fn put(text: &str) {
    // A closed stderr harms nothing: there is nobody left to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn lock() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_fits_its_line_and_keeps_its_time() {
        for width in [20, 40, 80] {
            let line = drawn(&format!("sync       {}", "waiting for a thing ".repeat(9)), 7, 900, width);
            assert!(line.ends_with("…  (7 of 900 s)") && line.chars().count() + 2 < width, "{width}: {line}");
        }
        assert_eq!(drawn("sync       a\nb\u{1b}[2J", 7, 900, 80), "sync       a b [2J  (7 of 900 s)");
    }
}
