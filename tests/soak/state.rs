//! How a hub is, as far as it is to be the same whatever became of the runs before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::hub::Hub;

/// The kinds that the hub and its bead consist of, beside those that they bring.
const KINDS: &str = "namespaces,configmaps,secrets,serviceaccounts,clusterroles,deployments.apps,statefulsets.apps,\
                     customresourcedefinitions.apiextensions.k8s.io";
/// What no run of this program has to do with.
const OF_KUBERNETES: [&str; 5] = ["kube-system", "kube-public", "kube-node-lease", "default", "kube-root-ca.crt"];
/// What an object has of one life alone.
const OF_ONE_LIFE: [&str; 5] = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"];
/// The files that have the UID of the cluster in them, or a digest of one that has.
const OF_ONE_CLUSTER: [&str; 3] = ["lock.yaml", "hub.yaml", "spokes/probe/configmap.yaml"];

/// How long what Argo CD still does may take when a run has ended.
pub const REST: Duration = Duration::from_secs(90);

/// The objects by their names, and the files of the repository.
pub type State = BTreeMap<String, Value>;

/// What there is now.
pub fn state(hub: &Hub) -> State {
    let mut all = hub.objects(KINDS);
    let brought: Vec<&str> =
        all.iter().filter(|it| it["kind"] == "CustomResourceDefinition").filter_map(served).collect();
    if !brought.is_empty() {
        let brought = brought.join(",");
        all.extend(hub.objects(&brought));
    }
    let number = format!("{:02}", hub.cluster.number());
    let mut state = State::new();
    for live in all {
        let [namespace, name] = ["namespace", "name"].map(|it| live["metadata"][it].as_str().unwrap_or_default());
        let is_of_kubernetes =
            name.starts_with("system:") || [namespace, name].iter().any(|it| OF_KUBERNETES.contains(it));
        if !is_of_kubernetes && !live["metadata"]["labels"].to_string().contains("kubernetes.io/bootstrapping") {
            let kind = live["kind"].as_str().expect("a kind");
            state.insert(format!("{kind} {namespace}/{name}"), lasting(&live, &number));
        }
    }
    state.extend(files(hub));
    state
}

/// What there is when nothing changes any more.
pub fn at_rest(hub: &Hub) -> State {
    let began = Instant::now();
    let mut last = state(hub);
    loop {
        let next = state(hub);
        if next == last && !next.values().any(operates) {
            return last;
        }
        assert!(began.elapsed() < REST, "it does not come to rest: {}", difference(&last, &next));
        last = next;
    }
}

/// Whether this is an Application with an operation that is asked for or under way, or of which a comparison is asked.
fn operates(object: &Value) -> bool {
    let is_asked = !object["metadata"]["annotations"]["argocd.argoproj.io/refresh"].is_null();
    object["status"].is_array() && (is_asked || object["status"][3] == "Running" || !object["status"][4].is_null())
}

/// The name of a definition whose objects can be asked for.
fn served(definition: &Value) -> Option<&str> {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    let is_established = conditions.clone().any(|it| it["type"] == "Established" && it["status"] == "True");
    let is_going = !definition["metadata"]["deletionTimestamp"].is_null();
    definition["metadata"]["name"].as_str().filter(|_| is_established && !is_going)
}

/// Of an object what is wanted of it, whose it is, and how an Application says it is.
fn lasting(live: &Value, number: &str) -> Value {
    let mut metadata = live["metadata"].clone();
    let entries = metadata["managedFields"].as_array().cloned().unwrap_or_default();
    let is_wish = |it: &Value| it["subresource"].is_null() && it["manager"] != "argocd-application-controller";
    let named = |it: Value| (format!("{} {}", it["manager"], it["operation"]), it["fieldsV1"].clone());
    let owners: BTreeMap<String, Value> = entries.into_iter().filter(is_wish).map(named).collect();
    if let Some(fields) = metadata.as_object_mut() {
        fields.retain(|field, _| !OF_ONE_LIFE.contains(&field.as_str()));
    }
    let mut object = json!({"metadata": metadata, "owners": owners});
    for part in ["data", "spec", "rules", "type"] {
        object[part] = live[part].clone();
    }
    if live["kind"] == "Application" {
        let status = &live["status"];
        object["status"] = json!([
            status["sync"]["status"],
            status["health"]["status"],
            status["resources"],
            status["operationState"]["phase"],
            live["operation"],
            status["conditions"]
        ]);
    }
    if live["metadata"]["name"] == "backstack-proven" {
        let text = live["data"]["proven.json"].as_str().unwrap_or("[]");
        let proven: Vec<Value> = serde_json::from_str(text).expect("JSON");
        object["data"] = proven.iter().map(|it| json!([it["branch"], it["versions"], it["tool"]])).collect();
    }
    if live["metadata"]["name"] == "hub-repository" {
        let user = STANDARD.decode(object["data"]["username"].as_str().unwrap_or_default()).unwrap_or_default();
        object["data"]["username"] = String::from_utf8_lossy(&user).replace(number, "").into();
    }
    object
}

/// The files of the branch, the lines of each as one.
fn files(hub: &Hub) -> State {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(hub.repository()).args(["ls-tree", "-r", "--format=%(path) %(objectname)", "main"]);
    let listed = String::from_utf8(git.output().expect("git starts").stdout).expect("text");
    let files = listed.lines().filter_map(|line| line.rsplit_once(' '));
    let content =
        |path: &str, blob: &str| if OF_ONE_CLUSTER.contains(&path) { json!("of this cluster") } else { json!(blob) };
    files.map(|(path, blob)| (format!("file {path}"), content(path, blob))).collect()
}

/// What two states have not in common.
pub fn difference(wanted: &State, found: &State) -> String {
    let mut told = String::new();
    for name in wanted.keys().chain(found.keys().filter(|it| !wanted.contains_key(*it))) {
        let (wanted, found) = (wanted.get(name), found.get(name));
        if wanted != found {
            let _ = writeln!(told, "{name}:");
            parts(&mut told, "", wanted.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
        }
    }
    told
}

fn parts(told: &mut String, at: &str, wanted: &Value, found: &Value) {
    match (wanted, found) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|it| !one.contains_key(*it))) {
                parts(told, &format!("{at}/{key}"), &wanted[key], &found[key]);
            }
        }
        _ if wanted != found => _ = writeln!(told, "  {at}: {wanted} is {found}"),
        _ => {}
    }
}
