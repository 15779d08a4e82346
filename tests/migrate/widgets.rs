//! A CRD of our own with two versions, and objects of it, on an API server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use backstack::engine::{Cluster, Deadline};
use backstack::migrate::carry_out;
use backstack::report::{Console, Outcome};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::hub::fixture::TESTBED;
use crate::support::on_cluster::on_cluster;

/// What comes of work on a cluster.
pub fn on<T>(kubeconfig: &Path, work: impl AsyncFnOnce(Cluster) -> T) -> T {
    on_cluster(kubeconfig, Duration::from_secs(240), work)
}

/// The CRD.
pub struct Widgets {
    kubeconfig: PathBuf,
    /// Where its objects are.
    pub namespace: String,
    /// Its group, that nobody else has.
    pub group: String,
}

impl Widgets {
    /// The CRD is made, and stores its objects as `v1alpha1`.
    pub fn new(kubeconfig: &Path, namespace: &str, group: &str) -> Self {
        let widgets =
            Self { kubeconfig: kubeconfig.to_owned(), namespace: namespace.to_owned(), group: group.to_owned() };
        widgets.define(&["v1alpha1"], "v1alpha1").expect("a new CRD");
        widgets
    }

    /// No CRD of ours, but the same ways to work with whatever is there.
    pub fn beside(kubeconfig: &Path) -> Self {
        Self { kubeconfig: kubeconfig.to_owned(), namespace: "default".to_owned(), group: String::new() }
    }

    /// By which the cluster is reached.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The name of the CRD.
    pub fn crd(&self) -> String {
        format!("widgets.{}", self.group)
    }

    /// Applies the CRD with these versions; what the server says where it does not take it. In `v1` the template
    /// is an object with a kind of its own, which the API server looks at even where nothing of it has changed.
    pub fn define(&self, versions: &[&str], stored: &str) -> Result<(), String> {
        let version = |name: &&str| {
            let text = json!({"type": "string"});
            let template = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-embedded-resource": *name == "v1"});
            let properties = json!({"color": text, "size": text, "template": template});
            let spec = json!({"type": "object", "properties": properties});
            json!({"name": name, "served": true, "storage": *name == stored,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}})
        };
        let versions: Vec<Value> = versions.iter().map(version).collect();
        let crd = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": self.crd()},
            "spec": {"group": self.group, "scope": "Namespaced", "versions": versions,
                "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}},
        });
        self.try_apply(&crd, "definer")
    }

    /// Applies as this manager; what the server says where it does not take it.
    pub fn try_apply(&self, object: &Value, manager: &str) -> Result<(), String> {
        let args = ["apply", "--server-side", "--force-conflicts", "--field-manager", manager, "-f", "-"];
        let mut kubectl = self.command(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("kubectl");
        let stdin = kubectl.stdin.take().expect("stdin");
        serde_json::to_writer(stdin, object).expect("the object is read");
        let output = kubectl.wait_with_output().expect("kubectl ends");
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// One object.
    pub fn object(&self, version: &str, name: &str, spec: &Value) -> Value {
        json!({"apiVersion": format!("{}/{version}", self.group), "kind": "Widget",
            "metadata": {"namespace": self.namespace, "name": name}, "spec": spec})
    }

    /// Makes many of them as `v1alpha1`: `widget-1` and so on.
    pub fn make(&self, count: usize) {
        on(&self.kubeconfig, async |cluster| {
            let make = |number: usize| {
                let spec = json!({"color": "red", "size": "small"});
                let object = self.object("v1alpha1", &format!("widget-{number}"), &spec);
                let cluster = &cluster;
                // Where they are served only a moment from now.
                async move {
                    let deadline = Deadline::after(Duration::from_secs(60));
                    loop {
                        match cluster.apply(&object, "setter").await {
                            Err(_) if !deadline.passed() => deadline.pause(Duration::from_millis(200)).await,
                            answer => break answer,
                        }
                    }
                }
            };
            let all = futures::stream::iter((1..=count).map(make)).buffered(16);
            all.try_collect::<Vec<Value>>().await.expect("they are made");
        });
    }

    /// Has all of them stored as `v1`, by this kubeconfig.
    pub fn migrate(&self, kubeconfig: &Path) -> Outcome<()> {
        on(kubeconfig, async |cluster| carry_out(&cluster, &self.crd(), "v1", &Console::new(false)).await)
    }

    /// In which versions the CRD says that objects may be stored.
    pub fn stored(&self) -> Value {
        self.get("crd", &self.crd())["status"]["storedVersions"].clone()
    }

    /// An object as JSON, with the entries of its managers.
    pub fn get(&self, kind: &str, name: &str) -> Value {
        let text = self.kubectl(&["get", kind, name, "-o", "json", "--show-managed-fields"]);
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// The full name of the kind, for kubectl.
    pub fn kind(&self, version: &str) -> String {
        format!("widgets.{version}.{}", self.group)
    }

    /// Runs kubectl and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        let output: Output = self.command(args).output().expect("kubectl starts");
        assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(["-n", &self.namespace]).args(args);
        command
    }
}
