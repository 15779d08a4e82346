//! What git holds at the head of the branch against the live objects of a hub, as Argo CD would bring the one to the other.
//!
//! Each object is tried by a dry run under the name of Argo CD, with force and its marks, but where its own `managedFields` prove that
//! it would stay as it is. What differs is a finding, and what nobody could hold against git is named.

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde_json::Value;

use super::changes::{Change, Counts, Sort};
use super::cluster::{change_of, tracked};
use super::held::{Held, Part, left_alone};
use super::kept::Kept;
use super::markdown::{lines, row, section};
use crate::argocd::{Application, installation, stays_when_pruned, tracked_by, tracking_id};
use crate::document::{Repository, is_hook};
use crate::engine::{Cluster, Effect, Fault, FaultKind, ForeignField, Preview, Previews, absent, tell_foreign_fields};
use crate::git::Access;
use crate::object::{ObjectRef, str_at};
use crate::publish::Whole;
use crate::report::{Console, Outcome};
use crate::schema::address;
use crate::upgrade::escaped;
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;

/// What differs between git and a cluster.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    /// Whether anything does, of what was looked at.
    pub differs: bool,
    /// The repository and the branch.
    repository: Of,
    /// The commit that git was read at.
    revision: String,
    /// How many objects differ in which way.
    counts: Counts,
    /// How many are as git has them.
    unchanged: usize,
    /// What Argo CD would do to which object.
    objects: Vec<Change>,
    /// Fields that others own and git does not hold. They are no difference: Argo CD leaves them alone.
    findings: Vec<ForeignField>,
    /// What was not held against git, a line each.
    not_looked_at: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Of {
    url: String,
    branch: String,
}

impl Live {
    /// Reads git at the head of the branch, and tries each object on the cluster.
    pub async fn of(repository: &Repository, access: &Access, cluster: &Cluster) -> Outcome<Self> {
        let Whole { files, revision, .. } = Whole::read(access, cluster.deadline().end()).await?;
        let held = Held::of(&files, repository)?;
        drop(files);
        let objects = || held.parts.iter().flat_map(|part| part.objects.iter());
        objects().filter(|it| it.name.is_crd()).for_each(|it| cluster.learn([&it.object()]));
        let settings = objects().find(|it| it.name == argo::settings()).map(Kept::object);
        let installation = settings.as_ref().and_then(installation);
        let all = held.parts.iter().flat_map(|part| part.objects.iter().map(move |object| (part, object)));
        let previews = Previews::on(cluster);
        let tried = all.map(|(part, object)| attempt(cluster, &previews, part, object, installation));
        let tried = futures::stream::iter(tried);
        let tried: Vec<Tried> = tried.buffered(AT_ONCE).try_collect().await?;

        let mut live = Self {
            differs: false,
            repository: Of { url: address::shown(&repository.url), branch: repository.branch.clone() },
            revision,
            counts: Counts::default(),
            unchanged: 0,
            objects: Vec::new(),
            findings: Vec::new(),
            not_looked_at: held.not_looked_at,
        };
        for Tried { found, foreign } in tried {
            live.findings.extend(foreign);
            live.add(found);
        }
        for found in left_over(&held.parts, cluster).await? {
            live.add(found);
        }
        live.counts = Counts::of(&live.objects);
        live.differs = !live.objects.is_empty();
        Ok(live)
    }

    fn add(&mut self, found: Found) {
        match found {
            Found::Same => self.unchanged += 1,
            Found::Differs(change) => self.objects.push(change),
            Found::Unknown(line) => self.not_looked_at.push(line),
        }
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        let counts = if self.differs { format!("{}, ", self.counts.told()) } else { String::new() };
        console.say(format!("cluster    {counts}{} as git has them  (commit {})", self.unchanged, self.revision));
        self.objects.iter().for_each(|change| change.tell(console));
        tell_foreign_fields(&self.findings, console);
        for line in &self.not_looked_at {
            console.say(format!("  not looked at: {line}"));
        }
        if !self.differs {
            console.say(self.verdict());
        }
    }

    fn verdict(&self) -> String {
        let unseen = match self.not_looked_at.len() {
            0 => "",
            _ => "; what was not looked at may differ",
        };
        format!("no difference in the {} objects that were looked at{unseen}", self.unchanged)
    }

    /// As markdown, without any text of an object.
    pub fn markdown(&self) -> String {
        let not_looked_at: Vec<String> = self.not_looked_at.iter().map(|it| format!("- {}", escaped(it))).collect();
        format!(
            "## Difference between branch {} and the cluster\n\nCommit {}\n\n| | add | change | remove | refuse |\n|---|---|---|---|---|\n{}\n",
            escaped(&self.repository.branch),
            escaped(&self.revision),
            row("cluster", &self.counts)
        ) + &section("Objects", &lines(&self.objects))
            + &section("Not looked at", &not_looked_at)
    }
}

