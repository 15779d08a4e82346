//! A module in a folder, and a state in another one.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use backstack::opentofu::{Done, Goal, OpenTofu, Plan, Setup};
use backstack::report::{Console, Outcome};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// The real ones.
pub static REAL: LazyLock<backstack_testbed::opentofu::OpenTofu> =
    LazyLock::new(|| backstack_testbed::opentofu::OpenTofu::ensure().expect("OpenTofu is built"));
/// What people read; tests look at what is returned.
pub static CONSOLE: LazyLock<Console> = LazyLock::new(|| Console::new(false));

/// What makes the provider's resources known.
pub const TIME: &str = "terraform {\n  required_providers {\n    time = { source = \"hashicorp/time\" }\n  }\n}\n";

/// A deadline far above the need.
pub fn later() -> Instant {
    Instant::now() + Duration::from_secs(120)
}

/// A module of a file, and a folder for its state.
pub struct Module {
    pub folder: TempDir,
    pub states: TempDir,
}

impl Module {
    pub fn new(text: &str) -> Self {
        let module = Self { folder: TempDir::new().expect("a folder"), states: TempDir::new().expect("a folder") };
        module.write("main.tf", text);
        module
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("written");
    }

    /// The file of its state.
    pub fn state(&self) -> PathBuf {
        self.states.path().join("terraform.tfstate")
    }

    /// What is in the file of its state.
    pub fn state_json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.state()).expect("a state")).expect("a state is JSON")
    }

    /// The names of the files beside its state, with their modes.
    pub fn kept(&self) -> Vec<(String, u32)> {
        listed(self.states.path())
    }

    pub fn setup(&self) -> Setup {
        Setup {
            program: REAL.program.clone(),
            module: self.path().to_owned(),
            providers: Some(REAL.mirror.clone()),
            state: Some(self.state()),
            variables: Map::new(),
            secrets: BTreeMap::new(),
            environment: BTreeMap::new(),
        }
    }

    pub async fn prepared(&self) -> OpenTofu<'static> {
        prepared(self.setup()).await.expect("prepared")
    }

    /// Plans and applies.
    pub async fn apply(&self) -> Outcome<Done> {
        let tofu = prepared(self.setup()).await?;
        tofu.begin_state()?;
        let plan = tofu.plan(Goal::Apply).await?;
        tofu.apply(plan).await
    }

    /// A call of the program itself, in the folder of the module.
    pub fn raw(&self, args: &[&str]) -> Command {
        let configuration = self.states.path().join("tofurc");
        let mirror = REAL.mirror.display();
        let text = format!("provider_installation {{\n  filesystem_mirror {{ path = \"{mirror}\" }}\n}}\n");
        fs::write(&configuration, text).expect("written");
        let mut command = Command::new(&REAL.program);
        command.args(args).current_dir(self.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("TF_CLI_CONFIG_FILE", configuration).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// What its state manages.
    pub async fn resources(&self) -> Vec<String> {
        self.prepared().await.state().await.expect("readable").map_or_else(Vec::new, |state| state.resources)
    }
}

pub async fn prepared(setup: Setup) -> Outcome<OpenTofu<'static>> {
    OpenTofu::prepare(setup, later(), &CONSOLE).await
}

/// Names and modes of what is in a folder. What goes away while it is read is not in it any more.
pub fn listed(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut found: Vec<(String, u32)> = entries
        .filter_map(|it| match it.metadata() {
            Ok(read) => Some((it.file_name().to_string_lossy().into_owned(), read.permissions().mode() & 0o777)),
            Err(gone) if gone.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{}: {error}", it.path().display()),
        })
        .collect();
    found.sort();
    found
}

/// What a plan does with each resource.
pub fn told(plan: &Plan) -> Vec<String> {
    plan.changes().iter().map(|it| format!("{} {}", it.action.word(), it.address)).collect()
}

pub fn variables<const N: usize>(all: [(&str, Value); N]) -> Map<String, Value> {
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn secrets<const N: usize>(all: [(&str, &str); N]) -> BTreeMap<String, Zeroizing<String>> {
    all.into_iter().map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned()))).collect()
}

/// A state of nothing.
pub fn empty_state() -> Value {
    json!({"version": 4, "terraform_version": "1.12.6", "serial": 1, "lineage": "of-nobody", "outputs": {}, "resources": []})
}
