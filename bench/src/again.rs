//! What is done on a hub that is installed, beside kubectl, which looks whether Argo CD's objects alone would change.

use anyhow::Result;

use crate::clock::{Effort, watch};
use crate::hub::{Hub, Place, writes};
use crate::report::{Bound, Measure, OURS, Report, say};
use crate::series::Series;

const RERUN: &str = "install again, nothing to do, with the proof";
const KUBECTL: &str = "kubectl apply --server-side --dry-run=server";
const RERUN_CPU: f64 = 0.12;
const RERUN_REQUESTS: f64 = 25.0;
const RERUN_MEMORY: f64 = 20.0;
const DIFF: f64 = 0.6;
const DIFF_MEMORY: f64 = 30.0;

/// Runs everything in turns so often, and adds what that took.
pub fn measure(place: &Place<'_>, hub: &Hub<'_>, runs: usize, report: &mut Report) -> Result<()> {
    report.section("A hub that is installed");
    let mut series = Series::default();
    for run in 1..=runs {
        let again = hub.run("install", 0)?;
        series.add_effort(RERUN, OURS, again);
        series.add_effort(RERUN, KUBECTL, kubectl(place, hub.cluster.kubeconfig())?);
        for action in ["diff", "status"] {
            series.add_effort(action, OURS, hub.run(action, 0)?);
        }
        say(&format!("  {run} of {runs}: install again {:.2} s", again.seconds));
    }
    count(place, hub, &mut series)?;

    for (measure, factor) in [(Measure::Wall, 0.25), (Measure::Cpu, 0.3)] {
        let other = series.median(RERUN, measure, KUBECTL)?;
        series.bound(RERUN, measure, OURS, Bound::times(factor, other, "kubectl"))?;
    }
    // Of the CPU there are two goals, and the stricter one is the goal.
    if RERUN_CPU < 0.3 * series.median(RERUN, Measure::Cpu, KUBECTL)? {
        series.bound(RERUN, Measure::Cpu, OURS, Bound::most(RERUN_CPU, Measure::Cpu))?;
    }
    for (what, measure, most) in [
        (RERUN, Measure::Memory, RERUN_MEMORY),
        (RERUN, Measure::Requests, RERUN_REQUESTS),
        (RERUN, Measure::Writes, 0.0),
        ("diff", Measure::Wall, DIFF),
        ("diff", Measure::Memory, DIFF_MEMORY),
    ] {
        series.bound(what, measure, OURS, Bound::most(most, measure))?;
    }
    series.tell(report);
    Ok(())
}

/// Counts what each asks the API server, once, on a way of its own.
fn count(place: &Place<'_>, hub: &Hub<'_>, series: &mut Series) -> Result<()> {
    let (proxy, kubeconfig) = hub.counted()?;
    hub.run_by(kubeconfig.path(), "install", 0, None)?;
    let of_ours = proxy.seen();
    proxy.forget();
    kubectl(place, kubeconfig.path())?;
    let of_kubectl = proxy.seen();
    for (program, seen) in [(OURS, of_ours), (KUBECTL, of_kubectl)] {
        let written = seen.iter().filter(|it| writes(&it.line)).count();
        series.add(RERUN, Measure::Requests, program, f64::from(u32::try_from(seen.len())?));
        series.add(RERUN, Measure::Writes, program, f64::from(u32::try_from(written)?));
    }
    Ok(())
}

fn kubectl(place: &Place<'_>, kubeconfig: &std::path::Path) -> Result<Effort> {
    let mut command = place.tool("kubectl", kubeconfig);
    // Argo CD has its fields from its own way to apply.
    command.args(["apply", "--server-side", "--dry-run=server", "--force-conflicts", "--namespace", "argocd"]);
    watch(command.arg("--filename").arg(place.manifest()), "", "kubectl", 0)
}
