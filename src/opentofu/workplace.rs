//! Where the program works: a private folder with the module, its configuration and its values.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::module;
use super::setup::Setup;
use crate::process::{Ended, Program, TemporaryFolder};
use crate::report::{Console, Failure, Outcome, redact};

/// The environment variables that make it neither ask nor greet.
const MANNERS: [(&str, &str); 2] = [("TF_IN_AUTOMATION", "1"), ("CHECKPOINT_DISABLE", "1")];
/// Where providers have their sockets, seen from the module: the whole path may be too long for one.
const SOCKETS: (&str, &str) = ("PLUGIN_UNIX_SOCKET_DIR", "../tmp");
/// A proxy that programs of Go read in capitals only.
const PROXY: &str = "HTTP_PROXY";

/// A module that is ready to be planned and applied, for one run.
#[derive(Debug)]
pub struct OpenTofu<'c> {
    pub(super) folder: TemporaryFolder,
    pub(super) setup: Setup,
    pub(super) deadline: Instant,
    pub(super) console: &'c Console,
    pub(super) version: String,
    /// Whether the last apply was killed.
    pub(super) torn: AtomicBool,
}

impl<'c> OpenTofu<'c> {
    /// Lays everything out; nothing has run yet.
    pub(super) fn lay_out(mut setup: Setup, deadline: Instant, console: &'c Console) -> Outcome<Self> {
        setup.check()?;
        let folder = TemporaryFolder::new("opentofu")?;
        // It does not run where we do.
        if setup.program.components().count() > 1 {
            setup.program = absolute(&setup.program)?;
        }
        setup.providers = setup.providers.as_deref().map(absolute).transpose()?;
        setup.state = setup.state.as_deref().map(absolute).transpose()?;
        let place = Self { folder, setup, deadline, console, version: String::new(), torn: AtomicBool::new(false) };
        module::copy(&place.setup.module, &place.module(), console)?;
        for name in ["home", "tmp"] {
            let made = DirBuilder::new().mode(0o700).create(place.path(name));
            made.map_err(|error| not_written(&place.path(name), &error))?;
        }
        write_private(&place.path("tofurc"), configuration(place.setup.providers.as_deref()).as_bytes())?;
        write_private(&place.values(), &values(&place.setup)?)?;
        Ok(place)
    }

    /// The copy of the module.
    pub(super) fn module(&self) -> PathBuf {
        self.path("module")
    }

    /// The file with the values of its variables.
    pub(super) fn values(&self) -> PathBuf {
        self.path("values.tfvars.json")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The argument that says where the state is, where that is not the backend's business.
    pub(super) fn state_argument(&self) -> Option<String> {
        self.setup.state.as_ref().map(|state| format!("-state={}", state.display()))
    }

    /// A call that changes nothing and holds no lock, so that it may be ended at any time. What it answers is in memory alone.
    pub(super) async fn ask<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome<Ended> {
        let program = Program::new(&self.program()).args(args);
        self.within(program).run(self.deadline).await
    }

    /// A call that is only asked to end.
    pub(super) fn gentle(&self, args: &[String]) -> Program {
        self.within(Program::gentle(&self.program()).args(args))
    }

    fn program(&self) -> String {
        self.setup.program.display().to_string()
    }

    fn within(&self, program: Program) -> Program {
        let mut program = program.dir(&self.module()).on_network().inherit(|name| name == PROXY);
        // The caller may name another home, for what logs in to a cloud.
        program = program.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp")).env(SOCKETS.0, SOCKETS.1);
        for (name, value) in &self.setup.environment {
            program = program.env(name, value.as_str());
        }
        for (name, value) in MANNERS {
            program = program.env(name, value);
        }
        program.env("TF_CLI_CONFIG_FILE", self.path("tofurc"))
    }
}

/// The configuration of the program: where providers come from. It is said also without a mirror, since a home may have one.
fn configuration(mirror: Option<&Path>) -> String {
    let installation = mirror.map_or_else(
        || "direct {}".to_owned(),
        |mirror| format!("filesystem_mirror {{ path = {} }}", Value::from(mirror.display().to_string())),
    );
    format!("disable_checkpoint = true\nprovider_installation {{\n  {installation}\n}}\n")
}

fn values(setup: &Setup) -> Outcome<Zeroizing<Vec<u8>>> {
    let mut all: Map<String, Value> = setup.variables.clone();
    all.extend(setup.secrets.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    let mut all = Value::Object(all);
    let text = serde_json::to_vec(&all).map(Zeroizing::new);
    crate::report::wipe(&mut all);
    text.map_err(|error| Failure::failed(format!("cannot write the values of the variables: {error}")))
}

fn write_private(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("failed to write {}, which OpenTofu reads: {error}", path.display()))
        .hint("it is gone at the end of the run; TMPDIR names a folder with more room")
}

fn absolute(path: &Path) -> Outcome<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Failure::failed(format!("{} is no path: {error}", redact(&path.display().to_string()))))
}
