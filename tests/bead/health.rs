//! The health of every kind that a bead brings, through its whole life on real servers: the states are those that the API
//! server told a watch, and the real Argo CD judges them by the settings of the hub.

use std::fs;
use std::io::BufReader;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;

use super::fixture::definition;
use super::four_parts::{COMPOSITION, NOTE, RIGHTS, bead};
use crate::beads::health;
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;

const POLICY: &str = "apiVersion: kyverno.io/v1
kind: Policy
metadata: {name: team, namespace: default}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: a pod needs a team, pattern: {metadata: {labels: {team: '?*'}}}}
";
const OBJECT: &str = "apiVersion: kubernetes.m.crossplane.io/v1alpha1
kind: Object
metadata: {name: by-hand, namespace: default}
spec:
  providerConfigRef: {kind: ClusterProviderConfig, name: CONFIG}
  forProvider: {manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: by-hand, namespace: default}}}
";
const LOST: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: lost, namespace: argocd}
spec:
  project: hub
  destination: {server: https://kubernetes.default.svc, namespace: default}
  source: {repoURL: 'ADDRESS', targetRevision: main, path: nowhere}
";

/// The states of the objects of some kinds, as a watch tells them.
struct Watch {
    kubectl: Child,
    told: Arc<Mutex<Vec<Value>>>,
    reader: Option<JoinHandle<()>>,
}

impl Watch {
    fn of(hub: &Hub, kind: &str) -> Self {
        let mut kubectl = hub.kubectl_command(&["get", kind, "-A", "--watch", "-o", "json"]);
        let mut kubectl = kubectl.stdout(Stdio::piped()).spawn().expect("kubectl starts");
        let stdout = BufReader::new(kubectl.stdout.take().expect("stdout"));
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&told);
        let reader = std::thread::spawn(move || {
            let states = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>();
            for state in states.map_while(Result::ok) {
                list.lock().expect("no panic").push(state);
            }
        });
        Self { kubectl, told, reader: Some(reader) }
    }

    /// The life of one object so far: every state that differs in what health is read from.
    fn life(&self, name: &str) -> Vec<Value> {
        let told = self.told.lock().expect("no panic");
        let mut life: Vec<Value> = told.iter().filter(|state| state["metadata"]["name"] == name).cloned().collect();
        life.dedup_by(|a, b| a["status"] == b["status"] && a["metadata"]["generation"] == b["metadata"]["generation"]);
        life
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.kubectl.kill(); // it may have ended
        let _ = self.kubectl.wait();
        self.reader.take().map(JoinHandle::join);
    }
}

/// Whether these conditions are all true of the object as it is.
fn are_true(state: &Value, needed: &[&str]) -> bool {
    let conditions = state["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let is_new = |condition: &Value| {
        condition.get("observedGeneration").is_none_or(|seen| *seen == state["metadata"]["generation"])
    };
    let is_true = |name: &str| conditions.iter().any(|it| it["type"] == name && it["status"] == "True" && is_new(it));
    needed.iter().all(|name| is_true(name))
}

struct Judge<'h> {
    hub: &'h Hub,
    settings: Value,
}

impl<'h> Judge<'h> {
    fn of(hub: &'h Hub) -> Self {
        let settings = hub.object("configmap", "argocd-cm").expect("there")["data"].clone();
        Self { hub, settings }
    }

    /// What Argo CD says of an object as it is now.
    fn now(&self, kind: &str, name: &str, namespace: &str) -> (String, String) {
        let object = self.hub.kubectl(&["get", kind, name, "-n", namespace, "-o", "json"]);
        health(&self.settings, &serde_json::from_str(&object).expect("JSON"))
    }

    /// Waits until Argo CD says this of an object.
    fn until(&self, kind: &str, name: &str, wanted: &str) {
        eventually(&format!("{kind} {name} is {wanted}"), || self.now(kind, name, "default").0 == wanted);
    }

    /// Begins before there is a status, ends Healthy, and is never Healthy while it is not.
    fn whole_life(&self, life: &[Value], is_so: impl Fn(&Value) -> bool) {
        let title = life.first().map(|it| format!("{} {}", it["kind"], it["metadata"]["name"])).unwrap_or_default();
        let said: Vec<String> = life.iter().map(|state| health(&self.settings, state).0).collect();
        assert_eq!(said.first().map(String::as_str), Some("Progressing"), "{title} at its beginning: {said:?}");
        assert_eq!(said.last().map(String::as_str), Some("Healthy"), "{title} at its end: {said:?}");
        assert!(!is_so(&life[0]), "the watch saw its beginning: {:#}", life[0]);
        for (state, said) in life.iter().zip(&said) {
            assert_eq!(said == "Healthy", is_so(state), "{title} is {said} as {:#}", state["status"]);
        }
    }
}

