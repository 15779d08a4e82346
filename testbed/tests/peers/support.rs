//! What the tests have in common.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use backstack_testbed::{Cluster, Testbed};

const NEEDS: Duration = Duration::from_secs(120);

/// The testbed that runs, or one of this process with one cluster, which its tests take in turn.
pub static TESTBED: LazyLock<Testbed> = LazyLock::new(|| Testbed::start(1).expect("started"));

pub fn running(cluster: &Cluster) -> usize {
    let processes = cluster.processes().expect("listed");
    processes.iter().filter(|process| process.state == "Running").count()
}

pub fn kubectl(testbed: &Testbed, cluster: &Cluster, args: &[&str]) -> Output {
    let output = Command::new(testbed.bin().join("kubectl"))
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .args(args)
        .output()
        .expect("started");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + NEEDS;
    while !condition() {
        assert!(Instant::now() < deadline, "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The command lines of processes that were started with this directory.
pub fn processes_of(dir: &Path) -> Vec<String> {
    let dir = dir.display().to_string();
    fs::read_dir("/proc")
        .expect("listed")
        .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&dir))
        .collect()
}

/// Renders a chart and applies it.
pub fn install(testbed: &Testbed, cluster: &Cluster, name: &str, namespace: &str, chart: &Path, values: &[&str]) {
    kubectl(testbed, cluster, &["create", "namespace", namespace]);
    let mut helm = Command::new(testbed.bin().join("helm"));
    helm.args(["template", name, "--namespace", namespace, "--no-hooks"]).arg(chart);
    let output = helm.args(values.iter().flat_map(|value| ["--set", value])).output().expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let applied = attempt(testbed, cluster, &output.stdout, &["apply", "--server-side", "-n", namespace, "-f", "-"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
}

/// Applies objects, as often as it takes: their kinds may just be coming up.
pub fn apply(testbed: &Testbed, cluster: &Cluster, objects: &str) {
    until("the objects are applied", || {
        attempt(testbed, cluster, objects.as_bytes(), &["apply", "-f", "-"]).status.success()
    });
}

/// Runs kubectl with this on its stdin, whatever comes of it.
pub fn attempt(testbed: &Testbed, cluster: &Cluster, stdin: &[u8], args: &[&str]) -> Output {
    let mut child = Command::new(testbed.bin().join("kubectl"))
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // Dropped at once, so that kubectl sees the end.
    child.stdin.take().expect("a pipe").write_all(stdin).expect("written");
    child.wait_with_output().expect("ended")
}

/// The processes that play the cluster's pods, with all their children, by id.
pub fn family(cluster: &Cluster) -> Vec<u32> {
    let mut all: Vec<u32> = cluster.processes().expect("listed").iter().filter_map(|process| process.pid).collect();
    let mut seen = 0;
    while let Some(pid) = all.get(seen).copied() {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        seen += 1;
    }
    all
}

/// Whether none of these processes is left, but for the dead that nobody has buried yet.
pub fn are_gone(pids: &[u32]) -> bool {
    pids.iter().all(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z")
    })
}
