//! The commits that were proven, as the cluster remembers them: a ConfigMap beside Argo CD that no Application tracks.
//!
//! What Argo CD remembers of its syncs says that a commit was applied, not that it was well: a bad image is among them. So
//! whoever proves a commit writes it down. It is not in git, since git may be what cannot be reached when it is needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::{Cluster, Fault, FaultKind, RECORD_MANAGER};
use crate::object::{ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::words::argo;

/// The name of the ConfigMap.
const NAME: &str = "backstack-proven";
/// The key in it under which the commits are.
const KEY: &str = "proven.json";
/// How many commits are remembered: as many as Argo CD remembers of its syncs (`revisionHistoryLimit` of an Application).
const MOST: usize = 10;
/// How often a write is tried again after somebody else's. Only runs of this program write it, so races are rare.
const RETRIES: usize = 3;

/// A commit of the hub repository that was proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    /// The commit.
    pub revision: String,
    /// The digest of what was rendered into it: two commits with the same one differ in what people and beads have written.
    pub render: String,
    /// The hub repository, as Argo CD reads it.
    pub repository: String,
    /// Its branch.
    pub branch: String,
    /// The UID of the cluster's `kube-system` namespace.
    pub cluster_uid: String,
    /// The UID of the Application `root`.
    pub root_uid: String,
    /// The UID of the Application `argocd`.
    pub argocd_uid: String,
    /// The versions of Argo CD and of the components, by name.
    pub versions: BTreeMap<String, String>,
    /// The version of the program that rendered it.
    pub tool: String,
    /// When it was proven, as Kubernetes writes times.
    pub time: String,
}

/// What is remembered, the newest first; nothing where there is no ConfigMap.
pub async fn read(cluster: &Cluster) -> Outcome<Vec<Proven>> {
    match cluster.get(&object()).await? {
        Some(live) => entries(&live),
        None => Ok(Vec::new()),
    }
}

/// Remembers a commit. Answers whether it is a new one.
pub async fn record(cluster: &Cluster, proven: &Proven) -> Outcome<bool> {
    let mut tries = 0;
    loop {
        let live = cluster.get(&object()).await?;
        let before = live.as_ref().map_or_else(|| Ok(Vec::new()), entries)?;
        let Some(after) = with(before, proven) else { return Ok(false) };
        match write(cluster, live.as_ref(), &after).await {
            Err(fault) if fault.kind == FaultKind::Changed && tries < RETRIES => tries += 1,
            written => return Ok(written.map(|()| true)?),
        }
    }
}

/// Whether this is the ConfigMap: it is of the hub, and goes with it.
#[must_use]
pub fn is_record(live: &Value) -> bool {
    ObjectRef { version: String::new(), ..ObjectRef::of(live) } == ObjectRef { version: String::new(), ..object() }
}

fn object() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(argo::NAMESPACE), NAME)
}

/// Writes in the version that was read.
async fn write(cluster: &Cluster, live: Option<&Value>, entries: &[Proven]) -> Result<(), Fault> {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": argo::NAMESPACE},
        "data": {KEY: format!("{:#}\n", json!(entries))}});
    if let Some(live) = live {
        object["metadata"]["resourceVersion"] = json!(str_at(live, "/metadata/resourceVersion"));
    }
    cluster.apply(&object, RECORD_MANAGER).await.map(drop)
}

fn entries(live: &Value) -> Outcome<Vec<Proven>> {
    let text = live.get("data").and_then(|data| data.get(KEY)).and_then(Value::as_str).unwrap_or("[]");
    serde_json::from_str(text).map_err(|error| {
        Failure::failed(format!("{KEY} of {} is not what backstack has written: {error}", object()))
            .hint("delete the ConfigMap: the next proof (`verify`) writes it anew")
    })
}

/// What is remembered with one more; nothing where it is the newest already. Commits with the same render in a row are
/// remembered by the last of them, or the beads of a week would push out the render of the week before.
fn with(before: Vec<Proven>, new: &Proven) -> Option<Vec<Proven>> {
    let is_same = |one: &Proven| {
        (&one.revision, &one.cluster_uid, &one.root_uid, &one.argocd_uid)
            == (&new.revision, &new.cluster_uid, &new.root_uid, &new.argocd_uid)
    };
    if before.first().is_some_and(is_same) {
        return None;
    }
    let renders = |one: &Proven| (one.render == new.render) && (one.cluster_uid == new.cluster_uid);
    let older = before.into_iter().enumerate();
    let older = older.filter(|(at, it)| !(*at == 0 && renders(it)) && it.revision != new.revision).map(|(_, it)| it);
    Some(std::iter::once(new.clone()).chain(older).take(MOST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proven(revision: &str, render: &str) -> Proven {
        let text = |text: &str| text.to_owned();
        Proven {
            revision: text(revision),
            render: text(render),
            repository: text("https://git.example.org/hub.git"),
            branch: text("main"),
            cluster_uid: text("uid"),
            root_uid: text("root"),
            argocd_uid: text("argocd"),
            versions: [("argocd", "3.6.1")].map(|(name, version)| (text(name), text(version))).into(),
            tool: text("0.1.0"),
            time: text("2026-01-01T00:00:00Z"),
        }
    }

    fn revisions(entries: &[Proven]) -> Vec<&str> {
        entries.iter().map(|it| it.revision.as_str()).collect()
    }

    #[test]
    fn the_newest_ten_renders_are_remembered() {
        let mut all = Vec::new();
        for number in 0..12 {
            all = with(all, &proven(&format!("r{number}"), &format!("d{number}"))).expect("new");
        }
        assert_eq!(revisions(&all), ["r11", "r10", "r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2"]);
        assert_eq!(with(all, &proven("r11", "d11")), None);
    }

    #[test]
    fn commits_with_the_same_render_in_a_row_are_one() {
        let all = [("r1", "d1"), ("r2", "d2"), ("r3", "d2"), ("r4", "d1")];
        let all = all.into_iter().fold(Vec::new(), |all, (r, d)| with(all, &proven(r, d)).expect("new"));
        assert_eq!(revisions(&all), ["r4", "r3", "r1"]);
        let back = with(all, &proven("r3", "d2")).expect("not the newest");
        assert_eq!(revisions(&back), ["r3", "r4", "r1"]);
    }

    #[test]
    fn a_hub_that_was_made_anew_is_proven_anew() {
        let all = with(Vec::new(), &proven("r1", "d1")).expect("new");
        let again = Proven { root_uid: "another".to_owned(), ..proven("r1", "d1") };
        assert_eq!(with(all, &again), Some(vec![again]));
    }

    #[test]
    fn what_others_have_made_of_it_is_told() {
        let live = |text: &str| json!({"data": {KEY: text}});
        assert_eq!(entries(&live(&json!([proven("r1", "d1")]).to_string())), Ok(vec![proven("r1", "d1")]));
        assert_eq!(entries(&json!({})), Ok(Vec::new()));
        for text in ["", "{}", "[{}]", "no"] {
            assert!(entries(&live(text)).is_err_and(|it| it.message.contains("argocd/backstack-proven")), "{text}");
        }
    }
}