/// What came of one object.
enum Found {
    /// It is as git has it.
    Same,
    /// It is not.
    Differs(Change),
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// The same, and what others own of it.
struct Tried {
    found: Found,
    foreign: Vec<ForeignField>,
}

/// Has the API server say what an object would be if Argo CD applied it as git has it.
async fn attempt(
    cluster: &Cluster,
    previews: &Previews<'_>,
    part: &Part,
    object: &Kept,
    installation: Option<&str>,
) -> Result<Tried, Fault> {
    let mut object = object.object();
    let destination = str_at(&part.application.0, "/spec/destination/namespace");
    match absent(cluster.is_namespaced(&ObjectRef::of(&object)).await)? {
        Some(true) if ObjectRef::of(&object).namespace.is_none() => {
            object["metadata"]["namespace"] = destination.into();
        }
        Some(false) => drop(object["metadata"].as_object_mut().and_then(|it| it.remove("namespace"))),
        Some(true) => {}
        None => {
            let why = Some("the cluster does not serve its kind".to_owned());
            let change = Change { why, ..Change::new(&ObjectRef::of(&object).to_string(), Sort::Add) };
            return Ok(Tried { found: by_argocd(change), foreign: Vec::new() });
        }
    }
    let name = ObjectRef::of(&object);
    // In the mark of an object without a namespace stands that of its Application.
    let marked =
        ObjectRef { namespace: name.namespace.clone().or_else(|| Some(destination.to_owned())), ..name.clone() };
    let object = tracked(object, &tracking_id(part.application.name(), &marked), installation);
    match previews.difference(&object, argo::MANAGER, true).await {
        Ok(Preview { effect, foreign, .. }) => Ok(Tried { found: judged(part, &name, effect), foreign }),
        Err(fault) => Ok(Tried { found: or_unknown(&name, fault)?, foreign: Vec::new() }),
    }
}

/// Nobody knows of one object what its webhook does not answer to, or what the user may not read. Any other fault is of all.
fn or_unknown(name: &ObjectRef, fault: Fault) -> Result<Found, Fault> {
    let is_of_one = matches!(fault.kind, FaultKind::Webhook | FaultKind::Forbidden) || fault.is_silence();
    if is_of_one { Ok(Found::Unknown(format!("{name}: {fault}"))) } else { Err(fault) }
}

fn judged(part: &Part, name: &ObjectRef, effect: Effect) -> Found {
    let effect = match effect {
        // What may not be tried is not known; who asks is not Argo CD.
        Effect::Refused(fault) if fault.kind == FaultKind::Forbidden => {
            return Found::Unknown(format!("{name}: {fault}"));
        }
        Effect::Change(states) => match but_for_left_alone(&part.application, name, *states) {
            Ok(None) => Effect::Same,
            Ok(Some(states)) => Effect::Change(Box::new(states)),
            Err(why) => return Found::Unknown(why),
        },
        effect => effect,
    };
    change_of(&name.to_string(), effect).map_or(Found::Same, by_argocd)
}

fn by_argocd(change: Change) -> Found {
    Found::Differs(Change { by: Some("argocd"), ..change })
}

/// The two states without the fields that the Application leaves alone; nothing where they are the same then. Some of these
/// fields only Argo CD can name.
fn but_for_left_alone(
    application: &Application,
    name: &ObjectRef,
    (mut before, mut after): (Value, Value),
) -> Result<Option<(Value, Value)>, String> {
    let (pointers, has_others) = left_alone(application, name);
    for pointer in &pointers {
        remove_at(&mut before, pointer);
        remove_at(&mut after, pointer);
    }
    match before == after {
        true => Ok(None),
        false if has_others => {
            Err(format!("{name}: it differs, and `ignoreDifferences` of {} may let it", application.name()))
        }
        false => Ok(Some((before, after))),
    }
}

fn remove_at(value: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.remove(&key)),
        Some(Value::Array(list)) => {
            if let Some(index) = key.parse().ok().filter(|index| *index < list.len()) {
                list.remove(index);
            }
        }
        _ => {}
    }
}

/// What is live and tracked by the Applications, and not in git any more, where all that they have is known.
async fn left_over(parts: &[Part], cluster: &Cluster) -> Result<Vec<Found>, Fault> {
    let mut found = Vec::new();
    for part in parts.iter().filter(|it| it.is_whole) {
        let name = part.application.name();
        let Some(live) = cluster.get(&argo::application(name)).await?.map(Application) else { continue };
        let held: Vec<&ObjectRef> = part.objects.iter().map(|it| &it.name).collect();
        for object in live.resources().filter(|it| !is_held(it, &held)) {
            let live = match absent(cluster.metadata(&object).await) {
                Ok(live) => live.flatten(),
                Err(fault) => {
                    found.push(or_unknown(&object, fault)?);
                    continue;
                }
            };
            let Some(live) = live.filter(|live| is_removed(live, name)) else { continue };
            let why = stays_when_pruned(&live).then(|| "git does not hold it; its annotation has it stay".to_owned());
            found.push(by_argocd(Change { why, ..Change::new(&object.to_string(), Sort::Remove) }));
        }
    }
    Ok(found)
}

