//! A bundle whose module makes a cluster of the testbed, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use backstack_testbed::Repository;
use backstack_testbed::control::{self, Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::carried::carry;
use crate::hub::fixture::{Run, TESTBED, copy_bundle, started};

/// What is planted as a secret.
pub const TOKEN: &str = "tok-planted-in-a-module";

/// A bundle, and the folder that stands for `/` of its image.
pub struct Bundle {
    pub root: TempDir,
    /// The name of the cluster.
    pub name: String,
    /// The values of the module's variables.
    pub variables: Value,
    /// More of the environment.
    pub environment: Vec<(&'static str, String)>,
}

impl Bundle {
    /// One whose cluster is an API server.
    pub fn new() -> Self {
        let name = format!("made-{}", backstack_testbed::git::password().expect("random").to_lowercase());
        let testbed = json!({"program": testbed(), "dir": TESTBED.description().dir});
        let bundle = Self {
            root: tempfile::tempdir().expect("a folder"),
            variables: json!({"name": name, "testbed": testbed}),
            name,
            environment: Vec::new(),
        };
        bundle.copy_module("cluster");
        carry(&bundle.folder());
        bundle
    }

    /// Takes a module of the tests into the bundle.
    pub fn copy_module(&self, name: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/opentofu").join(name).join("main.tf");
        let to = self.folder().join("module");
        fs::create_dir_all(&to).expect("a folder");
        fs::copy(from, to.join("main.tf")).expect("the module");
    }

    /// Takes a hub into the bundle, with Argo CD alone; gives its step.
    pub fn add_hub(&mut self, repository: &Repository) -> Value {
        let folder = self.folder().join("hub"); // with a lock of its own
        copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &folder);
        let text = fs::read_to_string(folder.join("hub.yaml")).expect("the Hub document");
        fs::write(folder.join("hub.yaml"), text.split("  components:").next().expect("the first part"))
            .expect("written");
        let (writer, reader) = (repository.writer().clone(), repository.reader().clone());
        self.environment = vec![
            ("PUSH_USERNAME", writer.username),
            ("PUSH_PASSWORD", writer.password),
            ("PULL_USERNAME", reader.username),
            ("PULL_PASSWORD", reader.password),
        ];
        let login = |of: &str| json!({"username": {"env": format!("{of}_USERNAME")}, "password": {"env": format!("{of}_PASSWORD")}});
        let repository = json!({"url": repository.url(), "push": login("PUSH"), "pull": login("PULL")});
        json!({"hub": {"file": "hub/hub.yaml", "repository": repository}})
    }

    /// The folder of the bundle.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("cnab/app")
    }

    /// A file in the folder that is kept.
    pub fn kept(&self, name: &str) -> PathBuf {
        self.folder().join("state").join(name)
    }

    /// What is known of the cluster for the next run.
    pub fn record(&self) -> Value {
        serde_json::from_slice(&fs::read(self.kept("cluster.json")).expect("a record")).expect("JSON")
    }

    /// The addresses that the state holds.
    pub fn resources(&self) -> Vec<String> {
        let text = fs::read(self.kept("terraform.tfstate")).expect("a state");
        let state: Value = serde_json::from_slice(&text).expect("JSON");
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let part = |it: &Value, key: &str| it[key].as_str().expect("a text").to_owned();
        let address = |it: &Value| format!("{}.{}", part(it, "type"), part(it, "name"));
        let mut all: Vec<String> = resources.iter().map(address).collect();
        all.sort();
        all
    }

    /// The kubeconfig for the steps that follow.
    pub fn kubeconfig(&self) -> PathBuf {
        self.root.path().join("home/nonroot/.kube/config")
    }

    /// Sets a variable of the module.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.variables[name] = value.into();
    }

    /// The step, with more fields of its noun.
    pub fn step(&self, action: &str, more: &Value) -> String {
        let module = json!({
            "module": "module",
            "variables": self.variables,
            "secrets": {"token": {"env": "MODULE_TOKEN"}},
        });
        let mut cluster = json!({"opentofu": module, "state": "state"});
        cluster.as_object_mut().expect("a mapping").extend(more.as_object().expect("fields").clone());
        Self::step_of(action, &json!({"cluster": cluster}))
    }

    /// A step with this noun.
    pub fn step_of(action: &str, noun: &Value) -> String {
        let mut step = noun.clone();
        step["timeout"] = "150s".into();
        step["outputs"] = json!([
            {"name": "uid", "value": "clusterUid", "default": ""},
            {"name": "kubeconfig", "value": "kubeconfig", "default": ""},
            {"name": "facts", "moduleOutput": "facts", "default": ""},
            {"name": "token", "moduleOutput": "token", "default": ""},
        ]);
        json!({action: [{"backstack": step}]}).to_string()
    }

    /// Starts an action with this step.
    pub fn start(&self, action: &str, step: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        match action {
            "install" | "upgrade" | "uninstall" => command.arg(action),
            custom => command.args(["invoke", "--action", custom]),
        };
        command
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("BACKSTACK_ROOT", self.root.path())
            .env("BACKSTACK_PACE", "4")
            .env("PORTER_INSTALLATION_NAME", "test")
            .env("MODULE_TOKEN", TOKEN)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        started(command, step)
    }

    /// Runs an action to its end.
    pub fn run(&self, action: &str) -> Run {
        self.run_with(action, &json!({}))
    }

    /// The same with more fields.
    pub fn run_with(&self, action: &str, more: &Value) -> Run {
        Run::of(self.start(action, &self.step(action, more)))
    }

    /// An output of the last run that wrote it.
    pub fn output(&self, name: &str) -> String {
        let file = self.folder().join("porter/outputs").join(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Where the testbed has the cluster.
    pub fn where_it_is(&self) -> PathBuf {
        TESTBED.description().dir.join("guests").join(&self.name)
    }

    /// Whether the testbed has the cluster.
    pub fn exists(&self) -> bool {
        exists(&self.name)
    }

    /// Ends the cluster without anybody's knowledge.
    pub fn end_cluster(&self) {
        let request = Request::StopCluster { name: self.name.clone() };
        control::ask(&TESTBED.description().dir, &request).expect("the testbed answers");
    }

    /// kubectl, on the cluster.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        let output = command.arg("--kubeconfig").arg(self.kubeconfig()).args(args).output().expect("kubectl starts");
        assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
    }

    /// Applies manifests.
    pub fn apply(&self, manifests: &str) {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(["apply", "--server-side", "-f", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("kubectl starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), manifests.as_bytes()).expect("read");
        assert!(child.wait().expect("kubectl ends").success(), "{manifests}");
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        end(&self.name); // also where a test has failed
    }
}

/// Whether the testbed has a cluster of this name.
pub fn exists(name: &str) -> bool {
    match control::ask(&TESTBED.description().dir, &Request::Clusters).expect("the testbed answers") {
        Response::Names(names) => names.iter().any(|it| it == name),
        other => panic!("{other:?}"),
    }
}

/// Ends the cluster of this name; none is as good.
pub fn end(name: &str) {
    let request = Request::StopCluster { name: name.to_owned() };
    let _ = control::ask(&TESTBED.description().dir, &request);
}

/// The testbed's program.
pub fn testbed() -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    let place = test.ancestors().find(|it| it.join("testbed").is_file()).expect("the testbed is built beside it");
    place.join("testbed")
}
