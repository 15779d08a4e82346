//! Applications with those that they bring, and what goes with all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::argocd::{Application, Applications, stays_when_deleted, tracked_by};
use crate::engine::{Cluster, Fault};
use crate::object::{owners, str_at, uid};
use crate::words::argo;

/// Applications that go, and what they take along.
pub(super) struct Family {
    /// All of them: those that were asked for, and those that they bring and that take along what they deploy.
    pub applications: Vec<Application>,
}

impl Family {
    /// These Applications with those that they bring.
    pub async fn with(cluster: &Cluster, applications: &[Application]) -> Result<Self, Fault> {
        let all = Applications::of(cluster).await?;
        let sets = cluster.list(&argo::every(argo::APPLICATION_SET)).await?;
        Ok(Self::of(applications, &all, &sets))
    }

    /// The same of what was read.
    pub fn of(applications: &[Application], all: &Applications, sets: &[Value]) -> Self {
        let mut family = with_family(applications, all, sets);
        family.retain(|it| it.cascades() || applications.iter().any(|asked| uid(&asked.0) == uid(&it.0)));
        Self { applications: family }
    }

    /// Whether one of them deployed exactly this object.
    pub fn tracks(&self, live: &Value) -> bool {
        tracked_by(live).is_some_and(|by| self.applications.iter().any(|it| it.instance() == by))
    }

    /// Whether Argo CD deletes the object with them.
    pub fn takes(&self, live: &Value) -> bool {
        self.tracks(live) && !stays_when_deleted(live)
    }

    /// The CRDs that they brought, each with its Application. Argo CD marks no CRD.
    pub fn definitions(&self) -> BTreeMap<String, String> {
        let of = |it: &Application| it.definitions().map(|crd| (crd, it.name().to_owned())).collect::<Vec<_>>();
        self.applications.iter().flat_map(of).collect()
    }

    /// What the makers of objects may be called: the Applications, and the charts that they deploy.
    pub fn names(&self) -> BTreeSet<&str> {
        self.applications.iter().flat_map(|it| it.charts().chain([it.name()])).collect()
    }
}

/// An Application as far as it tells with what it goes.
struct Candidate {
    index: usize,
    uid: String,
    /// The Application that tracks it and takes it along. Kubernetes, which deletes what has an owner, heeds no annotation.
    parent: Option<String>,
    owners: Vec<String>,
}

impl Candidate {
    fn of((index, it): (usize, Application)) -> Self {
        let owners = owners(&it.0).map(|owner| str_at(owner, "/uid").to_owned()).collect();
        let parent = tracked_by(&it.0).filter(|_| !stays_when_deleted(&it.0)).map(str::to_owned);
        Self { index, uid: uid(&it.0).to_owned(), parent, owners }
    }
}

/// These Applications, and those that they or their `ApplicationSets` bring, which go when they do, but for those that their
/// annotation keeps. With their finalizer on them these delete what they deploy, and so bring others along; without it they
/// leave it.
pub(super) fn with_family(applications: &[Application], all: &Applications, sets: &[Value]) -> Vec<Application> {
    let mut family = applications.to_vec();
    let is_asked = |it: &Candidate| applications.iter().any(|asked| uid(&asked.0) == it.uid);
    let mut strangers: Vec<Candidate> = all.iter().enumerate().map(Candidate::of).filter(|it| !is_asked(it)).collect();
    let mut next = 0;
    while let Some(parent) = family.get(next) {
        let (parent, takes_along) = (parent.instance(), next < applications.len() || parent.cascades());
        next += 1;
        if !takes_along {
            continue;
        }
        let sets: BTreeSet<&str> =
            sets.iter().filter(|it| tracked_by(it) == Some(&parent) && !stays_when_deleted(it)).map(uid).collect();
        let is_child = |it: &Candidate| {
            it.parent.as_ref() == Some(&parent) || it.owners.iter().any(|owner| sets.contains(owner.as_str()))
        };
        let (children, others): (Vec<_>, Vec<_>) = strangers.into_iter().partition(is_child);
        family.extend(children.iter().map(|child| all.at(child.index)));
        strangers = others;
    }
    family
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str, name: &str, parent: &str, owner: &str) -> Value {
        let id = format!("{parent}:{}/{kind}:argocd/{name}", argo::GROUP);
        json!({"apiVersion": argo::API, "kind": kind, "metadata": {
            "name": name, "namespace": argo::NAMESPACE, "uid": format!("uid-of-{name}"), "finalizers": [argo::CASCADE],
            "annotations": {argo::TRACKING_ID: id}, "ownerReferences": [{"uid": owner}]}})
    }

    fn kept(mut it: Value) -> Value {
        it["metadata"]["annotations"][argo::SYNC_OPTIONS] = json!("Delete=false");
        it
    }

    #[test]
    fn what_a_family_tracks_goes_with_it_whatever_its_kind_unless_its_annotation_keeps_it() {
        let parent = Application(of(argo::APPLICATION, "parent", "root", ""));
        let child = of(argo::APPLICATION, "child", "parent", "");
        let family = Family::of(std::slice::from_ref(&parent), &[parent.0.clone(), child].into_iter().collect(), &[]);
        for kind in [argo::APPLICATION_SET, argo::PROJECT] {
            assert!(family.takes(&of(kind, "of-a-child", "child", "")));
            assert!(!family.takes(&of(kind, "of-a-person", "", "")));
            assert!(!family.takes(&kept(of(kind, "kept", "child", ""))));
        }
    }

    #[test]
    fn what_applications_bring_by_themselves_and_by_their_sets_is_their_family() {
        let parent = Application(of(argo::APPLICATION, "parent", "root", ""));
        let mut leaving = of(argo::APPLICATION, "leaving", "parent", "");
        leaving["metadata"]["finalizers"] = json!([]);
        let all: Applications = [
            parent.0.clone(),
            of(argo::APPLICATION, "child", "parent", ""),
            of(argo::APPLICATION, "grandchild", "child", ""),
            of(argo::APPLICATION, "of-the-set", "", "uid-of-set"),
            of(argo::APPLICATION, "of-another-set", "", "uid-of-other"),
            of(argo::APPLICATION, "stranger", "root", ""),
            leaving,
            of(argo::APPLICATION, "left", "leaving", ""),
            kept(of(argo::APPLICATION, "kept", "parent", "")),
            of(argo::APPLICATION, "of-kept", "kept", ""),
            kept(of(argo::APPLICATION, "kept-of-the-set", "", "uid-of-set")),
            of(argo::APPLICATION, "of-the-kept-set", "", "uid-of-kept-set"),
        ]
        .into_iter()
        .collect();
        let sets = [
            of(argo::APPLICATION_SET, "set", "parent", ""),
            of(argo::APPLICATION_SET, "other", "root", ""),
            kept(of(argo::APPLICATION_SET, "kept-set", "parent", "")),
        ];
        let family = with_family(&[parent], &all, &sets);
        let names: Vec<&str> = family.iter().map(Application::name).collect();
        assert_eq!(names, ["parent", "child", "of-the-set", "leaving", "kept-of-the-set", "grandchild"]);
    }
}
