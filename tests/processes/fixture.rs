//! A step that asks the repository of a hub, on a cluster that only tells where that is.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::signals::IN_TIME;
use crate::support::fake_api::{Answer, FakeApi};

/// A private key, though of nobody.
pub const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCMNOyDAgE7ihGy0XrRJ+ZfJrW7ezfHnZq43pr+nCI+GAAAAJBvamOgb2pj
oAAAAAtzc2gtZWQyNTUxOQAAACCMNOyDAgE7ihGy0XrRJ+ZfJrW7ezfHnZq43pr+nCI+GA
AAAEBGsdH4hWeyTvjeLFayeEP0vTVg74UchhDbAO1DLkYmZYw07IMCATuKEbLRetEn5l8m
tbt7N8edmrjemv6cIj4YAAAABm5vYm9keQECAwQFBgc=
-----END OPENSSH PRIVATE KEY-----
";
/// A password, though of nobody.
pub const PASSWORD: &str = "password-of-nobody";

/// Who takes connections and never says a word.
pub struct Silent(TcpListener);

impl Silent {
    pub fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// Waits for somebody.
    pub fn asked(&self) -> TcpStream {
        self.0.set_nonblocking(true).expect("a socket");
        let mut connection = None;
        until("somebody connects", IN_TIME, || {
            connection = self.0.accept().ok();
            connection.is_some()
        });
        connection.expect("a connection").0
    }
}

/// The bundle of a bead, an API server with a hub, and a folder for temporary files.
pub struct Run {
    api: FakeApi,
    bundle: TempDir,
    pub temporary: TempDir,
}

impl Run {
    pub fn new() -> Self {
        let root = json!({"kind": "Application", "apiVersion": "argoproj.io/v1alpha1",
            "metadata": {"name": "root", "namespace": "argocd", "uid": "2"},
            "spec": {"source": {"repoURL": "https://git.example.org/hub.git", "targetRevision": "main"}}});
        let api = FakeApi::introduced(move |path| {
            if path.ends_with("/applications/root") {
                return Answer::ok(root.to_string());
            }
            Answer("404 Not Found", json!({"kind": "Status", "code": 404, "message": "not found"}).to_string())
        });
        let bundle = TempDir::new().expect("a folder");
        let bead = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: x}\nspec:\n  version: 0.1.0\n  \
                    application: {namespace: x, manifests: app}\n";
        fs::write(bundle.path().join("bead.yaml"), bead).expect("written");
        fs::create_dir(bundle.path().join("app")).expect("made");
        fs::write(bundle.path().join("app/a.yaml"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n")
            .expect("written");
        Self { api, bundle, temporary: temporary() }
    }

    /// How the cluster is reached.
    pub fn kubeconfig(&self) -> &Path {
        self.api.kubeconfig()
    }

    /// The step of the call.
    pub fn step(&self) -> PathBuf {
        self.bundle.path().join("step.yaml")
    }

    /// The call of the program that reads this repository as `diff` does. Its environment holds a password and a key.
    pub fn command(&self, url: &str) -> Command {
        let step = format!(
            "diff: [{{backstack: {{bead: {{file: bead.yaml, cluster: {{}}, repository: {{pushUrl: '{url}', push: \
             {{username: {{env: A_USER}}, password: {{env: A_PASSWORD}}, sshPrivateKey: {{env: A_KEY}}, knownHosts: {{env: A_HOST}}}}}}}}, timeout: 1m}}}}]"
        );
        let file = self.step();
        fs::write(&file, step).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        command.args(["invoke", "--action", "diff", "--file"]).arg(file).current_dir(self.bundle.path());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("KUBECONFIG", self.kubeconfig());
        command.env("TMPDIR", self.temporary.path()).env("BACKSTACK_ROOT", self.bundle.path());
        command.env("A_USER", "somebody").env("A_PASSWORD", PASSWORD).env("A_KEY", KEY);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// The same call, from a shell that has done something before.
    pub fn through(&self, before: &str, url: &str) -> Command {
        let call = self.command(url);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(call.get_program()).args(call.get_args());
        shell.env_clear().envs(call.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(self.bundle.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        shell
    }

    /// Starts it, for this repository.
    pub fn start(&self, url: &str) -> Child {
        self.command(url).spawn().expect("the program starts")
    }

    /// The names of the temporary files of the program.
    pub fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.temporary.path()).expect("readable").flatten();
        entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// A folder with a name that is too long for a socket, and with all that ssh and shells expand.
fn temporary() -> TempDir {
    let name = format!("100% of $HOME, it's {}-", "long ".repeat(25));
    tempfile::Builder::new().prefix(&name).tempdir().expect("a folder")
}

/// Writes a program.
pub fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
}

/// Waits until it is so.
#[track_caller]
pub fn until(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
