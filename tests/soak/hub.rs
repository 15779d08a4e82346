//! A cluster with the small hub, or before it, and the program for it.

use std::fmt::Debug;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::Duration;

use backstack::files::sha256;
use backstack_testbed::faults::Protocols;
use backstack_testbed::{Cluster, FaultProxy, PlayedArgoCd, Testbed};
use serde_json::Value;
use tempfile::TempDir;

use super::manifest;

/// How many clusters there are where no testbed runs yet.
const CLUSTERS: usize = 1;
/// Longer than any way takes, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(300);

/// The testbed that runs, or one for this process.
pub static TESTBED: LazyLock<Testbed> = LazyLock::new(|| Testbed::start(CLUSTERS).expect("the testbed starts"));

/// The hub. What is dropped first stands first.
pub struct Hub {
    _argocd: Option<PlayedArgoCd>,
    /// The way to the cluster on which requests go wrong.
    pub proxy: FaultProxy,
    folder: TempDir,
    pub cluster: Rc<Cluster>,
}

impl Hub {
    /// The small one, with the Argo CD that is played, on a cluster as it is.
    pub fn small(cluster: &Rc<Cluster>) -> Self {
        Self::with_played(Rc::clone(cluster), &manifest::small())
    }

    /// One of the whole manifest of Argo CD, on an empty cluster where that is played.
    pub fn played() -> Self {
        Self::with_played(Rc::new(lease()), &manifest::whole())
    }

    /// The same where Argo CD runs.
    pub fn real() -> Self {
        Self::on(Rc::new(taken(TESTBED.lease())), None, &manifest::whole())
    }

    fn with_played(cluster: Rc<Cluster>, manifest: &str) -> Self {
        let argocd = PlayedArgoCd::on(&cluster).expect("it starts");
        Self::on(cluster, Some(argocd), manifest)
    }

    fn on(cluster: Rc<Cluster>, argocd: Option<PlayedArgoCd>, manifest: &str) -> Self {
        let proxy = TESTBED.fault_proxy(cluster.kubeconfig(), Protocols::Both).expect("a proxy");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("kubeconfig"), proxy.kubeconfig().to_string()).expect("written");
        write_bundles(folder.path(), manifest);
        Self { _argocd: argocd, proxy, folder, cluster }
    }

    /// Starts the program in a bundle, by the way on which requests can go wrong.
    pub fn start(&self, bundle: &str, action: &str, step: &str) -> Child {
        let (writer, reader) = (self.cluster.repository().writer(), self.cluster.repository().reader());
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        command
            .arg(action)
            .current_dir(self.folder.path().join(bundle))
            .env("BACKSTACK_ROOT", self.folder.path())
            .env("BACKSTACK_PACE", "10")
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("GIT_PUSH_USERNAME", &writer.username)
            .env("GIT_PUSH_PASSWORD", &writer.password)
            .env("GIT_PULL_USERNAME", &reader.username)
            .env("GIT_PULL_PASSWORD", &reader.password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child.stdin.take().expect("stdin").write_all(step.as_bytes()).expect("the step is read");
        child
    }

    /// Where the bundles are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bare repository.
    pub fn repository(&self) -> PathBuf {
        self.cluster.repository().dir()
    }

    /// All objects of a kind, past the proxy, as kubectl prints them; none of a kind that is not served.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let args = ["get", kind, "--all-namespaces", "--output", "json", "--show-managed-fields"];
        let Output { status, stdout, stderr } = self.kubectl().args(args).output().expect("kubectl starts");
        let said = String::from_utf8_lossy(&stderr);
        let is_unknown = said.contains("the server doesn't have a resource type");
        assert!(status.success() || is_unknown, "{kind}: {said}");
        let list: Value = serde_json::from_slice(&stdout).unwrap_or_default();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Makes these objects, as somebody else.
    pub fn make(&self, objects: &str) {
        let mut kubectl = self.kubectl();
        kubectl.args(["create", "--filename", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = kubectl.spawn().expect("kubectl starts");
        child.stdin.take().expect("stdin").write_all(objects.as_bytes()).expect("the objects are read");
        assert!(child.wait().expect("kubectl ends").success(), "{objects}");
    }

    fn kubectl(&self) -> Command {
        let mut kubectl = Command::new(TESTBED.bin().join("kubectl"));
        kubectl.arg("--kubeconfig").arg(self.cluster.kubeconfig());
        kubectl
    }
}

/// The bundle of the hub, one of a later version of it, and that of a bead.
fn write_bundles(folder: &Path, manifest: &str) {
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: argocd, type: manifest, version: 3.6.1, \
         sha256: '{}', size: {}, url: 'https://example.org/install.yaml'}}\n",
        sha256(manifest.as_bytes()),
        manifest.len()
    );
    let hub = |settings: &str| {
        format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: hub}}\nspec:\n  argocd:\n    version: 3.6.1\n{settings}"
        )
    };
    let bead = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: web}\nspec:\n  version: 0.1.0\n  \
                description: A bead of one object\n  application: {namespace: web, manifests: app}\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {text: hello}\n";
    let none = "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets: []\n";
    for (path, text) in [
        ("hub/hub.yaml", hub("").as_str()),
        ("hub/lock.yaml", &lock),
        ("hub/assets/argocd.yaml", manifest),
        ("upgraded/hub.yaml", &hub("    config: {timeout.reconciliation: 300s}\n")),
        ("upgraded/lock.yaml", &lock),
        ("upgraded/assets/argocd.yaml", manifest),
        ("bead/bead.yaml", bead),
        ("bead/lock.yaml", none),
        ("bead/app/page.yaml", map),
    ] {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("its folder");
        fs::write(file, text).expect("written");
    }
}

/// Waits for the end of the program, which has to be a good one; what it says.
#[track_caller]
pub fn ended_well(child: Child, what: &str) -> String {
    let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert!(status.success(), "{what}: {status}\n{said}");
    said
}

/// Takes an empty cluster on which nothing runs.
pub fn lease() -> Cluster {
    taken(TESTBED.lease_pretending())
}

fn taken<E: Debug>(cluster: impl Future<Output = Result<Cluster, E>>) -> Cluster {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(cluster).expect("a cluster")
}