/// Whether Argo CD takes a live object for one of this Application that git does not hold any more. Hooks that have run are told
/// beside its objects, and go by their own policy.
fn is_removed(live: &Value, application: &str) -> bool {
    tracked_by(live) == Some(application) && !is_hook(live)
}

/// Whether one of these objects of git is this one. In git a namespace may be left out.
fn is_held(object: &ObjectRef, all: &[&ObjectRef]) -> bool {
    all.iter().any(|it| {
        let is_in = it.namespace.is_none() || it.namespace == object.namespace;
        it.is_kind_of(object) && it.name == object.name && is_in
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn application() -> Application {
        Application(json!({"metadata": {"name": "a"}, "spec": {"ignoreDifferences": [
            {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas", "/metadata/labels/x~1y"]},
            {"kind": "Secret", "jqPathExpressions": [".data.x"]}]}}))
    }

    #[test]
    fn what_an_application_leaves_alone_is_no_difference_and_what_nobody_can_tell_is_unknown() {
        let deployment = ObjectRef::new("apps/v1", "Deployment", Some("n"), "d");
        let state = |replicas: u32, label: &str, image: &str| json!({"metadata": {"labels": {"x/y": label}}, "spec": {"replicas": replicas, "image": image}});
        let left = but_for_left_alone(&application(), &deployment, (state(1, "a", "i"), state(2, "b", "i")));
        assert_eq!(left, Ok(None));
        let (before, after) = but_for_left_alone(&application(), &deployment, (state(1, "a", "i"), state(2, "b", "j")))
            .expect("known")
            .expect("it differs");
        assert_eq!((&before["spec"]["image"], &after["spec"]["image"]), (&json!("i"), &json!("j")));
        assert!(before["spec"].get("replicas").is_none());

        let secret = ObjectRef::new("v1", "Secret", Some("n"), "s");
        assert!(but_for_left_alone(&application(), &secret, (json!({"a": 1}), json!({"a": 2}))).is_err());
        assert_eq!(but_for_left_alone(&application(), &secret, (json!({"a": 1}), json!({"a": 1}))), Ok(None));
    }

    #[test]
    fn no_difference_is_said_of_what_was_looked_at_alone() {
        let mut live = Live {
            differs: false,
            repository: Of { url: "u".to_owned(), branch: "main".to_owned() },
            revision: "c".to_owned(),
            counts: Counts::default(),
            unchanged: 0,
            objects: Vec::new(),
            findings: Vec::new(),
            not_looked_at: Vec::new(),
        };
        live.add(Found::Same);
        assert_eq!(live.verdict(), "no difference in the 1 objects that were looked at");
        live.add(Found::Unknown("a chart".to_owned()));
        assert!(live.verdict().ends_with("; what was not looked at may differ"));
        assert!(live.markdown().contains("### Not looked at\n\n- a chart\n"), "{}", live.markdown());
    }

    #[test]
    fn a_hook_that_has_run_is_not_removed() {
        let job = |annotation: &str, text: &str| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "n",
                "annotations": {argo::TRACKING_ID: "a:batch/Job:n/j", annotation: text}}})
        };
        assert!(is_removed(&job("x", "y"), "a") && !is_removed(&job("x", "y"), "b"));
        assert!(!is_removed(&job(argo::HOOK, "PostSync"), "a"));
        assert!(!is_removed(&job("helm.sh/hook", "post-install"), "a"));
    }

    #[test]
    fn what_nobody_can_say_of_one_object_ends_no_diff() {
        let name = ObjectRef::new("v1", "ConfigMap", Some("n"), "c");
        let fault = |kind, message| Fault { tried: Some(Duration::from_secs(40)), ..Fault::new(kind, "try", message) };
        for (kind, message, is_unknown) in [
            (FaultKind::Webhook, "failed calling webhook \"w\": connection refused", true),
            (FaultKind::Webhook, "failed calling webhook \"w\": context deadline exceeded", true),
            (FaultKind::Forbidden, "User \"x\" cannot get", true),
            (FaultKind::Unreachable, "connection refused", false),
            (FaultKind::Unauthorized, "who are you", false),
        ] {
            let found = or_unknown(&name, fault(kind, message));
            assert_eq!(matches!(found, Ok(Found::Unknown(_))), is_unknown, "{message}");
        }
    }

    #[test]
    fn an_object_is_held_by_any_version_and_without_its_namespace() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}});
        let deployment = ObjectRef::of(&deployment);
        let all = [&deployment];
        assert!(is_held(&ObjectRef::new("apps/v1beta1", "Deployment", Some("n"), "d"), &all));
        assert!(!is_held(&ObjectRef::new("apps/v1", "Deployment", Some("n"), "e"), &all));
        assert!(!is_held(&ObjectRef::new("v1", "Deployment", Some("n"), "d"), &all));
    }
}
