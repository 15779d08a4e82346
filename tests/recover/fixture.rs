//! Ways to break a hub, and what a recovery leaves.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::hub::fixture::{Hub, Run, eventually, started};
use crate::support::page::Page;
use crate::support::{self, Mixin, PorterHome, data};

/// The file of the controller.
pub const CONTROLLER: &str = "argocd/statefulset-argocd-application-controller.yaml";
/// A file of people beside ours.
pub const OF_PEOPLE: &str = "argocd/of-people.yaml";
/// What is in it.
pub const PEOPLE: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-people, namespace: argocd}\ndata: {a: b}\n";

/// Runs the recovery, with these lines more in its step.
pub fn recover(hub: &Hub, keys: &str) -> Run {
    let file = format!("file: hub.yaml\n        format: json\n        {keys}");
    let step = hub.step("recover").replace("file: hub.yaml", &file);
    Run::of(started(hub.command(&hub.bundle(), "recover"), &step))
}

/// What a recovery has answered.
pub fn answer(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", run.stdout, run.stderr))
}

/// Commits a change of one file of the hub repository, as a person would.
pub fn commit(hub: &Hub, path: &str, change: impl Fn(&str) -> String) -> String {
    hub.commit(|folder| edit(folder, path, change))
}

/// Changes a file of a clone.
pub fn edit(folder: &Path, path: &str, change: impl Fn(&str) -> String) {
    let file = folder.join(path);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    let changed = change(&text);
    assert_ne!(changed, text, "{path}");
    fs::write(&file, changed).expect("written");
}

/// The controller as the cluster has it.
pub fn controller(hub: &Hub) -> Value {
    hub.object("statefulset", "argocd-application-controller").expect("the controller")
}

/// Waits until an Application is at a commit, whatever came of it.
pub fn until_at(hub: &Hub, application: &str, commit: &str) {
    hub.eventually_synced(application, "Argo CD sees the commit", || {
        let live = hub.object("application", application).unwrap_or_default();
        live["status"]["sync"]["revision"] == commit
            || live["status"]["operationState"]["operation"]["sync"]["revision"] == commit
    });
}

/// Nothing of a recovery is left on the Applications.
#[track_caller]
pub fn is_let_go(hub: &Hub) {
    for name in ["root", "argocd"] {
        let live = hub.object("application", name).expect("it is there");
        let annotations = &live["metadata"]["annotations"];
        assert!(annotations["backstack.dev/held"].is_null(), "{name}: {annotations}");
        assert!(annotations["argocd.argoproj.io/skip-reconcile"].is_null(), "{name}: {annotations}");
        assert_eq!(live["spec"]["syncPolicy"]["automated"]["enabled"], true, "{name}");
    }
    eventually("the controller runs", || controller(hub)["status"]["readyReplicas"] == 1);
}

/// Root and argocd are held, in both ways.
#[track_caller]
pub fn is_held(hub: &Hub) {
    for name in ["root", "argocd"] {
        let live = hub.object("application", name).expect("it is there");
        let annotations = &live["metadata"]["annotations"];
        assert_eq!(annotations["argocd.argoproj.io/skip-reconcile"], "true", "{name}");
        assert!(annotations["backstack.dev/held"].as_str().is_some_and(|it| it.contains("\"by\"")), "{annotations}");
        assert_eq!(live["spec"]["syncPolicy"]["automated"]["enabled"], false, "{name}");
    }
}

/// The hub bundle, played as people do, and what it says.
pub struct Way<'h> {
    hub: &'h Hub,
    pub page: Page,
}

impl<'h> Way<'h> {
    /// The bundle of a hub with its manifest beside it, and the kubeconfig of the cluster.
    pub fn of(hub: &'h Hub) -> Self {
        fs::copy(data("bundles/hubs/existing/porter.yaml"), hub.bundle().join("porter.yaml")).expect("copied");
        fs::copy(hub.cluster.kubeconfig(), hub.folder.path().join("hub.kubeconfig")).expect("copied");
        let mut page = Page::default();
        page.call(&hub.repository.url(), "https://git.example.org/me/hub.git");
        page.call(&hub.folder.path().display().to_string(), ".");
        Self { hub, page }
    }

    /// Plays the recovery, and writes down what it says.
    pub fn play(&mut self, code: i32) -> support::Run {
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        let home = PorterHome::new().mixin("backstack", &program);
        let line = "recover bundle --param repository=URL --cred kubeconfig=hub.kubeconfig \
                    --cred git-push-username=GIT_PUSH_USERNAME --cred git-push-password=GIT_PUSH_PASSWORD";
        let args = line.replace("URL", &self.hub.repository.url());
        let run = Mixin::new("bundle run").folder(self.hub.folder.path()).args(args.split_whitespace());
        let credentials = self.hub.credentials().into_iter();
        let run = credentials.fold(run, |run, (name, value)| run.env(name, value));
        let run = run.env("PORTER_HOME", home.path()).with_path().run().exits(code);
        let line = line.replace("URL", "https://git.example.org/me/hub.git");
        self.page.write_down(&format!("backstack bundle run {line}"), &run.stderr, code);
        run
    }
}
