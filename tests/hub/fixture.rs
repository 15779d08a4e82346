//! A hub on real servers: a leased cluster, a repository, a copy of the bundle, and the program.

use std::cell::Cell;
use std::fmt::Debug;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use backstack::files::sha256;
use backstack_testbed::{Cluster, Repository, Testbed};
use serde_json::Value;
use tempfile::TempDir;

use crate::signals;

/// How many hubs live side by side where no testbed runs yet.
const CLUSTERS: usize = 2;
/// What a wait in a test may take; far more than it needs, so that only a real hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// How long a look that fails is taken again.
const AGAIN: Duration = Duration::from_secs(120);

/// The outputs below the folder of a hub.
const OUTPUTS: &str = "cnab/app/porter/outputs";

/// Upstream's manifest of the highly available Argo CD, in its module.
pub const HIGHLY_AVAILABLE: &str = "manifests/ha/install.yaml";

/// The testbed that runs, or one for all tests of this process, which ends with it.
pub static TESTBED: LazyLock<Testbed> = LazyLock::new(|| Testbed::start(CLUSTERS).expect("the testbed starts"));

/// Everything that one hub needs.
pub struct Hub {
    pub cluster: Cluster,
    pub repository: Repository,
    pub folder: TempDir,
}

/// What the program did.
pub struct Run {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Waits for the end of the program.
    pub fn of(mut child: Child) -> Self {
        let stderr = std::io::read_to_string(child.stderr.take().expect("stderr")).expect("stderr is text");
        Self::ended(child, stderr)
    }

    /// The same, and does something when the program says a line that starts with `word`, which it has to.
    #[track_caller]
    pub fn watched(mut child: Child, word: &str, act: impl FnOnce(&Child)) -> Self {
        let mut stderr = String::new();
        let mut act = Some(act);
        for line in BufReader::new(child.stderr.take().expect("stderr")).lines() {
            let line = line.expect("stderr is text");
            if line.starts_with(word)
                && let Some(act) = act.take()
            {
                act(&child);
            }
            stderr.push_str(&line);
            stderr.push('\n');
        }
        assert!(act.is_none(), "`{word}` was not reached:\n{stderr}");
        Self::ended(child, stderr)
    }

    fn ended(mut child: Child, stderr: String) -> Self {
        let stdout = std::io::read_to_string(child.stdout.take().expect("stdout")).expect("stdout is text");
        Self { status: child.wait().expect("the program ends"), stdout, stderr }
    }

    /// The exit code; a test that meets a signal has failed.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal:\n{}", self.stderr))
    }

    /// Demands an exit code, and shows what the program said otherwise.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}", self.stderr);
        self
    }

    /// Demands that the program said something.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }
}

/// Makes `to` a copy of a bundle of this repository: these files, and its downloads, which are brought once in a run.
pub fn copy_bundle(bundle: &str, files: &[&str], to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundles").join(bundle);
    let copy = |to: &Path, files: &[&str]| {
        fs::create_dir_all(to).expect("the bundle's folder");
        for file in files {
            fs::create_dir_all(to.join(file).parent().expect("a folder")).expect("its folder");
            fs::copy(from.join(file), to.join(file)).expect("a file of the bundle");
        }
    };
    copy(to, files);
    let dir = TESTBED.description().dir.join("bundles");
    fs::create_dir_all(&dir).expect("a folder");
    let guard = fs::File::create(dir.join("guard")).expect("a lock");
    guard.lock().expect("the lock");
    // A testbed may outlive a change of the lock.
    let pins = sha256(&fs::read(from.join("lock.yaml")).expect("the lock")).replace(':', "-");
    let brought = dir.join(pins);
    if !brought.exists() {
        let unfinished = dir.join("unfinished");
        let _ = fs::remove_dir_all(&unfinished); // there may be none
        copy(&unfinished, files);
        vendor(&unfinished);
        fs::rename(&unfinished, &brought).expect("finished");
    }
    drop(guard);
    let _ = fs::remove_dir_all(to.join("assets")); // those of another version, or none
    let copied = Command::new("cp").arg("-a").arg(brought.join("assets")).arg(to).status();
    assert!(copied.expect("cp starts").success());
}

/// Takes a cluster.
pub fn lease<E: Debug>(cluster: impl Future<Output = Result<Cluster, E>>) -> Cluster {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(cluster).expect("a cluster")
}

