//! What would be lost on spokes. A hub sees of a spoke what its Applications tell, and no more: what a person has there, in
//! the same namespace even, nobody here has looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::hanging::Hanging;
use super::leaving::{Dropped, Loss, gravity_of};
use crate::argocd::{Application, Applications, Role, Spoke, Spokes};
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, str_at, uid};
use crate::words::spoke::{Standing, of_application, probe};

/// The spokes of a hub that goes.
#[derive(Debug, Default)]
pub struct SpokesOfHub {
    /// The registrations that are ours, which go with the hub.
    pub registered: Vec<Identity>,
    /// What beads have deploy to a spoke, and what proves it: it goes without what it has brought there.
    pub applications: Vec<Application>,
    /// Each spoke, since nobody would look after it any more.
    pub(super) hanging: Vec<Hanging>,
    /// The registrations that say nothing, a line each.
    pub(super) broken: Vec<String>,
}

impl SpokesOfHub {
    /// Those of the hub, with the Applications of beads that come to them and count for nothing else.
    pub(super) async fn of(
        cluster: &Cluster,
        all: &Applications,
        counts: impl Fn(&Application) -> bool,
    ) -> Result<Self, Fault> {
        let spokes = Spokes::of(cluster).await?;
        let broken = spokes
            .broken
            .iter()
            .map(|it| format!("{}: it registers a cluster, but {}: mend or delete it", it.secret, it.why));
        let mut found = Self { broken: broken.collect(), ..Self::default() };
        let mut of_each: Vec<Vec<String>> = vec![Vec::new(); spokes.all.len()];
        for it in all.iter().filter(|it| counts(it)) {
            let Some(index) = spokes.all.iter().position(|spoke| goes_with(&it, spoke)) else { continue };
            of_each[index].push(it.name().to_owned());
            found.applications.push(it);
        }
        found.hanging = spokes.all.iter().zip(&of_each).map(|(spoke, its)| unregistered(spoke, its)).collect();
        found.registered = spokes.ours().map(|it| it.secret.clone()).collect();
        Ok(found)
    }

    /// Whether this is one of the Applications that go without what they have brought.
    pub(super) fn has(&self, application: &Application) -> bool {
        self.applications.iter().any(|it| uid(&it.0) == uid(&application.0))
    }
}

/// Whether it is let go of with its spoke: a bead has brought it there, or it is the probe. What people have deploy there
/// is theirs: nobody names it by naming the spoke.
fn goes_with(application: &Application, spoke: &Spoke) -> bool {
    let is_ours = matches!(Role::of(application, &spoke.name, Some(spoke)), Role::Probe | Role::OfBead);
    is_ours && spoke.standing != Standing::Foreign && spoke.is_destination_of(application)
}

/// What becomes of a spoke. A step names it as `spoke/NAME`.
fn unregistered(spoke: &Spoke, applications: &[String]) -> Hanging {
    let proves = probe(&spoke.name).name;
    let its: Vec<&String> = applications.iter().filter(|it| **it != proves).collect();
    let stays = "what was brought there stays, and nobody would look after it any more";
    let what = match its.as_slice() {
        [] => format!("no Argo CD would know it any more; {stays}"),
        [one] => format!("{one} would go; {stays}"),
        [first, ..] => format!("{} Applications would go, such as {first}; {stays}", its.len()),
    };
    let secret =
        if spoke.standing == Standing::Foreign { format!("; {} stays, too", spoke.secret) } else { String::new() };
    Hanging::new(ObjectRef::new("", "spoke", None, &spoke.name), format!("{what}{secret}"))
}

/// What is lost with more than itself if Argo CD deletes what these Applications have on their spokes, by what each says that
/// it manages. A Secret counts whatever is in it, since nobody here can read it; a definition does not, since Argo CD never
/// deletes one.
#[must_use]
pub fn lost_on_spokes(applications: &[Application]) -> Vec<Hanging> {
    let mut seen = BTreeSet::new();
    let mut lost = Vec::new();
    for application in applications {
        let spoke = application.elsewhere().unwrap_or("the hub");
        for object in application.resources() {
            let Some(with) = gravity_on_a_spoke(&object) else { continue };
            if seen.insert((spoke.to_owned(), object.clone())) {
                let why = format!("Application {} would delete it on {spoke}, {with}", application.name());
                lost.push(Hanging::new(object, why));
            }
        }
    }
    lost
}

