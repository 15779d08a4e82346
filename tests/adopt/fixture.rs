//! An Argo CD of others on a cluster: upstream's manifest, as the bundle pins it, brought by their tools.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};

use backstack::yaml;
use backstack_testbed::Repository;
use serde_json::{Value, json};

use crate::hub::fixture::{Hub, Run, TESTBED, eventually, started};
use crate::signals::send;

/// A hub that is to be, on a cluster where others have an Argo CD.
pub struct Theirs {
    pub hub: Hub,
    /// What people deploy by it.
    pub shop: Repository,
}

impl Theirs {
    /// A cluster with the namespace, and nothing in it.
    pub fn new() -> Self {
        let hub = Hub::plain();
        hub.kubectl(&["create", "namespace", "argocd"]);
        Self { hub, shop: TESTBED.repository().expect("a repository") }
    }

    /// The objects of upstream's manifest, in the namespace.
    pub fn manifest(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.hub.bundle().join("assets/argocd.yaml")).expect("the manifest");
        yaml::manifests("argocd.yaml", &text).expect("the manifest is YAML")
    }

    /// Runs `kubectl` with objects on its stdin and demands success.
    #[track_caller]
    pub fn kubectl_with(&self, args: &[&str], objects: &[Value]) {
        let text = documents(objects);
        let mut child = self.start(args);
        std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), text.as_bytes()).expect("read");
        let output = child.wait_with_output().expect("kubectl ends");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Puts one object there, whoever has it.
    #[track_caller]
    pub fn put(&self, object: Value) {
        self.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &[object]);
    }

    fn start(&self, args: &[&str]) -> Child {
        let mut command = self.hub.kubectl_command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("kubectl starts")
    }

    /// Installs with `kubectl apply`, the one definition that is too long for that by server-side apply.
    pub fn apply_client_side(&self, objects: &[Value]) {
        let is_long = |it: &&Value| it["metadata"]["name"] == "applicationsets.argoproj.io";
        let (long, rest): (Vec<&Value>, Vec<&Value>) = objects.iter().partition(is_long);
        let owned = |all: Vec<&Value>| all.into_iter().cloned().collect::<Vec<_>>();
        self.kubectl_with(&["apply", "--server-side", "-f", "-"], &owned(long));
        self.kubectl_with(&["apply", "-n", "argocd", "-f", "-"], &owned(rest));
        self.definitions_are_served();
    }

    /// Waits until Applications are served.
    pub fn definitions_are_served(&self) {
        let served = "--for=condition=Established";
        let definitions = ["applications", "applicationsets", "appprojects"].map(|it| format!("crd/{it}.argoproj.io"));
        let [a, b, c] = &definitions;
        self.hub.kubectl(&["wait", a, b, c, served, "--timeout=180s"]);
    }

    /// Puts a ConfigMap into the repository of people, an Application that deploys it, a set that makes another one, and their
    /// project; and waits until Argo CD has brought it all.
    pub fn deploy_shop(&self) {
        self.shop
            .commit(|folder| {
                for name in ["shop", "made"] {
                    let map =
                        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: default}}\n");
                    fs::create_dir_all(folder.join(name)).expect("a folder");
                    fs::write(folder.join(name).join("map.yaml"), map).expect("a file");
                }
            })
            .expect("committed");
        let spec = |path: &str| {
            json!({"project": "team", "source": {"repoURL": self.shop_url(), "path": path, "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
                "syncPolicy": {"automated": {"prune": true, "selfHeal": true}}})
        };
        let metadata = |name: &str| json!({"name": name, "namespace": "argocd"});
        let of = |kind: &str, name: &str, spec: Value| json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": metadata(name), "spec": spec});
        let everything = json!({"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}]});
        let mut shop = of("Application", "shop", spec("shop"));
        shop["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
        let set = json!({"generators": [{"list": {"elements": [{"name": "made"}]}}],
            "template": {"metadata": {"name": "made"}, "spec": spec("made")}});
        let all = [of("AppProject", "team", everything), shop, of("ApplicationSet", "makes", set)];
        self.kubectl_with(&["apply", "-f", "-"], &all);
        eventually("the shop is deployed", || {
            let maps = self.hub.kubectl(&["get", "configmaps", "-n", "default", "-o", "name"]);
            ["configmap/shop", "configmap/made"].iter().all(|it| maps.lines().any(|line| line == *it))
        });
    }

    /// The repository of people, with what Argo CD needs to read it.
    pub fn shop_url(&self) -> String {
        self.shop.url_for(self.shop.reader())
    }

    /// The UIDs of what people keep in Argo CD, and of what they have deployed.
    pub fn uids(&self) -> BTreeMap<String, String> {
        let mut found = self.uids_of("applications,applicationsets,appprojects", "argocd");
        found.extend(self.uids_of("configmaps", "default"));
        found.retain(|name, _| ["shop", "made", "makes", "team"].iter().any(|it| name.ends_with(&format!("/{it}"))));
        found
    }

    /// The UIDs of the pods of Argo CD.
    pub fn pods(&self) -> BTreeMap<String, String> {
        self.uids_of("pods", "argocd")
    }

    fn uids_of(&self, kinds: &str, namespace: &str) -> BTreeMap<String, String> {
        let all: Value = serde_json::from_str(&self.hub.kubectl(&["get", kinds, "-n", namespace, "-o", "json"]))
            .expect("kubectl prints JSON");
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let of = |it: &Value| {
            (format!("{}/{}", text(&it["kind"]), text(&it["metadata"]["name"])), text(&it["metadata"]["uid"]))
        };
        all["items"].as_array().expect("a list").iter().map(of).collect()
    }

    /// Runs an installation whose step says `adopt: true`, and this besides: a line each.
    pub fn adopt(&self, settings: &[&str]) -> Run {
        Run::of(self.adopting(settings))
    }

    /// The same, killed when it says a line that starts with `word`.
    #[track_caller]
    pub fn adopt_killed_at(&self, word: &str, settings: &[&str]) {
        let run = Run::watched(self.adopting(settings), word, |child| send("KILL", child));
        assert!(run.status.code().is_none(), "{word}: it was killed:\n{}", run.stderr);
    }

    fn adopting(&self, settings: &[&str]) -> Child {
        let lines = [&["adopt: true"], settings].concat().join("\n        ");
        let step = self.hub.step("install").replace("file: hub.yaml", &format!("file: hub.yaml\n        {lines}"));
        started(self.hub.command(&self.hub.bundle(), "install"), &step)
    }

    /// The objects that the hub has brought, with their managers.
    pub fn brought(&self) -> Vec<Value> {
        const KINDS: &str = "customresourcedefinitions,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,\
            configmaps,services,deployments,statefulsets,networkpolicies";
        let args = [
            "get",
            KINDS,
            "-n",
            "argocd",
            "-l",
            "app.kubernetes.io/part-of=argocd",
            "-o",
            "json",
            "--show-managed-fields",
        ];
        let all: Value = serde_json::from_str(&self.hub.kubectl(&args)).expect("kubectl prints JSON");
        all["items"].as_array().expect("a list").clone()
    }
}

/// Objects as one text in YAML.
fn documents(objects: &[Value]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n---\n")
}

/// Makes every workload one without pods, for what only looks.
pub fn without_pods(mut objects: Vec<Value>) -> Vec<Value> {
    for object in objects.iter_mut().filter(|it| it["spec"]["template"].is_object()) {
        object["spec"]["replicas"] = json!(0);
    }
    objects
}

/// Changes one object of a set.
#[track_caller]
pub fn edit(objects: &mut [Value], kind: &str, name: &str, edit: impl FnOnce(&mut Value)) {
    let found = objects.iter_mut().find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
    edit(found.unwrap_or_else(|| panic!("{kind} {name} is in the manifest")));
}
