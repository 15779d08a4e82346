//! A namespace on the API server that all tests share: for what only reads and writes objects.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::hub::fixture::{TESTBED, demand};

/// Nothing runs there, and nothing is ever removed: what is not in the namespace has a name of its own.
pub struct SharedApi {
    kubeconfig: NamedTempFile,
    /// The namespace.
    pub namespace: String,
}

impl SharedApi {
    /// A new namespace whose name begins with `what`.
    pub fn namespaced(what: &str) -> Self {
        let text = fs::read(TESTBED.shared_api().expect("an API server")).expect("a kubeconfig");
        let mut kubeconfig: Value = serde_json::from_slice(&text).expect("the testbed writes JSON");
        let namespace = format!("{what}-{}", backstack_testbed::git::password().expect("random"));
        // Not by a flag: kubectl then refuses objects that name another one.
        kubeconfig["contexts"][0]["context"]["namespace"] = namespace.as_str().into();
        let file = NamedTempFile::new().expect("a file");
        fs::write(file.path(), kubeconfig.to_string()).expect("written");
        let api = Self { kubeconfig: file, namespace };
        api.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {}}}}}", api.namespace));
        api
    }

    /// The administrator's kubeconfig, whose namespace is this one.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// kubectl, in this namespace where it is not told another one.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(args);
        command
    }

    /// Runs kubectl to its end, whatever comes of it.
    pub fn try_kubectl(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("kubectl starts")
    }

    /// Runs kubectl and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        demand(args, || self.command(args))
    }

    /// What the server says to objects that are applied as Argo CD does; `Ok` when it takes all of them.
    pub fn try_apply(&self, objects: &str, options: &[&str]) -> Result<(), String> {
        let mut command = self.command(&["apply", "--server-side", "--force-conflicts", "-f", "-"]);
        command.args(options).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut kubectl = command.spawn().expect("kubectl starts");
        kubectl.stdin.take().expect("stdin").write_all(objects.as_bytes()).expect("the objects are read");
        let output = kubectl.wait_with_output().expect("kubectl ends");
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// Applies objects.
    #[track_caller]
    pub fn apply(&self, objects: &str) {
        self.try_apply(objects, &[]).unwrap_or_else(|said| panic!("{said}: {objects}"));
    }
}