/// What Argo CD would delete on spokes since no folder of the holder has it any more: a folder of the hub repository, below
/// which these Applications have theirs.
#[must_use]
pub fn dropped_on_spokes(applications: &Applications, dropped: &[Dropped]) -> Vec<Loss> {
    let is_it = |live: &ObjectRef, gone: &ObjectRef| {
        let is_there = gone.namespace.as_deref().is_none_or(str::is_empty) || live.namespace == gone.namespace;
        live.is_kind_of(gone) && live.name == gone.name && is_there && !live.is_crd()
    };
    let mut losses = Vec::new();
    for application in applications.iter() {
        let folder = str_at(&application.0, "/spec/source/path");
        let is_its = |it: &&Dropped| folder.strip_prefix(it.holder.as_str()).is_some_and(|rest| rest.starts_with('/'));
        for gone in dropped.iter().filter(is_its) {
            let live: Vec<ObjectRef> = application.resources().filter(|it| is_it(it, &gone.object)).collect();
            let spoke = str_at(&application.0, "/spec/destination/name");
            let why = format!("Application {} would delete it on {spoke}", application.name());
            losses.extend(live.into_iter().map(|object| lost(object, &why)));
        }
    }
    losses
}

/// What Argo CD would delete on spokes since these beads leave a namespace there: all that they have in it.
#[must_use]
pub fn left_on_spokes(applications: &Applications, left: &BTreeMap<String, String>) -> Vec<Loss> {
    let mut losses = Vec::new();
    for application in applications.iter() {
        let Some((spoke, bead)) = of_application(application.name()) else { continue };
        let Some(namespace) = left.get(bead) else { continue };
        let why = format!("bead {bead} would leave the namespace, and it would be deleted on {spoke}");
        let there = application.resources().filter(|it| it.namespace.as_ref() == Some(namespace));
        losses.extend(there.map(|object| lost(object, &why)));
    }
    losses
}

/// The Applications that do not say what they have on their spokes, a line each: never compared, or not to the end. Argo CD
/// would delete all that bears the mark of one, whether or not it is told. What is being deleted is not compared any more.
#[must_use]
pub fn not_looked_at(applications: &[Application]) -> Vec<String> {
    let is_unseen = |it: &&Application| matches!(it.sync(), "" | "Unknown") && !it.is_being_deleted();
    let line = |it: &Application| {
        let why = "what it has there was not looked at, since Argo CD has not compared it";
        format!("{}: {why}", ObjectRef::of(&it.0))
    };
    applications.iter().filter(is_unseen).map(line).collect()
}

/// An object on a spoke that goes, with what goes along.
fn lost(object: ObjectRef, why: &str) -> Loss {
    let with = gravity_on_a_spoke(&object);
    let end = with.map(|with| format!(", {with}")).unwrap_or_default();
    Loss { object, why: format!("{why}{end}"), is_grave: with.is_some() }
}

