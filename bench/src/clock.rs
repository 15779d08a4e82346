//! One command, from its start to its end.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::{TimeVal, TimeValLike as _};
use nix::unistd::Pid;

/// Rounds that are run before anything counts, so that the programs are in memory.
const WARM_UP: usize = 5;
/// How often a process is asked for its memory; what it takes in its last moments is missed.
const GLANCE: Duration = Duration::from_millis(2);

/// A command that is started again and again; its output is thrown away.
#[derive(Debug, Clone)]
pub struct Call {
    program: PathBuf,
    args: Vec<String>,
    stdin: Option<PathBuf>,
}

impl Call {
    /// A program with its arguments, split at spaces.
    pub fn new(program: &Path, args: &str) -> Self {
        Self { program: program.to_owned(), args: args.split_whitespace().map(str::to_owned).collect(), stdin: None }
    }

    /// The file that it reads as stdin.
    pub fn reads(mut self, file: &Path) -> Self {
        self.stdin = Some(file.to_owned());
        self
    }

    /// How long one run takes, in milliseconds. A failing run is no measurement.
    pub fn run(&self) -> Result<f64> {
        let stdin = match &self.stdin {
            Some(file) => Stdio::from(File::open(file)?),
            None => Stdio::null(),
        };
        let started = Instant::now();
        let status = Command::new(&self.program)
            .args(&self.args)
            .stdin(stdin)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("failed to start {}", self.program.display()))?;
        let elapsed = started.elapsed();
        ensure!(status.success(), "{} {} failed", self.program.display(), self.args.join(" "));
        Ok(elapsed.as_secs_f64() * 1000.0)
    }
}

/// What many runs took.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Half of the runs were faster.
    pub median: f64,
    /// One run in ten was faster, and one in ten slower.
    pub spread: (f64, f64),
}

/// Runs the calls in turns, so that a busy moment of the machine meets them all.
pub fn race(calls: &[Call], runs: usize) -> Result<Vec<Times>> {
    let mut times = vec![Vec::with_capacity(runs); calls.len()];
    for round in 0..WARM_UP + runs {
        for (call, times) in calls.iter().zip(&mut times) {
            let time = call.run()?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    Ok(times.into_iter().map(summary).collect())
}

/// The middle of these, and where eight of ten are; between two of them, where it falls there.
pub fn summary(mut times: Vec<f64>) -> Times {
    times.sort_by(f64::total_cmp);
    let at = |tenths: usize| {
        let tenths = (times.len() - 1) * tenths;
        let (below, rest) = (times[tenths / 10], f64::from(u8::try_from(tenths % 10).unwrap_or_default()) / 10.0);
        below + rest * (times[tenths.div_ceil(10)] - below)
    };
    Times { median: at(5), spread: (at(1), at(9)) }
}

/// What one long run took.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// From start to end.
    pub seconds: f64,
    /// What the program and those that it waited for, as git, have computed, in seconds.
    pub cpu: f64,
    /// The most memory that the process itself held, in MB.
    pub megabytes: f64,
}

/// Starts a process with this on its stdin, waits for its end, and demands this exit code.
pub fn watch(command: &mut Command, stdin: &str, what: &str, code: i32) -> Result<Effort> {
    let (effort, status) = follow(command, stdin, what, |_| Ok(()))?;
    ensure!(status.code() == Some(code), "{what} failed ({status})");
    Ok(effort)
}

/// Starts a process with this on its stdin, and asks it to end when a line of its stderr begins with this word. Answers when that
/// came, in seconds from the start.
pub fn watch_until(command: &mut Command, stdin: &str, what: &str, word: &str) -> Result<f64> {
    let started = Instant::now();
    let mut reached = None;
    let mut told = String::new();
    follow(command.stderr(Stdio::piped()), stdin, what, |child| {
        for line in BufReader::new(child.stderr.take().context("a child without stderr")?).lines() {
            let line = line?;
            if reached.is_none() && line.starts_with(word) {
                reached = Some(started.elapsed().as_secs_f64());
                kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM)?;
            }
            told += &line;
            told.push('\n');
        }
        Ok(())
    })?;
    reached.with_context(|| format!("{what} never told `{word}`:\n{told}"))
}

/// Starts a process, attends it, and waits for its end. Nothing else of ours may end meanwhile: the system tells of all that have.
fn follow(
    command: &mut Command,
    stdin: &str,
    what: &str,
    attend: impl FnOnce(&mut Child) -> Result<()>,
) -> Result<(Effort, ExitStatus)> {
    let before = computed()?;
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).spawn().with_context(|| format!("failed to start {what}"))?;
    // Dropped at once, so that the process sees the end.
    child.stdin.take().context("a child without stdin")?.write_all(stdin.as_bytes())?;
    let (id, has_ended) = (child.id(), AtomicBool::new(false));
    thread::scope(|scope| {
        let peak = scope.spawn(|| peak_of(id, &has_ended));
        let attended = attend(&mut child);
        let status = child.wait();
        let seconds = started.elapsed().as_secs_f64();
        has_ended.store(true, Ordering::SeqCst);
        let megabytes = peak.join().unwrap_or_default();
        attended?;
        Ok((Effort { seconds, cpu: computed()? - before, megabytes }, status?))
    })
}

/// What all children that have ended, and theirs, have computed, in seconds.
fn computed() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| Duration::from_micros(time.num_microseconds().cast_unsigned()).as_secs_f64();
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn peak_of(id: u32, has_ended: &AtomicBool) -> f64 {
    let mut peak = 0.0;
    while !has_ended.load(Ordering::SeqCst) {
        peak = high_water_mark(id).unwrap_or(peak);
        thread::sleep(GLANCE);
    }
    peak
}

/// Linux keeps it for as long as the process runs.
fn high_water_mark(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let times = summary((0..=10).rev().map(f64::from).collect());
        assert_eq!((times.median, times.spread), (5.0, (1.0, 9.0)));
        let times = summary(vec![3.0, 1.0]);
        assert_eq!((times.median, times.spread), (2.0, (1.2, 2.8)));
        assert_eq!(summary(vec![4.0]).spread, (4.0, 4.0));
    }

    #[test]
    fn a_failing_command_is_no_measurement() {
        assert!(Call::new(Path::new("/bin/false"), "").run().is_err());
        assert!(Call::new(Path::new("/bin/true"), "").run().expect("a time") > 0.0);
    }

    #[test]
    fn a_process_is_seen_with_its_memory() {
        let effort = watch(Command::new("sleep").arg("0.1"), "", "sleep", 0).expect("watched");
        assert!(effort.seconds >= 0.1 && effort.megabytes > 0.1, "{effort:?}");
    }

    #[test]
    fn what_its_children_compute_is_counted() {
        let busy = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done";
        let script = format!("sh -c '{busy}'; true");
        let effort = watch(Command::new("sh").args(["-c", &script]), "", "sh", 0).expect("watched");
        assert!(effort.cpu > 0.002, "{effort:?}");
    }

    #[test]
    fn a_process_is_ended_at_its_word() {
        let script = "echo 'before it' >&2; echo 'word, and more' >&2; exec sleep 60";
        let reached = watch_until(Command::new("sh").args(["-c", script]), "", "sh", "word").expect("reached");
        assert!(reached < 60.0, "{reached}");
        assert!(watch_until(Command::new("sh").args(["-c", "echo else >&2"]), "", "sh", "word").is_err());
    }
}
