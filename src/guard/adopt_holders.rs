//! The Applications by which an Argo CD manages itself, and what brings these. Pure.

use std::collections::BTreeSet;
use std::fmt;

use crate::argocd::{Application, Applications, tracked_by};
use crate::object::{Identity, ObjectRef, owners, str_at};
use crate::words::argo;

/// An Application that holds parts of its own Argo CD, or that brings one which does.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// The Application.
    pub application: Identity,
    /// Whether it holds parts of Argo CD itself.
    pub is_itself: bool,
    /// The Application that brings it, where one does.
    pub brought_by: Option<String>,
    /// The `ApplicationSet` that makes it, where one does.
    pub made_by: Option<String>,
    /// Everything that it manages, as of its last comparison.
    pub resources: Vec<ObjectRef>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let does = if self.is_itself { "manages this Argo CD" } else { "brings what manages this Argo CD" };
        write!(f, "{} {does}", self.application)
    }
}

/// An Application, and what it holds of what somebody else brings.
pub type Sharer = (ObjectRef, Vec<ObjectRef>);

/// Those of them, the topmost first. The hub's own two are none, and neither is one that deploys an Argo CD to another cluster:
/// `marks` are the Applications that the parts say they are of, since this cluster may have other names.
#[must_use]
pub fn holders(applications: &Applications, parts: &[ObjectRef], marks: &BTreeSet<String>) -> Vec<Holder> {
    let all: Vec<Application> = applications.iter().filter(|it| !is_of_hub(it)).collect();
    let is_same = |one: &ObjectRef, other: &ObjectRef| one.is_kind_of(other) && is_called_alike(one, other);
    let holds = |it: &Application| {
        (it.elsewhere().is_none() || marks.contains(it.name()))
            && it.resources().any(|held| parts.iter().any(|part| is_same(&held, part)))
    };
    let mut found: Vec<Holder> = all.iter().filter(|it| holds(it)).map(|it| holder(it, true, &all)).collect();
    let mut known: BTreeSet<String> = found.iter().map(|it| it.application.object.name.clone()).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|it| it.brought_by.clone()) {
        next += 1;
        let Some(parent) = parent.filter(|it| known.insert(it.clone())) else { continue };
        found.extend(all.iter().find(|it| it.name() == parent).map(|it| holder(it, false, &all)));
    }
    found.reverse();
    found
}

/// The other Applications that hold what the hub brings, each with these objects: Argo CD syncs none that another one holds. Of
/// Applications and projects, who brings them is asked elsewhere.
#[must_use]
pub fn sharers(applications: &Applications, brought: &BTreeSet<ObjectRef>, known: &[Holder]) -> Vec<Sharer> {
    let is_known = |it: &Application| known.iter().any(|holder| holder.application.object.name == it.name());
    let others = applications.iter().filter(|it| !is_of_hub(it) && !is_known(it) && it.elsewhere().is_none());
    let sharer = |it: Application| {
        let is_shared = |held: &ObjectRef| {
            held.group != argo::GROUP && brought.iter().any(|one| one.is_kind_of(held) && is_called_alike(one, held))
        };
        let shared: Vec<ObjectRef> = it.resources().filter(is_shared).collect();
        (!shared.is_empty()).then(|| (ObjectRef::of(&it.0), shared))
    };
    others.filter_map(sharer).collect()
}

/// Whether two objects of one kind are the same.
fn is_called_alike(one: &ObjectRef, other: &ObjectRef) -> bool {
    one.name == other.name && one.namespace == other.namespace
}

/// Whether an Application is one of the two by which a hub holds itself: those of others may have such names.
#[must_use]
pub fn is_of_hub(application: &Application) -> bool {
    application.holds_hub() && str_at(&application.0, "/spec/project") == argo::HUB
}

fn holder(it: &Application, is_itself: bool, all: &[Application]) -> Holder {
    let set = owners(&it.0).find(|owner| str_at(owner, "/kind") == argo::APPLICATION_SET);
    Holder {
        application: Identity::of(&it.0),
        is_itself,
        brought_by: brings(it, all),
        made_by: set.map(|owner| str_at(owner, "/name").to_owned()),
        resources: it.resources().collect(),
    }
}