#[test]
#[ignore = "needs the testbed"]
fn every_kind_is_healthy_when_it_is_and_no_sooner() {
    let (hub, applications) = Hub::installed_under(Kind::Whole, |hub| Watch::of(hub, "applications.argoproj.io"));
    hub.apply(RIGHTS);
    let packages = ["providers", "functions", "configurations"].map(|kind| format!("{kind}.pkg.crossplane.io"));
    let [providers, functions, configurations] = packages.each_ref().map(|kind| Watch::of(&hub, kind));
    let definitions = Watch::of(&hub, "compositeresourcedefinitions.apiextensions.crossplane.io");
    let [policies, local_policies] =
        ["clusterpolicies", "policies"].map(|kind| Watch::of(&hub, &format!("{kind}.kyverno.io")));
    let whole = bead(&hub);
    whole.run("install").expect(0);
    let judge = Judge::of(&hub);

    // What the bead has brought.
    let package = ["Installed", "Healthy"];
    let provider = providers.life("provider-kubernetes");
    judge.whole_life(&provider, |it| are_true(it, &package));
    judge.whole_life(&functions.life("function-testbed"), |it| are_true(it, &package));
    judge.whole_life(&definitions.life("notes.whole.example.org"), |it| are_true(it, &["Established"]));
    judge.whole_life(&policies.life("whole-team"), |it| are_true(it, &["Ready"]));
    let works =
        |it: &Value| it["status"]["sync"]["status"] == "Synced" && it["status"]["health"]["status"] == "Healthy";
    for part in ["kyverno-application", "whole-providers", "whole-apis", "whole-policies", "whole-application"] {
        judge.whole_life(&applications.life(&format!("bead-{part}")), works);
    }

    // A part came when the one before it was healthy indeed.
    let conditions = provider.last().expect("a life")["status"]["conditions"].as_array().expect("conditions").clone();
    let healthy = conditions.iter().find(|it| it["type"] == "Healthy").expect("healthy")["lastTransitionTime"].clone();
    let apis = applications.life("bead-whole-apis")[0]["metadata"]["creationTimestamp"].clone();
    assert!(apis.as_str() >= healthy.as_str(), "apis at {apis}, provider at {healthy}");

    // A composite resource and what it is composed of; one that cannot be composed, and then can.
    let notes = Watch::of(&hub, "notes.whole.example.org");
    let objects = Watch::of(&hub, "objects.kubernetes.m.crossplane.io");
    hub.apply(NOTE);
    judge.until("notes.whole.example.org", "one", "Healthy");
    judge.whole_life(&notes.life("one"), |it| are_true(it, &["Synced", "Ready"]));
    let other = |function: &str| COMPOSITION.replace("name: notes}", "name: other}").replace("FUNCTION", function);
    hub.apply(&other("function-missing").replace("name: note,", "name: second,"));
    let second = NOTE.replace("name: one", "name: two");
    hub.apply(&second.replace("spec: {", "spec: {crossplane: {compositionRef: {name: other}}, "));
    judge.until("notes.whole.example.org", "two", "Degraded");
    hub.apply(&other("function-testbed").replace("name: note,", "name: second,"));
    judge.until("notes.whole.example.org", "two", "Healthy");

    // A managed resource, which Argo CD judges by its own check.
    hub.apply(&OBJECT.replace("CONFIG", "missing"));
    judge.until("objects.kubernetes.m.crossplane.io", "by-hand", "Degraded");
    hub.apply(&OBJECT.replace("CONFIG", "whole"));
    judge.until("objects.kubernetes.m.crossplane.io", "by-hand", "Healthy");
    let life = objects.life("by-hand");
    let said: Vec<String> = life.iter().map(|state| health(&judge.settings, state).0).collect();
    assert_eq!(said[0], "Progressing", "{said:?}");

    // A configuration; a package that is not to be had; a definition that goes.
    let folder = tempfile::tempdir().expect("a folder");
    let meta = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata: {name: memos}\n";
    let definition = definition("Memo", "memos", "more.example.org", "Namespaced", "{type: object}");
    for (file, text) in [("crossplane.yaml", meta), ("definition.yaml", &definition)] {
        fs::write(folder.path().join(file), text).expect("written");
    }
    let package_of = |kind: &str, name: &str, package: &str| {
        format!(
            "apiVersion: pkg.crossplane.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{package: '{package}'}}\n"
        )
    };
    hub.apply(&package_of("Configuration", "memos", &TESTBED.package(folder.path(), "memos:v1").expect("pushed")));
    judge.until("configurations.pkg.crossplane.io", "memos", "Healthy");
    judge.whole_life(&configurations.life("memos"), |it| are_true(it, &package));
    for (kind, name) in [("Provider", "provider-lost"), ("Function", "function-lost"), ("Configuration", "lost")] {
        hub.apply(&package_of(kind, name, &format!("{}/{name}:v1", TESTBED.registry())));
        let plural = format!("{}s.pkg.crossplane.io", kind.to_lowercase());
        eventually(&format!("{kind} {name} tells why"), || {
            let (status, message) = judge.now(&plural, name, "default");
            status == "Progressing" && message.starts_with("Installed is False: ")
        });
    }

    // A policy of a namespace.
    hub.apply(POLICY);
    judge.until("policies.kyverno.io", "team", "Healthy");
    judge.whole_life(&local_policies.life("team"), |it| are_true(it, &["Ready"]));
}

#[test]
#[ignore = "needs the testbed"]
fn an_application_without_manifests_is_not_healthy_though_argo_cd_calls_it_so() {
    let hub = Hub::installed(Kind::Plain);
    let judge = Judge::of(&hub);
    hub.apply(&LOST.replace("ADDRESS", &hub.repository.url()));
    let lost = || hub.object("applications.argoproj.io", "lost").unwrap_or_default();
    eventually("Argo CD has looked at it", || lost()["status"]["sync"]["status"] == "Unknown");
    assert_eq!(lost()["status"]["health"]["status"], "Healthy");
    let (status, message) = judge.now("applications.argoproj.io", "lost", "argocd");
    assert_eq!(
        (status.as_str(), message.as_str()),
        ("Progressing", "sync status is Unknown"),
        "{:#}",
        lost()["status"]
    );
}