fn gravity_on_a_spoke(object: &ObjectRef) -> Option<&'static str> {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Secret") => Some("with what it holds"),
        _ => gravity_of(object),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::spoke::SPOKE;

    #[test]
    fn what_people_have_deploy_to_a_spoke_does_not_go_with_it() {
        let spoke = |standing: Standing| Spoke {
            secret: Identity { object: crate::words::spoke::secret("east"), uid: "1".to_owned() },
            name: "east".to_owned(),
            server: "https://east".to_owned(),
            standing,
            labels: [].into(),
            metadata: json!({}),
        };
        let of = |name: &str, label: &str, project: &str, to: &str| {
            Application(json!({"metadata": {"name": name, "namespace": "argocd", "labels": {SPOKE: label}},
                "spec": {"project": project, "destination": {"name": to}}}))
        };
        let of_bead = of("spoke-east.web", "east", "spokes-web", "east");
        assert!(goes_with(&of_bead, &spoke(Standing::Ready)));
        assert!(goes_with(&of("spoke-east", "east", "spokes", "east"), &spoke(Standing::New)));
        assert!(!goes_with(&of_bead, &spoke(Standing::Foreign)), "somebody else has registered it");
        for other in [
            of("shop", "", "default", "east"),
            of("spoke-east.web", "east", "default", "east"),
            of("spoke-east.web", "east", "spokes-web", "west"),
        ] {
            assert!(!goes_with(&other, &spoke(Standing::Ready)), "{other:?}");
        }
    }

    #[test]
    fn what_no_folder_has_any_more_goes_on_each_spoke_that_has_it() {
        let of = |spoke: &str, folder: &str| {
            let object = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind, "namespace": "web", "name": "x"});
            json!({"metadata": {"name": format!("spoke-{spoke}.web")},
                "spec": {"destination": {"name": spoke}, "source": {"path": folder}},
                "status": {"resources": [object("", "ConfigMap"), object("apps", "StatefulSet")]}})
        };
        let all: Applications = [
            of("east", "beads/web/spokes/canary"),
            of("west", "beads/web/spokes/rest"),
            of("north", "beads/website/spokes/rest"),
        ]
        .into_iter()
        .collect();
        let gone = |api: &str, kind: &str| Dropped {
            holder: "beads/web/spokes".to_owned(),
            object: ObjectRef::new(api, kind, Some(""), "x"),
            is_elsewhere: false,
        };
        let losses =
            dropped_on_spokes(&all, &[gone("v1", "ConfigMap"), gone("apps/v1", "StatefulSet"), gone("v1", "Secret")]);
        let told: Vec<(String, bool)> =
            losses.iter().map(|it| (format!("{}: {}", it.object, it.why), it.is_grave)).collect();
        let state = "and the state of its pods is nobody's";
        assert_eq!(
            told,
            [
                ("ConfigMap web/x: Application spoke-east.web would delete it on east".to_owned(), false),
                (format!("StatefulSet web/x: Application spoke-east.web would delete it on east, {state}"), true),
                ("ConfigMap web/x: Application spoke-west.web would delete it on west".to_owned(), false),
                (format!("StatefulSet web/x: Application spoke-west.web would delete it on west, {state}"), true),
            ]
        );
    }

    #[test]
    fn a_bead_that_leaves_a_namespace_leaves_nothing_in_it() {
        let of = |name: &str| {
            let object = |kind: &str, namespace: &str| json!({"group": "", "version": "v1", "kind": kind, "namespace": namespace, "name": "x"});
            json!({"metadata": {"name": name}, "spec": {"destination": {"name": "east"}},
                "status": {"resources": [object("ConfigMap", "web"), object("Secret", "web"), object("Secret", "other")]}})
        };
        let all: Applications = [of("spoke-east.web"), of("spoke-east.shop"), of("web")].into_iter().collect();
        let losses = left_on_spokes(&all, &[("web".to_owned(), "web".to_owned())].into());
        let told: Vec<(String, bool)> = losses.iter().map(|it| (it.object.to_string(), it.is_grave)).collect();
        assert_eq!(told, [("ConfigMap web/x".to_owned(), false), ("Secret web/x".to_owned(), true)]);
    }

    #[test]
    fn what_is_more_than_itself_is_lost_once_for_each_spoke() {
        let of = |spoke: &str| {
            let object = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind, "name": "x"});
            Application(json!({"metadata": {"name": format!("spoke-{spoke}.web")},
                "spec": {"destination": {"name": spoke}}, "status": {"resources": [
                    object("", "ConfigMap"), object("apps", "Deployment"), object("", "Secret"),
                    object("apps", "StatefulSet"), object("apiextensions.k8s.io", "CustomResourceDefinition"),
                    object("", "Namespace"), object("", "Secret")]}}))
        };
        let lost: Vec<String> = lost_on_spokes(&[of("east"), of("west")]).iter().map(ToString::to_string).collect();
        let east = [
            "Secret x: Application spoke-east.web would delete it on east, with what it holds",
            "StatefulSet x: Application spoke-east.web would delete it on east, and the state of its pods is nobody's",
            "Namespace x: Application spoke-east.web would delete it on east, with everything in it",
        ];
        assert_eq!(lost[..3], east);
        assert_eq!(lost.len(), 6);
    }
}