/// The Application that brings another one: by its mark, or as the one says that manages it. One may manage itself.
#[must_use]
pub fn brings(application: &Application, all: &[Application]) -> Option<String> {
    let this = ObjectRef::of(&application.0);
    let lists = |it: &&Application| {
        let mut resources = it.resources();
        it.name() != application.name() && resources.any(|held| held.is_kind_of(&this) && held.name == this.name)
    };
    let marked = tracked_by(&application.0)
        .filter(|it| *it != application.name() && all.iter().any(|other| other.name() == *it));
    marked.map(str::to_owned).or_else(|| all.iter().find(lists).map(|it| it.name().to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An Application of a project, with what it manages as `Kind/name`.
    fn application(name: &str, project: &str, resources: &[&str]) -> Value {
        let resource = |it: &&str| {
            let (kind, name) = it.split_once('/').expect("Kind/name");
            let group = if kind == argo::APPLICATION { argo::GROUP } else { "apps" };
            let version = if kind == argo::APPLICATION { "v1alpha1" } else { "v1" };
            json!({"group": group, "version": version, "kind": kind, "namespace": "argocd", "name": name})
        };
        json!({"apiVersion": argo::API, "kind": argo::APPLICATION, "metadata": {"name": name, "namespace": "argocd", "uid": name},
            "spec": {"project": project}, "status": {"resources": resources.iter().map(resource).collect::<Vec<_>>()}})
    }

    fn found(all: Vec<Value>) -> Vec<String> {
        let server = ObjectRef::new("apps/v1", "Deployment", Some("argocd"), "argocd-server");
        let all: Applications = all.into_iter().collect();
        holders(&all, &[server], &BTreeSet::from(["marked".to_owned()])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_manages_argo_cd_comes_after_what_brings_it() {
        let all = vec![
            application("shop", "default", &["Deployment/shop"]),
            application("argo-cd", "default", &["Deployment/argocd-server"]),
            application("autopilot-bootstrap", "default", &["Application/argo-cd", "Application/root"]),
            application("root", "default", &["Application/other"]),
        ];
        assert_eq!(
            found(all),
            [
                "Application argocd/autopilot-bootstrap brings what manages this Argo CD",
                "Application argocd/argo-cd manages this Argo CD"
            ]
        );
    }

    #[test]
    fn an_argo_cd_on_another_cluster_is_not_this_one() {
        for (name, destination, count) in [
            ("far", json!({"server": "https://10.0.0.1"}), 0),
            ("far", json!({"name": "spoke"}), 0),
            ("marked", json!({"name": "this-one-by-another-name"}), 1),
            ("near", json!({"name": "in-cluster"}), 1),
            ("near", json!({"server": argo::IN_CLUSTER}), 1),
        ] {
            let mut it = application(name, "default", &["Deployment/argocd-server"]);
            it["spec"]["destination"] = destination;
            assert_eq!(found(vec![it.clone()]).len(), count, "{it}");
        }
    }

    #[test]
    fn who_holds_what_the_hub_brings_is_found_without_any_label() {
        let brought = BTreeSet::from([
            ObjectRef::new("apps/v1", "ConfigMap", Some("argocd"), "argocd-cm"),
            ObjectRef::new(argo::API, argo::APPLICATION, Some("argocd"), "root"),
        ]);
        let settings = application("settings", "default", &["ConfigMap/argocd-cm", "ConfigMap/other"]);
        let all: Applications = vec![
            settings,
            application("shop", "default", &["ConfigMap/shop"]),
            application("above", "default", &["Application/root"]),
            application("argocd", argo::HUB, &["ConfigMap/argocd-cm"]),
            application("argo-cd", "default", &["ConfigMap/argocd-cm", "Deployment/argocd-server"]),
        ]
        .into_iter()
        .collect();
        let known = holders(
            &all,
            &[ObjectRef::new("apps/v1", "Deployment", Some("argocd"), "argocd-server")],
            &BTreeSet::new(),
        );
        let found = sharers(&all, &brought, &known);
        let told: Vec<(&str, usize)> = found.iter().map(|(it, shared)| (it.name.as_str(), shared.len())).collect();
        assert_eq!(told, [("settings", 1)]);
    }

    #[test]
    fn a_hub_holds_itself_and_others_may_be_called_like_it() {
        assert_eq!(found(vec![application("argocd", argo::HUB, &["Deployment/argocd-server"])]), [""; 0]);
        let theirs = application("argocd", "default", &["Deployment/argocd-server", "Application/argocd"]);
        assert_eq!(found(vec![theirs]), ["Application argocd/argocd manages this Argo CD"]);
    }
}