/// Brings what the lock of a bundle pins. The Go tool and what it needs come from the environment.
pub fn vendor(bundle: &Path) {
    let vendored = Command::new(env!("CARGO_BIN_EXE_backstack")).arg("vendor").arg(bundle).output();
    let vendored = vendored.expect("vendor starts");
    assert!(vendored.status.success(), "{}", String::from_utf8_lossy(&vendored.stderr));
}

/// Starts the program with a step on its stdin.
pub fn started(mut command: Command, step: &str) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("stdin").write_all(step.as_bytes()).expect("the step is read");
    child
}

impl Hub {
    /// A hub that is not installed yet, with Argo CD alone.
    pub fn plain() -> Self {
        Self::new(&[])
    }

    /// A hub that is not installed yet, with Argo CD and the real Crossplane chart.
    pub fn with_crossplane() -> Self {
        Self::new(&["crossplane"])
    }

    fn new(components: &[&str]) -> Self {
        let cluster = lease(TESTBED.lease());
        Self::of(cluster, TESTBED.repository().expect("a repository"), components)
    }

    /// A hub in the repository that goes with the cluster.
    pub fn of_cluster(cluster: Cluster, components: &[&str]) -> Self {
        let repository = cluster.repository().clone();
        Self::of(cluster, repository, components)
    }

