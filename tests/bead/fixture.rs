//! A bead beside a hub on real servers: its bundle, and the program run for it.

use std::fs;
use std::path::PathBuf;

use backstack::files::Tree;
use backstack::vendor::AssetContent;
use serde_json::Value;

use crate::hub::fixture::{Hub, Run, copy_bundle, started};
use crate::support::Mixin;

/// A bead that has a bundle; its folder is beside that of the hub's.
pub struct Bead<'h> {
    pub hub: &'h Hub,
    pub name: &'static str,
    /// What stands in the step besides `file` and `repository`, a line each.
    pub settings: String,
    /// The deadline of the step.
    pub timeout: &'static str,
}

impl<'h> Bead<'h> {
    /// The bead that `backstack bead new` writes.
    pub fn new(hub: &'h Hub, name: &'static str) -> Self {
        Mixin::new("bead new").arg(name).folder(hub.folder.path()).run().exits(0);
        Self { hub, name, settings: String::new(), timeout: "8m" }
    }

    /// A bead of this repository, with its downloads.
    pub fn shipped(hub: &'h Hub, name: &'static str) -> Self {
        let bead = Self { hub, name, settings: "acceptPrivileges: true".to_owned(), timeout: "8m" };
        copy_bundle(&format!("beads/{name}"), &["bead.yaml", "lock.yaml"], &bead.bundle());
        bead
    }

    /// The same bead with other settings in its step.
    pub fn with(self, settings: &str) -> Self {
        Self { settings: settings.to_owned(), ..self }
    }

    /// The folder of the bundle.
    pub fn bundle(&self) -> PathBuf {
        self.hub.folder.path().join(self.name)
    }

    /// Changes a file of the bundle.
    pub fn edit(&self, file: &str, edit: impl FnOnce(String) -> String) {
        let path = self.bundle().join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(&path, edit(text)).expect("the file");
    }

    /// Puts a chart with these templates into the bundle, as if `vendor` had brought it.
    pub fn lock_chart(&self, name: &str, templates: &[(&str, &str)]) {
        let head = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
        let templates = templates.iter().map(|(file, text)| (format!("templates/{file}.yaml"), (*text).to_owned()));
        let mut chart = Tree::default();
        for (path, text) in [("Chart.yaml".to_owned(), head)].into_iter().chain(templates) {
            self.edit(&format!("assets/{name}/{path}"), |_| text.clone());
            chart.insert(path, text).expect("free");
        }
        let digest = AssetContent::Chart(chart).digest();
        self.edit("lock.yaml", |_| {
            format!(
                "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: {name}, type: chart, version: 0.1.0, \
                 sha256: '{digest}', url: 'https://example.org/{name}.tgz'}}\n"
            )
        });
    }

    /// The step as Porter sends it.
    pub fn step(&self, action: &str) -> String {
        let settings = self.settings.lines().fold(String::new(), |all, line| all + "        " + line + "\n");
        let timeout = self.timeout;
        format!(
            "{action}:
  - backstack:
      description: a bead
      bead:
        file: bead.yaml
        repository:
          push: {{username: {{env: GIT_PUSH_USERNAME}}, password: {{env: GIT_PUSH_PASSWORD}}}}
{settings}      timeout: {timeout}
      outputs:
        - {{name: bead-state, value: state}}
        - {{name: bead-status, value: status}}
        - {{name: bead-diff, value: diff}}
        - {{name: bead-revision, value: revision}}
"
        )
    }

    /// Runs an action to its end.
    pub fn run(&self, action: &str) -> Run {
        self.run_with(action, &[])
    }

    /// Runs an action with other environment variables.
    pub fn run_with(&self, action: &str, env: &[(&str, &str)]) -> Run {
        let mut command = self.hub.command(&self.bundle(), action);
        command.envs(env.iter().copied());
        Run::of(started(command, &self.step(action)))
    }

    /// An output of the last run that wrote it, read as JSON.
    pub fn output(&self, name: &str) -> Value {
        serde_json::from_str(&self.hub.output(name)).expect("the output is JSON")
    }

    /// An object in a namespace; nothing when it is not there.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let args = ["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"];
        let text = self.hub.kubectl(&args);
        (!text.is_empty()).then(|| serde_json::from_str(&text).expect("kubectl prints JSON"))
    }
}

/// What the `spec` of an object with a text is.
pub const TEXT: &str = "{type: object, required: [text], properties: {text: {type: string}}}";

/// A definition of a composite resource, with the schema of its `spec`.
pub fn definition(kind: &str, plural: &str, group: &str, scope: &str, spec: &str) -> String {
    format!(
        "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {{name: {plural}.{group}}}
spec:
  scope: {scope}
  group: {group}
  names: {{kind: {kind}, plural: {plural}}}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {{spec: {spec}}}
"
    )
}
