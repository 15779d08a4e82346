//! The container of a bundle: uid 65532 gid 0 without an entry in `/etc/passwd`, a read-only root, no HOME, no terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::hub::fixture::{Hub, eventually};
use crate::support::Run;
use crate::support::shared_api::SharedApi;

/// Where a pod finds its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What the image consists of; the host's `/etc/passwd` has no such user.
const IMAGE: [&str; 6] = ["/usr", "/etc", "/bin", "/sbin", "/lib", "/lib64"];

/// The program in a container, made by bubblewrap from parts of this machine.
struct Container {
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Container {
    /// With the whole image, `app` read-only as `/cnab/app`, and nothing to write to.
    fn new(app: &Path) -> Self {
        Self::with(app, &IMAGE)
    }

    /// With these parts of the image only.
    fn with(app: &Path, image: &[&str]) -> Self {
        let mut container = Self { args: Vec::new(), env: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())] };
        container.add(&["--unshare-user", "--uid", "65532", "--gid", "0", "--unshare-pid", "--die-with-parent"]);
        container.add(&["--new-session", "--clearenv", "--tmpfs", "/", "--dev", "/dev", "--proc", "/proc"]);
        for part in image {
            container.add(&["--ro-bind-try", part, part]);
        }
        container.at("--ro-bind", Path::new(env!("CARGO_BIN_EXE_backstack")), "/backstack").at(
            "--ro-bind",
            app,
            "/cnab/app",
        );
        container
    }

    fn add(&mut self, args: &[&str]) -> &mut Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    fn at(&mut self, how: &str, from: &Path, to: &str) -> &mut Self {
        self.add(&[how, from.to_str().expect("a path"), to])
    }

    /// The folders that Porter's image lets its user write to.
    fn writable_outputs(&mut self, app: &Path) -> &mut Self {
        self.at("--bind", &app.join("porter"), "/cnab/app/porter").at(
            "--bind",
            &app.join("outputs"),
            "/cnab/app/outputs",
        )
    }

    fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn run(&self, line: &str, stdin: &str) -> Run {
        let mut command = Command::new("bwrap");
        command.args(&self.args);
        for (name, value) in &self.env {
            command.args(["--setenv", name, value]);
        }
        command.args(["--remount-ro", "/", "--chdir", "/cnab/app", "--", "/backstack"]).args(line.split(' '));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bwrap starts; it is in the package bubblewrap");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), stdin.as_bytes()).expect("stdin is read");
        let output = child.wait_with_output().expect("the program ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            code: output.status.code().expect("no signal"),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// `/cnab/app` as Porter leaves it: the folders for outputs are there.
fn app() -> TempDir {
    let app = TempDir::new().expect("a folder");
    make_folders(app.path());
    app
}

fn make_folders(app: &Path) {
    for folder in ["porter/outputs", "outputs"] {
        fs::create_dir_all(app.join(folder)).expect("made");
    }
}

fn cluster_step(existing: &str) -> String {
    format!(
        "install:\n- backstack:\n    cluster: {{existing: {{{existing}}}}}\n    timeout: 1m\n    outputs: [{{name: uid, value: clusterUid}}]\n"
    )
}

#[test]
fn offline_verbs_need_nothing_to_write_to_and_no_user() {
    let app = app();
    for (line, input) in [("schema", ""), ("version", ""), ("lint", "actions: {}"), ("build", "actions: {}")] {
        let run = Container::with(app.path(), &["/lib", "/lib64", "/usr"]).run(line, input).exits(0);
        assert_eq!(run.stderr, "", "{line}");
        assert!(!run.stdout.is_empty(), "{line}");
    }
}

#[test]
fn without_any_kubeconfig_every_place_is_named() {
    let app = app();
    let run = Container::new(app.path()).env("HOME", "/root").run("install", &cluster_step("")).exits(1);
    let run = run.says("no kubeconfig was found").says("/root/.kube/config: ").says("/home/nonroot/.kube/config: ");
    run.says("hint: name one by `--kubeconfig`");
}

/// The client wants the authorities of the system, also for a server without a certificate.
#[test]
fn an_image_without_ca_certificates_is_told_with_the_remedy() {
    let app = app();
    let kubeconfig = "{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], \
                      contexts: [{name: c, context: {cluster: c, user: u}}], users: [{name: u, user: {}}]}";
    fs::write(app.path().join("config"), kubeconfig).expect("written");
    let run =
        Container::with(app.path(), &["/lib", "/lib64", "/usr"]).run("install", &cluster_step("kubeconfig: config"));
    run.exits(1).says("No CA certificates").says("hint: install ca-certificates in the bundle's image, or put");
}

/// As client-go: also from within the cluster, unless `NO_PROXY` names the server.
#[test]
fn a_pod_asks_its_api_server_by_the_proxy_of_its_environment() {
    let files = TempDir::new().expect("a folder");
    for (file, text) in [("token", "t-1"), ("namespace", "default")] {
        fs::write(files.path().join(file), text).expect("written");
    }
    let authority = "req -x509 -newkey ed25519 -nodes -subj /CN=ca -keyout ca.key -out ca.crt";
    let made = Command::new("openssl").current_dir(files.path()).args(authority.split(' ')).output();
    assert!(made.expect("openssl starts").status.success());
    let app = app();
    for (excepted, by) in
        [("", "by the proxy http://127.0.0.1:1, which HTTPS_PROXY names: no connection to it"), ("192.0.2.0/24", "")]
    {
        let mut container = Container::new(app.path());
        container.at("--ro-bind", files.path(), ACCOUNT).env("HTTPS_PROXY", "127.0.0.1:1").env("NO_PROXY", excepted);
        container.env("KUBERNETES_SERVICE_HOST", "192.0.2.1").env("KUBERNETES_SERVICE_PORT", "443");
        let step = cluster_step("").replace("timeout: 1m", "timeout: 2s");
        let run = container.run("install", &step).says("API server https://192.0.2.1/").says(by);
        assert_eq!(run.stderr.contains("proxy"), !by.is_empty(), "{}", run.stderr);
    }
}

/// The places of a kubeconfig, the first that is there wins, and it is said which one it is.
#[test]
#[ignore = "needs the testbed"]
fn the_kubeconfig_is_looked_up_in_porters_order() {
    let api = SharedApi::namespaced("environment");
    let app = app();
    let kubeconfig = api.kubeconfig();
    let uid = api.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    let places = ["/cnab/own", "/cnab/named", "/home/me/.kube/config", "/home/nonroot/.kube/config"];
    for first in 0..places.len() {
        let mut container = Container::new(app.path());
        container.writable_outputs(app.path());
        for place in &places[first..] {
            container.at("--ro-bind", kubeconfig, place);
        }
        if first <= 1 {
            container.env("KUBECONFIG", "/cnab/named");
        }
        if first <= 2 {
            container.env("HOME", "/home/me"); // read-only, too
        }
        let step = cluster_step(if first == 0 { "kubeconfig: /cnab/own" } else { "" });
        container.run("install", &step).exits(0).says(&format!("by {}\n", places[first]));
        let output = app.path().join("porter/outputs/uid");
        assert_eq!(fs::read_to_string(&output).expect("an output"), uid, "{}", places[first]);
        fs::remove_file(output).expect("removed");
    }

    let mut unwritable = Container::new(app.path());
    let run = unwritable.at("--ro-bind", kubeconfig, places[3]).run("install", &cluster_step(""));
    run.exits(1)
        .says("failed to write output uid")
        .says("hint: the user of the bundle must be able to write to /cnab/app/porter");
}

/// The address of the API server, and the service account's files as a pod has them.
fn account(kubeconfig: &Path, token: &str) -> (TempDir, (String, String)) {
    let text = fs::read_to_string(kubeconfig).expect("a kubeconfig");
    let kubeconfig: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    let value = |key: &str| kubeconfig["clusters"][0]["cluster"][key].as_str().expect("in the kubeconfig");
    let address = value("server").strip_prefix("https://").and_then(|it| it.split_once(':')).expect("an address");
    let folder = TempDir::new().expect("a folder");
    let ca = STANDARD.decode(value("certificate-authority-data"));
    for (file, bytes) in [("token", token.as_bytes()), ("ca.crt", &ca.expect("base64")), ("namespace", b"default")] {
        fs::write(folder.path().join(file), bytes).expect("written");
    }
    (folder, (address.0.to_owned(), address.1.to_owned()))
}

#[test]
#[ignore = "needs the testbed"]
fn without_a_kubeconfig_the_service_account_of_the_pod_is_used() {
    let api = SharedApi::namespaced("environment");
    api.kubectl(&["create", "serviceaccount", "mixin"]);
    let token = api.kubectl(&["create", "token", "mixin"]);
    let user = format!("system:serviceaccount:{}:mixin", api.namespace);
    let (files, (host, port)) = account(api.kubeconfig(), token.trim());
    let app = app();
    let mut container = Container::new(app.path());
    container.writable_outputs(app.path()).at("--ro-bind", files.path(), ACCOUNT);
    container.env("KUBERNETES_SERVICE_HOST", &host).env("KUBERNETES_SERVICE_PORT", &port).env("PORTER_DEBUG", "true");

    let refused = container.run("install", &cluster_step("")).exits(1).says(&user);
    assert!(!refused.stderr.contains(token.trim()), "{}", refused.stderr);

    let role = api.namespace.as_str(); // a name that nobody else has
    api.kubectl(&["create", "clusterrole", role, "--verb=get", "--resource=namespaces"]);
    api.kubectl(&[
        "create",
        "clusterrolebinding",
        role,
        "--clusterrole",
        role,
        "--serviceaccount",
        &format!("{role}:mixin"),
    ]);
    let asked = ["auth", "can-i", "get", "namespaces", "--as", &user];
    eventually("the role is known", || api.try_kubectl(&asked).status.success());
    let run = container.run("install", &cluster_step("")).exits(0).says("by the in-cluster service account");
    assert!(!run.stderr.contains(token.trim()), "{}", run.stderr);
    assert!(app.path().join("porter/outputs/uid").exists());
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_is_installed_from_a_container_in_which_almost_nothing_can_be_written() {
    let hub = Hub::plain();
    let app: PathBuf = hub.bundle();
    make_folders(&app);
    let container = || {
        let mut container = Container::new(&app);
        container.writable_outputs(&app).at("--ro-bind", hub.cluster.kubeconfig(), "/home/nonroot/.kube/config");
        for (name, value) in hub.credentials() {
            container.env(name, value);
        }
        container
    };
    let step = hub.step("install");
    let run = container().run("install", &step).exits(1).says("cannot make a temporary folder in /tmp: ");
    run.says("hint: mount a writable /tmp, or name a writable folder in TMPDIR");

    let over_ssh = step.replace(&hub.repository.url(), "ssh://git@127.0.0.1:1/hub.git");
    let run = container().add(&["--tmpfs", "/tmp"]).run("install", &over_ssh).exits(1);
    run.says("ssh does not work for a user that is not in /etc/passwd").says("hint:");

    container().env("TMPDIR", "/cnab/app/porter").run("install", &step).exits(0).says("commit");
    let left: Vec<_> = fs::read_dir(app.join("porter")).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(left, ["outputs"], "nothing temporary is left");
    let proof = fs::read_to_string(app.join("porter/outputs/proof")).expect("an output");
    assert!(proof.contains("\"holds\":true"), "{proof}");
    container().add(&["--tmpfs", "/tmp"]).run("upgrade", &hub.step("upgrade")).exits(0).says("no change");
}
