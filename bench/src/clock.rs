//! One command, from its start to its end.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

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

/// What many runs took, in milliseconds.
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

fn summary(mut times: Vec<f64>) -> Times {
    times.sort_by(f64::total_cmp);
    let at = |tenth: usize| times[(times.len() - 1) * tenth / 10];
    Times { median: at(5), spread: (at(1), at(9)) }
}

/// What one long run took.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// From start to end.
    pub seconds: f64,
    /// The most memory that the process itself held, in MB.
    pub megabytes: f64,
}

/// Starts a process with this on its stdin, waits for its end, and demands this exit code.
pub fn watch(command: &mut Command, stdin: &str, what: &str, code: i32) -> Result<Effort> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).spawn().with_context(|| format!("failed to start {what}"))?;
    // Dropped at once, so that the process sees the end.
    child.stdin.take().context("a child without stdin")?.write_all(stdin.as_bytes())?;
    let mut peak = 0.0;
    loop {
        peak = high_water_mark(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait()? {
            ensure!(status.code() == Some(code), "{what} failed ({status})");
            return Ok(Effort { seconds: started.elapsed().as_secs_f64(), megabytes: peak });
        }
        thread::sleep(GLANCE);
    }
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
}
