//! Beads that come to a hub, as `bead new` writes one, with Argo CD's own time aside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::hub::{Hub, Place};
use crate::report::{Bound, Measure, OURS, Report, say};
use crate::series::Series;
use crate::trace::Trace;

const WHAT: &str = "bead install";
const OWN: &str = "bead install, without what Argo CD needs";
const OWN_BOUND: f64 = 0.5;

/// Installs so many beads, one after the other, and adds what that took.
pub fn measure(place: &Place<'_>, hub: &Hub<'_>, runs: usize, report: &mut Report) -> Result<()> {
    report.section("A bead on a hub");
    let mut series = Series::default();
    for run in 1..=runs {
        let name = format!("bench-{run}");
        let folder = new(place, &name)?;
        let timeline = folder.join("timeline.json");
        let effort = hub.install_bead(&folder, &timeline)?;
        let waited = Trace::read(&timeline)?.waited_for("");
        series.add_effort(WHAT, OURS, effort);
        series.add(OWN, Measure::Wall, OURS, effort.seconds - waited);
        say(&format!("  {run} of {runs}: {:.2} s, {waited:.2} s of it waits", effort.seconds));
        if run < runs {
            fs::remove_dir_all(&folder)?;
        }
    }
    series.bound(OWN, Measure::Wall, OURS, Bound::most(OWN_BOUND, Measure::Wall))?;
    series.tell(report);
    Ok(())
}

/// The bundle of a new bead.
fn new(place: &Place<'_>, name: &str) -> Result<PathBuf> {
    let folder = place.file(name);
    let parent = folder.parent().unwrap_or(Path::new("."));
    let made = Command::new(place.program)
        .args(["bead", "new", name])
        .current_dir(parent)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(made.success(), "bead new failed");
    Ok(folder)
}
