//! Webhooks that a controller of a bead or of a component has made for itself and left behind: the API server would ask a
//! service that is gone, and refuse what it was to be asked about. Kyverno 1.19.1 leaves all of its own, also when it is asked to
//! end (seen).
//!
//! That a service is gone does not say whose webhook it was. So those that go are noted while the services are there, by
//! their UIDs, on an object that goes last: a run that resumes finds them. Their own annotations are no place for it, since a
//! controller that makes its configurations anew sets those as it wants them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::argocd::Application;
use crate::engine::{self, Cluster, Deadline, Fault, RECORD_MANAGER, absent};
use crate::object::{Identity, ObjectRef, annotation, items, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// Set on what is being removed: the UIDs of the configurations that go with it, since a copy is not noted.
const GO_WITH_IT: &str = "backstack.dev/webhooks-that-go";

/// Namespace and name of a service.
type Service = (String, String);

/// What is being removed.
pub struct Going<'a> {
    /// What it is, for people.
    pub what: &'a str,
    /// Where its webhooks are noted.
    pub noted_on: ObjectRef,
    /// The namespaces of its services.
    pub namespaces: BTreeSet<&'a str>,
}

/// The configurations that no Application tracks, and that call nothing but services which are there and which these
/// Applications track: they go with these. What calls one that is gone already can have been made by anybody since.
pub async fn that_go<'a>(
    applications: impl IntoIterator<Item = &'a Application>,
    cluster: &Cluster,
) -> Result<Vec<Identity>, Fault> {
    let there = services(cluster).await?;
    let services: BTreeSet<Service> = applications
        .into_iter()
        .flat_map(Application::resources)
        .filter(|it| it.group.is_empty() && it.kind == "Service")
        .map(|it| (it.namespace.unwrap_or_default(), it.name))
        .filter(|it| there.contains(it))
        .collect();
    let is_its = |live: &&Value| {
        let called = called(live);
        !called.is_empty() && called.iter().all(|it| it.as_ref().is_some_and(|it| services.contains(it)))
    };
    Ok(untracked(cluster).await?.iter().filter(is_its).map(Identity::of).collect())
}

/// Says of each that it will go, before anything does.
pub fn tell(that_go: &[Identity], what: &str, console: &Console) {
    for it in that_go {
        console.done("goes", format!("{}: it calls nothing but services of {what}", it.object));
    }
}

/// Notes those that go. Answers the UIDs of all that are noted, those of a run before included.
pub async fn note(going: &Going<'_>, that_go: &[Identity], cluster: &Cluster) -> Result<BTreeSet<String>, Fault> {
    let mut noted: BTreeSet<String> = that_go.iter().map(|it| it.uid.clone()).collect();
    if let Some(live) = cluster.metadata(&going.noted_on).await? {
        let before = annotation(&live, GO_WITH_IT).unwrap_or_default();
        noted.extend(before.split(',').filter(|it| !it.is_empty()).map(str::to_owned));
        let all = noted.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        if all != before {
            let note = json!({"metadata": {"annotations": {GO_WITH_IT: all}}});
            absent(cluster.merge_patch_of(&Identity::of(&live), &note, RECORD_MANAGER).await)?;
        }
    }
    Ok(noted)
}

/// Removes those that were noted and call nothing that is there any more. Answers what else calls services that are gone
/// from these namespaces, a line each.
pub async fn remove_unanswered(
    going: &Going<'_>,
    noted: &BTreeSet<String>,
    cluster: &Cluster,
    console: &Console,
    deadline: Deadline,
) -> Outcome<Vec<String>> {
    let there = services(cluster).await?;
    let mut others = Vec::new();
    for live in untracked(cluster).await? {
        let name = Identity::of(&live);
        let called = called(&live);
        let is_gone = |it: &Option<Service>| it.as_ref().is_some_and(|it| !there.contains(it));
        if noted.contains(&name.uid) && called.iter().all(is_gone) {
            engine::remove(cluster, console, std::slice::from_ref(&name), deadline).await?;
            console.done("remove", format!("{name}: the service that it calls went with {}", going.what));
        } else if let Some((namespace, service)) =
            called.iter().flatten().find(|it| going.namespaces.contains(it.0.as_str()) && !there.contains(*it))
        {
            others.push(format!(
                "{name}: it calls Service {namespace}/{service}, which is not there, and was not seen to be of {}; \
                 if nobody needs it: kubectl delete {} {}",
                going.what,
                name.object.kind.to_lowercase(),
                name.object.name
            ));
        }
    }
    Ok(others)
}

/// The services that are there.
async fn services(cluster: &Cluster) -> Result<BTreeSet<Service>, Fault> {
    let text = |live: &Value, at: &str| str_at(live, at).to_owned();
    let all = cluster.list_metadata(&ObjectRef::new("v1", "Service", None, "")).await?;
    Ok(all.iter().map(|it| (text(it, "/metadata/namespace"), text(it, "/metadata/name"))).collect())
}

async fn untracked(cluster: &Cluster) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        all.extend(cluster.list(&ObjectRef::new("admissionregistration.k8s.io/v1", kind, None, "")).await?);
    }
    all.retain(|live| annotation(live, argo::TRACKING_ID).is_none());
    Ok(all)
}

/// What each webhook of a configuration calls; nothing for one that calls an address.
fn called(configuration: &Value) -> Vec<Option<Service>> {
    let service = |webhook: &Value| {
        let service = webhook.pointer("/clientConfig/service")?;
        Some((str_at(service, "/namespace").to_owned(), str_at(service, "/name").to_owned()))
    };
    items(configuration, "/webhooks").map(service).collect()
}