    fn of(cluster: Cluster, repository: Repository, components: &[&str]) -> Self {
        let hub = Self { cluster, repository, folder: tempfile::tempdir().expect("a folder") };
        copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &hub.bundle());
        if components.is_empty() {
            hub.edit_document(|text| text.split("  components:").next().expect("the first part").to_owned());
        }
        hub
    }

    /// The folder of the bundle.
    pub fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    /// Changes the Hub document of the bundle.
    pub fn edit_document(&self, edit: impl FnOnce(&str) -> String) {
        let file = self.bundle().join("hub.yaml");
        let text = fs::read_to_string(&file).expect("the Hub document");
        fs::write(&file, edit(&text)).expect("the Hub document");
    }

    /// Has the bundle be of the highly available Argo CD: its document, its lock, its downloads.
    pub fn make_highly_available(&self) {
        let manifest = fs::read(TESTBED.argocd_module().join(HIGHLY_AVAILABLE)).expect("the manifest");
        let file = self.bundle().join("lock.yaml");
        let lock = fs::read_to_string(&file).expect("the lock");
        let (before, rest) = lock.split_once("  sha256: ").expect("the pin of Argo CD");
        let (_, rest) = rest.split_once("  url: ").expect("the address");
        let pins = format!("  variant: ha\n  sha256: {}\n  size: {}\n  url: ", sha256(&manifest), manifest.len());
        let lock = [before, &pins, rest].concat().replace("manifests/install.yaml", HIGHLY_AVAILABLE);
        fs::write(&file, lock).expect("the lock");
        self.edit_document(|text| text.replacen("  argocd:\n", "  argocd:\n    variant: ha\n", 1));
        vendor(&self.bundle());
    }

    /// Runs an action to its end.
    pub fn run(&self, action: &str) -> Run {
        self.run_with(action, &[], None)
    }

    /// Runs an action with other environment variables, or another kubeconfig.
    pub fn run_with(&self, action: &str, env: &[(&str, &str)], kubeconfig: Option<&Path>) -> Run {
        Run::of(self.start(action, env, kubeconfig))
    }

    /// Starts an action, as Porter's runtime does.
    pub fn start(&self, action: &str, env: &[(&str, &str)], kubeconfig: Option<&Path>) -> Child {
        let mut command = self.command(&self.bundle(), action);
        command.envs(env.iter().copied());
        if let Some(kubeconfig) = kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        started(command, &self.step(action))
    }

    /// Starts an action whose step names what may go.
    pub fn start_naming(&self, action: &str, names: &str) -> Child {
        let file = format!("file: hub.yaml\n        mayRemove: [{names}]");
        started(self.command(&self.bundle(), action), &self.step(action).replace("file: hub.yaml", &file))
    }

    /// The program for an action of a bundle on this hub.
    pub fn command(&self, bundle: &Path, action: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        match action {
            "install" | "upgrade" | "uninstall" => command.arg(action),
            custom => command.args(["invoke", "--action", custom]),
        };
        command
            .current_dir(bundle)
            .env("BACKSTACK_ROOT", self.folder.path())
            .env("BACKSTACK_PACE", "4") // looks at git and Argo CD every 2.5 s instead of 10 s
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .envs(self.credentials());
        command
    }

    /// What an action answers on stdout when it is asked for JSON.
    pub fn answer_in_json(&self, action: &str) -> String {
        let step = self.folder.path().join("step.yaml");
        fs::write(&step, self.step(action).replace("file: hub.yaml", "file: hub.yaml\n        format: json"))
            .expect("the step");
        let mut command = self.command(&self.bundle(), action);
        let output = command.arg("--file").arg(&step).output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the answer is text")
    }

    /// The variables that the step refers to.
    pub fn credentials(&self) -> [(&'static str, &str); 4] {
        let (writer, reader) = (self.repository.writer(), self.repository.reader());
        [
            ("GIT_PUSH_USERNAME", &writer.username),
            ("GIT_PUSH_PASSWORD", &writer.password),
            ("GIT_PULL_USERNAME", &reader.username),
            ("GIT_PULL_PASSWORD", &reader.password),
        ]
    }

    /// Starts an action and sends it SIGTERM when it says a line that starts with `word`. It ends in time, takes git
    /// with it, says so once, and writes nothing to the cluster afterwards.
    pub fn terminate_at(&self, action: &str, word: &str) -> Run {
        assert_ne!(self.repository.url(), self.cluster.repository().url(), "others run git with that address, too");
        let mut asked = None;
        let run = Run::watched(self.start(action, &[], None), word, |child| {
            signals::send("TERM", child);
            asked = Some(Instant::now());
        });
        let took = asked.expect("asked").elapsed();
        assert!(took < signals::IN_TIME, "{word}: {took:?}");
        assert_eq!(signals::processes_with(&self.repository.url()), [""; 0], "{word}: git goes with the run");
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
        let written = self.written();
        std::thread::sleep(Duration::from_secs(2));
        // Argo CD may go on with a removal that it was asked for.
        let late: Vec<String> = self.written().into_iter().filter(|entry| !written.contains(entry)).collect();
        assert_eq!(late, [""; 0], "{word}: nothing is written after the end");
        run
    }

    /// What this program has written on the cluster, and when: its entries in `managedFields`.
    pub fn written(&self) -> Vec<String> {
        let kinds =
            "namespaces,secrets,configmaps,deployments,statefulsets,services,clusterroles,customresourcedefinitions";
        let mut text = self.kubectl(&["get", kinds, "-A", "-o", "json", "--show-managed-fields"]);
        if text.contains("\"applications.argoproj.io\"") {
            text += &self.kubectl(&["get", "applications,appprojects", "-A", "-o", "json", "--show-managed-fields"]);
        }
        let mut found = Vec::new();
        for list in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let list = list.expect("kubectl prints JSON");
            for object in list["items"].as_array().expect("a list") {
                let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
                let ours =
                    entries.filter(|entry| entry["manager"].as_str().is_some_and(|it| it.starts_with("backstack")));
                found.extend(ours.map(|entry| {
                    format!("{} {} {} {}", object["kind"], object["metadata"]["name"], entry["manager"], entry["time"])
                }));
            }
        }
        found
    }

    /// Forgets the outputs of earlier runs.
    pub fn clear_outputs(&self) {
        let _ = fs::remove_dir_all(self.folder.path().join(OUTPUTS)); // there may be none
    }

    /// The step as Porter sends it.
    pub fn step(&self, action: &str) -> String {
        let url = self.repository.url();
        format!(
            r#"{action}:
  - backstack:
      description: the hub
      hub:
        file: hub.yaml
        repository:
          url: "{url}"
          push: {{username: {{env: GIT_PUSH_USERNAME}}, password: {{env: GIT_PUSH_PASSWORD}}}}
          pull: {{username: {{env: GIT_PULL_USERNAME}}, password: {{env: GIT_PULL_PASSWORD}}}}
      timeout: 8m
      outputs:
        - {{name: proof, value: proof}}
        - {{name: status, value: status}}
        - {{name: diff, value: diff}}
        - {{name: revision, value: revision}}
        - {{name: cluster-uid, value: clusterUid}}
"#
        )
    }

    /// An output of the last run that wrote it.
    pub fn output(&self, name: &str) -> String {
        let file = self.folder.path().join(OUTPUTS).join(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Runs kubectl and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        demand(args, || self.kubectl_command(args))
    }

    /// Applies a manifest with kubectl.
    #[track_caller]
    pub fn apply(&self, manifest: &str) {
        let mut child = self
            .kubectl_command(&["apply", "--server-side", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kubectl starts");
        child.stdin.take().expect("stdin").write_all(manifest.as_bytes()).expect("the manifest is read");
        assert!(child.wait().expect("kubectl ends").success(), "{manifest}");
    }

    /// What the server says when it refuses a manifest; nothing when it would take it. Nothing is changed.
    pub fn refusal(&self, manifest: &str) -> String {
        let mut child = self
            .kubectl_command(&["apply", "--server-side", "--dry-run=server", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        child.stdin.take().expect("stdin").write_all(manifest.as_bytes()).expect("the manifest is read");
        let output = child.wait_with_output().expect("kubectl ends");
        if output.status.success() { String::new() } else { String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// kubectl for the cluster of the hub.
    pub fn kubectl_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.cluster.kubeconfig()).args(args);
        command
    }

    /// An object as JSON, or nothing.
    pub fn object(&self, kind: &str, name: &str) -> Option<Value> {
        let args = ["get", kind, name, "-n", "argocd", "-o", "json", "--show-managed-fields", "--ignore-not-found"];
        let text = self.kubectl(&args);
        (!text.is_empty()).then(|| serde_json::from_str(&text).expect("kubectl prints JSON"))
    }

    /// The commits of the hub repository, the newest first.
    pub fn commits(&self) -> Vec<String> {
        let dir = self.repository.dir();
        let output = Command::new("git").arg("-C").arg(dir).args(["log", "--format=%H", "main"]).output();
        let output = output.expect("git starts").stdout;
        String::from_utf8(output).expect("git speaks UTF-8").lines().map(str::to_owned).collect()
    }

    /// The text of all files below these folders of the hub repository.
    pub fn files(&self, folders: &[&str]) -> String {
        let dir = self.repository.dir();
        let output =
            Command::new("git").arg("-C").arg(dir).args(["grep", "-h", "", "main", "--"]).args(folders).output();
        String::from_utf8(output.expect("git starts").stdout).expect("git speaks UTF-8")
    }

    /// The images of all ready pods; every pod has to be ready.
    #[track_caller]
    pub fn pod_images(&self) -> Vec<String> {
        self.kubectl(&["wait", "pod", "--all", "--all-namespaces", "--for=condition=Ready", "--timeout=180s"]);
        let path = "jsonpath={.items[*].spec['initContainers','containers'][*].image}";
        let images = self.kubectl(&["get", "pods", "--all-namespaces", "-o", path]);
        images.split_whitespace().map(str::to_owned).collect()
    }

    /// Changes files of the hub repository as a person would: clone, edit, commit, push. Answers the commit.
    pub fn commit(&self, edit: impl FnOnce(&Path)) -> String {
        self.repository.commit(edit).expect("committed and pushed")
    }

    /// Polls until something is true, and reminds Argo CD to look at git meanwhile, as webhooks would.
    #[track_caller]
    pub fn eventually_synced(&self, application: &str, what: &str, look: impl Fn() -> bool) {
        let reminded = Cell::new(None::<Instant>);
        eventually(what, || {
            if reminded.get().is_none_or(|at| at.elapsed() > Duration::from_secs(5)) {
                reminded.set(Some(Instant::now()));
                let annotation = "argocd.argoproj.io/refresh=normal";
                self.kubectl(&["annotate", "application", application, "-n", "argocd", "--overwrite", annotation]);
            }
            look()
        });
    }
}

/// The answer of kubectl, which has to be one. A look is taken again where it fails: a server that is busy with all the other
/// tests may be too late for kubectl, which waits 10 s for a connection; and `kubectl wait` gives up at once while an object has
/// no conditions yet ("accessor error").
#[track_caller]
pub fn demand(args: &[&str], kubectl: impl Fn() -> Command) -> String {
    let started = Instant::now();
    let run = || kubectl().output().expect("kubectl starts");
    let mut output = run();
    let looks = |output: &Output| {
        args.first() == Some(&"get") || String::from_utf8_lossy(&output.stderr).contains("accessor error")
    };
    while !output.status.success() && looks(&output) && started.elapsed() < AGAIN {
        std::thread::sleep(Duration::from_millis(500));
        output = run();
    }
    assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
}

/// Polls until something is true.
#[track_caller]
pub fn eventually(what: &str, look: impl Fn() -> bool) {
    let started = Instant::now();
    while !look() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The field managers of an object.
pub fn managers(object: &Value) -> Vec<String> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| entry["manager"].as_str()).map(str::to_owned).collect()
}
