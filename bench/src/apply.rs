//! What Argo CD needs to begin, applied to an empty cluster that is near, further away, and far; beside kubectl and Helm with
//! Argo CD's objects alone, and beside the floor, which is the same bytes over one warm connection.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use backstack_testbed::Distance;
use backstack_testbed::faults::Asked;
use tempfile::TempDir;

use crate::clock::{Effort, watch};
use crate::floor;
use crate::hub::{Hub, Place, writes};
use crate::report::{Bound, Measure, OURS, Report, say};
use crate::series::Series;
use crate::trace::Trace;

/// What is added to each round trip, in milliseconds.
const DISTANCES: [u64; 3] = [0, 5, 20];
const FLOOR: &str = "floor";
const KUBECTL: &str = "kubectl apply --server-side";
const HELM: &str = "helm install";
const HELM_WAIT: &str = "helm install --wait";
const REQUESTS: &str = "first apply, an object";

/// Who applies Argo CD's objects alone.
struct Peers<'a> {
    place: &'a Place<'a>,
    chart: TempDir,
}

/// Applies by all in turns so often, and adds what that took.
pub fn measure(place: &Place<'_>, runs: usize, report: &mut Report) -> Result<()> {
    report.section("First apply, on an empty cluster");
    let peers = Peers { place, chart: chart(place)? };
    let mut series = Series::default();
    let bytes = count(&peers, &mut series)?;
    for run in 1..=runs {
        let mut told = Vec::new();
        for distance in DISTANCES {
            let (what, way) = (what(distance), Duration::from_millis(distance));
            let ours = applied(place, way)?;
            series.add(&what, Measure::Wall, OURS, ours);
            series.add(&what, Measure::Wall, FLOOR, on_empty(place, way, |_, it| floor::send(it, &bytes))?);
            let effort = on_empty(place, way, |hub, it| peers.kubectl(hub, it))?;
            series.add_effort(&what, KUBECTL, effort);
            if distance == 0 {
                // It waits for pods, not for the way: once is enough.
                for (program, wait) in [(HELM, false), (HELM_WAIT, true)] {
                    series.add_effort(&what, program, on_empty(place, way, |_, it| peers.helm(it, wait))?);
                }
            }
            told.push(format!("{ours:.2} s at {distance} ms"));
        }
        say(&format!("  {run} of {runs}: {}", told.join(", ")));
    }
    for distance in DISTANCES {
        let what = what(distance);
        let floor = series.median(&what, Measure::Wall, FLOOR)?;
        series.bound(&what, Measure::Wall, OURS, Bound::times(1.15, floor, FLOOR))?;
        let kubectl = series.median(&what, Measure::Wall, KUBECTL)?;
        // Far away there are two goals, and the stricter one is the goal.
        if distance == 20 && 0.15 * kubectl < 1.15 * floor {
            series.bound(&what, Measure::Wall, OURS, Bound::times(0.15, kubectl, "kubectl"))?;
        }
    }
    series.bound(REQUESTS, Measure::Requests, OURS, Bound::most(1.15, Measure::Requests))?;
    series.tell(report);
    Ok(())
}

fn what(distance: u64) -> String {
    format!("first apply, {distance} ms of round trip more")
}

/// How long our program applies, from its commit on.
fn applied(place: &Place<'_>, way: Duration) -> Result<f64> {
    let hub = place.pretended()?;
    let distance = Distance::to(hub.cluster.kubeconfig(), way)?;
    let file = place.file("apply.json");
    hub.apply_by(distance.kubeconfig(), &file)?;
    let trace = Trace::read(&file)?;
    Ok(trace.end_of("apply")? - trace.end_of("commit")?)
}

fn on_empty<T>(place: &Place<'_>, way: Duration, act: impl FnOnce(&Hub<'_>, &Path) -> Result<T>) -> Result<T> {
    let hub = place.pretended()?;
    let distance = Distance::to(hub.cluster.kubeconfig(), way)?;
    act(&hub, distance.kubeconfig())
}

/// Counts what each asks the API server, an object, once; and keeps what our program has written.
fn count(peers: &Peers<'_>, series: &mut Series) -> Result<Vec<Asked>> {
    let hub = peers.place.pretended()?;
    let (proxy, kubeconfig) = hub.counted()?;
    proxy.keep();
    hub.apply_by(kubeconfig.path(), &peers.place.file("apply.json"))?;
    let kept = proxy.kept();
    let line = |it: &Asked| format!("{} {}", it.method, it.path);
    let last = kept.iter().rposition(|it| writes(&line(it)));
    let asked = &kept[..last.map_or(0, |last| last + 1)];
    let written: Vec<Asked> = asked.iter().filter(|it| writes(&line(it))).cloned().collect();
    ensure!(!written.is_empty(), "nothing was applied");
    tell_count(series, OURS, asked.len(), written.len())?;
    drop((proxy, hub));

    let hub = peers.place.pretended()?;
    let (proxy, kubeconfig) = hub.counted()?;
    peers.kubectl(&hub, kubeconfig.path())?;
    let seen = proxy.seen();
    tell_count(series, KUBECTL, seen.len(), seen.iter().filter(|it| writes(&it.line)).count())?;
    drop((proxy, hub));

    let hub = peers.place.pretended()?;
    let (proxy, kubeconfig) = hub.counted()?;
    peers.helm(kubeconfig.path(), false)?;
    let seen = proxy.seen();
    // Two of them are of its own record of the release.
    tell_count(series, HELM, seen.len(), seen.iter().filter(|it| writes(&it.line)).count() - 2)?;
    Ok(written)
}

fn tell_count(series: &mut Series, program: &str, requests: usize, objects: usize) -> Result<()> {
    let (requests, objects) = (u32::try_from(requests)?, u32::try_from(objects)?);
    series.add(REQUESTS, Measure::Requests, program, f64::from(requests) / f64::from(objects));
    Ok(())
}

impl Peers<'_> {
    fn kubectl(&self, hub: &Hub<'_>, kubeconfig: &Path) -> Result<Effort> {
        let made = hub.kubectl().args(["create", "namespace", "argocd"]).status()?;
        ensure!(made.success(), "kubectl could not make a namespace");
        let mut command = self.place.tool("kubectl", kubeconfig);
        command.args(["apply", "--server-side", "--namespace", "argocd", "--filename"]).arg(self.place.manifest());
        watch(&mut command, "", "kubectl", 0)
    }

    fn helm(&self, kubeconfig: &Path, wait: bool) -> Result<Effort> {
        let mut command: Command = self.place.tool("helm", kubeconfig);
        command.args(["install", "argocd"]).arg(self.chart.path());
        command.args(["--namespace", "argocd", "--create-namespace"]);
        if wait {
            command.arg("--wait");
        }
        watch(&mut command, "", "helm", 0)
    }
}

/// Argo CD's manifest as a chart.
fn chart(place: &Place<'_>) -> Result<TempDir> {
    let chart = tempfile::tempdir()?;
    let file = |name: &str| -> PathBuf { chart.path().join(name) };
    fs::write(file("Chart.yaml"), "apiVersion: v2\nname: argocd\nversion: 0.1.0\n")?;
    fs::create_dir(file("templates"))?;
    // Not a template itself: there are braces in its texts.
    fs::copy(place.manifest(), file("install.yaml"))?;
    fs::write(file("templates/all.yaml"), "{{ .Files.Get \"install.yaml\" }}")?;
    Ok(chart)
}
