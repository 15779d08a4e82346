//! First installs of a hub: how long until it is proven, and what of that is not Argo CD's.

use anyhow::{Context, Result};

use crate::hub::{Hub, Place};
use crate::report::{Bound, Measure, OURS, Report, say};
use crate::series::Series;
use crate::trace::Trace;

const WHAT: &str = "first install, to proven";
const RELEASE: &str = "first install, from synced to proven";
/// Once after each install: at one commit Argo CD heals later each time.
const VERIFY: &str = "verify";
const WITHOUT_CANARY: &str = "verify, without the wait for its canary";
const CANARY: &str = "canary";
/// Argo CD applies its own objects in 6 to 8 s on two cores, and Crossplane comes after it.
const WHOLE_BOUND: f64 = 20.0;
const RELEASE_BOUND: f64 = 4.0;
const CPU_BOUND: f64 = 0.25;
const MEMORY_BOUND: f64 = 20.0;
const VERIFY_BOUND: f64 = 0.2;
const VERIFY_MEMORY_BOUND: f64 = 30.0;

/// Installs so often, each time on an empty cluster, and adds what that took. The last hub stays, with its timeline.
pub fn measure<'a>(place: &'a Place<'a>, runs: usize, report: &mut Report) -> Result<(Hub<'a>, Trace)> {
    report.section("First install, and its proof");
    let mut series = Series::default();
    let mut last: Option<(Hub<'a>, Trace)> = None;
    for run in 1..=runs {
        drop(last.take()); // its cluster is the next one's
        let hub = place.hub()?;
        let file = place.file("timeline.json");
        let effort = hub.run_by(hub.cluster.kubeconfig(), "install", 0, Some(&file))?;
        let trace = Trace::read(&file)?;
        series.add_effort(WHAT, OURS, effort);
        series.add(RELEASE, Measure::Wall, OURS, trace.end() - trace.end_of("sync")?);
        if run == runs {
            hub.record()?;
        }
        let verified = hub.run_by(hub.cluster.kubeconfig(), "verify", 0, Some(&file))?;
        series.add_effort(VERIFY, OURS, verified);
        let healed = Trace::read(&file)?.waited_for(CANARY);
        series.add(WITHOUT_CANARY, Measure::Wall, OURS, verified.seconds - healed);
        say(&format!("  {run} of {runs}: {:.1} s, verify {:.2} s", effort.seconds, verified.seconds));
        last = Some((hub, trace));
    }
    for (what, measure, most) in [
        (WHAT, Measure::Wall, WHOLE_BOUND),
        (WHAT, Measure::Cpu, CPU_BOUND),
        (WHAT, Measure::Memory, MEMORY_BOUND),
        (RELEASE, Measure::Wall, RELEASE_BOUND),
        (WITHOUT_CANARY, Measure::Wall, VERIFY_BOUND),
        (VERIFY, Measure::Memory, VERIFY_MEMORY_BOUND),
    ] {
        series.bound(what, measure, OURS, Bound::most(most, measure))?;
    }
    series.tell(report);
    last.context("at least one run")
}
