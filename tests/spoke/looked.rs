//! When Kyverno has looked at what people order: it works through requests that come and go.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hub::fixture::{Hub, eventually};

pub const OBJECTS: &str = "sandboxes.demo.example.org";
/// How long Kyverno is given before it is asked anew; it takes seconds, and minutes beside all the other tests.
const ONE_LOOK: Duration = Duration::from_secs(120);

/// The requests of Kyverno, as they come and go, until this is dropped.
struct Requests {
    kubectl: Child,
    events: Receiver<Value>,
}

impl Requests {
    fn watched(hub: &Hub) -> Self {
        let args = ["get", "updaterequests", "-n", "kyverno", "--watch", "--output-watch-events", "-o", "json"];
        let mut kubectl = hub.kubectl_command(&args).stdout(Stdio::piped()).spawn().expect("kubectl starts");
        let stdout = kubectl.stdout.take().expect("stdout");
        let (sender, events) = mpsc::channel();
        thread::spawn(move || {
            let stream = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>();
            stream.map_while(Result::ok).try_for_each(|event| sender.send(event))
        });
        Self { kubectl, events }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let _ = self.kubectl.kill(); // it may have ended
        self.kubectl.wait().expect("kubectl ends");
    }
}

/// Has Kyverno look again at what people have ordered, `--all` or one by its name, once Crossplane has composed it as it is now.
/// Waits until it has looked, also at everything that it was to look at before.
#[track_caller]
pub fn again(hub: &Hub, which: &str) {
    eventually("Crossplane has composed what was ordered", || is_composed(hub));
    eventually("Kyverno has looked again", || has_looked(hub, which));
}

/// Waits until Kyverno has made something of one that people have ordered. It looks at each write once, and a write of which it does
/// not learn is lost: its webhook lets pass what it does not answer in time. So it is asked anew, as `docs/spokes.md` tells people to.
#[track_caller]
pub fn until(hub: &Hub, name: &str, what: &str, look: impl Fn() -> bool) {
    eventually(what, || {
        if look() {
            return true;
        }
        again(hub, name);
        look()
    });
}

/// Whether each Secret holds the kubeconfig that its object has now.
fn is_composed(hub: &Hub) -> bool {
    let listed = |kind: &str| -> Vec<(String, String)> {
        let path = "jsonpath={range .items[*]}{.metadata.name}={.spec.kubeconfig}{.data.kubeconfig}{\"\\n\"}{end}";
        let text = hub.kubectl(&["get", kind, "-n", "team-a", "-o", path]);
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, it)| (name.to_owned(), it.to_owned()))
            .collect()
    };
    let (ordered, composed) = (listed(OBJECTS), listed("secrets"));
    ordered.iter().all(|it| composed.contains(it))
}

fn has_looked(hub: &Hub, which: &str) -> bool {
    let requests = Requests::watched(hub);
    let mark = backstack_testbed::git::password().expect("random");
    let annotated =
        ["annotate", OBJECTS, which, "-n", "team-a", "--overwrite", &format!("touched={mark}"), "-o", "name"];
    let mut missing: BTreeSet<String> = hub.kubectl(&annotated).lines().map(str::to_owned).collect();
    let until = Instant::now() + ONE_LOOK;
    let (mut open, mut before) = (BTreeSet::new(), None::<BTreeSet<String>>);
    while let Ok(event) = requests.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
        let request = event.pointer("/object/metadata/name").and_then(Value::as_str).expect("a name").to_owned();
        if event["type"] == "DELETED" {
            open.remove(&request);
            if let Some(before) = &mut before {
                before.remove(&request);
            }
        } else {
            open.insert(request);
        }
        if event.to_string().contains(&mark) {
            let about = event.pointer("/object/spec/ruleContext/0/trigger/name").and_then(Value::as_str);
            missing.remove(&format!("sandbox.demo.example.org/{}", about.expect("what it is about")));
        }
        if missing.is_empty() && before.get_or_insert_with(|| open.clone()).is_empty() {
            return true;
        }
    }
    false
}
