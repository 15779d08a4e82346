//! Webhooks that a controller of a bead has made for itself and left behind: the API server would ask a service that is
//! gone, and refuse what it was to be asked about.
//!
//! That a service is gone does not say whose webhook it was. So those that go are noted while the services are there, on
//! themselves: a run that resumes finds the note.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::argo;
use crate::argocd::Application;
use crate::engine::{self, Cluster, Deadline, Fault, FaultKind, RECORD_MANAGER};
use crate::object::{Identity, ObjectRef, annotation, items, str_at, uid};
use crate::report::{Console, Outcome};
use crate::spec::Bead;

/// Set on a configuration that goes with a bead: the bead, and the UID, since a copy is not noted.
const GOES_WITH: &str = "backstack.dev/goes-with-bead";

/// Namespace and name of a service.
type Service = (String, String);

/// Notes the configurations that no Application tracks, and that call nothing but services which are there and which the
/// bead's Applications track. What calls one that is gone already can have been made by anybody since.
pub async fn note(bead: &Bead, applications: &[Application], cluster: &Cluster) -> Result<(), Fault> {
    let there = services(cluster).await?;
    let services: BTreeSet<Service> = applications
        .iter()
        .flat_map(Application::resources)
        .filter(|it| it.group.is_empty() && it.kind == "Service")
        .map(|it| (it.namespace.unwrap_or_default(), it.name))
        .filter(|it| there.contains(it))
        .collect();
    for live in untracked(cluster).await? {
        let called = called(&live);
        let is_its = !called.is_empty() && called.iter().all(|it| it.as_ref().is_some_and(|it| services.contains(it)));
        if is_its && !is_noted(&live, bead) {
            let note = json!({"metadata": {"annotations": {GOES_WITH: noted(&live, bead)}}});
            match cluster.merge_patch_of(&Identity::of(&live), &note, RECORD_MANAGER).await {
                Err(fault) if fault.kind == FaultKind::NotFound => {} // gone, or made anew, since the look
                answer => drop(answer?),
            }
        }
    }
    Ok(())
}

/// Removes those that were noted and call nothing that is there any more. Answers what else calls services that are gone
/// from the namespace of the bead, a line each.
pub async fn remove_unanswered(
    bead: &Bead,
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
        if is_noted(&live, bead) && called.iter().all(is_gone) {
            engine::remove(cluster, console, std::slice::from_ref(&name), deadline).await?;
            console.done("remove", format!("{name}: the service that it calls went with the bead"));
        } else if let Some((namespace, service)) =
            called.iter().flatten().find(|it| it.0 == bead.spec.application.namespace && !there.contains(*it))
        {
            others.push(format!(
                "{name}: it calls Service {namespace}/{service}, which is not there, and was not seen to be of the bead; \
                 if nobody needs it: kubectl delete {} {}",
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

fn noted(live: &Value, bead: &Bead) -> String {
    format!("{}/{}", bead.metadata.name, uid(live))
}

fn is_noted(live: &Value, bead: &Bead) -> bool {
    annotation(live, GOES_WITH) == Some(&noted(live, bead))
}
