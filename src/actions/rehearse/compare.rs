//! Two hubs of one repository, object by object.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde::Serialize;
use serde_json::Value;

use super::canonical::canonical;
use crate::argocd::Application;
use crate::engine::{Cluster, Fault, FaultKind, differing_fields};
use crate::object::ObjectRef;
use crate::report::Outcome;
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;

/// What is the same on both, and what is not.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// How many objects are the same.
    pub same: usize,
    /// Objects with other fields.
    pub differing: Vec<Differing>,
    /// Objects of the hub that the scratch cluster lacks.
    pub missing: Vec<String>,
    /// Objects of the scratch cluster that the hub does not have.
    pub extra: Vec<String>,
    /// Secrets that no export brings: a controller of each cluster has filled them itself.
    pub made_anew: Vec<String>,
    /// What could not be read, and why.
    pub not_looked_at: Vec<String>,
}

/// An object that is not the same on both.
#[derive(Debug, Serialize)]
pub struct Differing {
    /// The object.
    pub object: String,
    /// The fields.
    pub fields: Vec<String>,
}

enum Found {
    Same,
    Differing(Vec<String>),
    Missing,
    MadeAnew,
    NotLookedAt(Fault),
}

/// Compares what the Applications of both hubs hold on their own clusters. `is_brought` says which Secrets were imported:
/// their values have to be the same.
pub async fn compare(hub: &Cluster, scratch: &Cluster, is_brought: impl Fn(&ObjectRef) -> bool) -> Outcome<Compared> {
    let (of_hub, of_scratch) = (held(hub).await?, held(scratch).await?);
    let is_brought = &is_brought;
    let looks =
        of_hub.iter().map(|object| async move { (object, one(hub, scratch, object, is_brought(object)).await) });
    let mut compared = Compared::default();
    let mut found = futures::stream::iter(looks).buffered(AT_ONCE);
    while let Some((object, answer)) = found.next().await {
        let name = object.to_string();
        match answer {
            Ok(Found::Same) => compared.same += 1,
            Ok(Found::Differing(fields)) => compared.differing.push(Differing { object: name, fields }),
            Ok(Found::Missing) => compared.missing.push(name),
            Ok(Found::MadeAnew) => compared.made_anew.push(name),
            Ok(Found::NotLookedAt(fault)) => compared.not_looked_at.push(format!("{name}: {fault}")),
            Err(fault) => return Err(fault.into()),
        }
    }
    let of_hub: BTreeSet<(&str, &str, Option<&str>, &str)> = of_hub.iter().map(names).collect();
    compared.extra = of_scratch.iter().filter(|it| !of_hub.contains(&names(it))).map(ToString::to_string).collect();
    Ok(compared)
}

/// An object of whatever version its kind is.
fn names(object: &ObjectRef) -> (&str, &str, Option<&str>, &str) {
    (&object.group, &object.kind, object.namespace.as_deref(), &object.name)
}

/// What the Applications hold on the hub itself. Claims are held back in a rehearsal.
async fn held(cluster: &Cluster) -> Result<BTreeSet<ObjectRef>, Fault> {
    let take = |live: Value| {
        let application = Application(live);
        (application.elsewhere().is_none() && application.name() != argo::CLAIMS)
            .then(|| application.resources().collect::<Vec<_>>())
    };
    let all = cluster.list_with(&argo::every(argo::APPLICATION), take).await?;
    Ok(all.into_iter().flatten().collect())
}

async fn one(hub: &Cluster, scratch: &Cluster, object: &ObjectRef, is_brought: bool) -> Result<Found, Fault> {
    let read = |cluster: &Cluster| {
        let cluster = cluster.clone();
        async move { cluster.get(object).await }
    };
    let (ours, theirs) = match futures::try_join!(read(hub), read(scratch)) {
        Ok(both) => both,
        Err(fault) if fault.kind == FaultKind::Forbidden => return Ok(Found::NotLookedAt(fault)),
        Err(fault) => return Err(fault),
    };
    let Some(ours) = ours else { return Ok(Found::Same) }; // gone meanwhile, or of a hook
    let Some(theirs) = theirs else { return Ok(Found::Missing) };
    let (ours, theirs) = (canonical(ours), canonical(theirs));
    let fields = differing_fields(&ours, &theirs);
    let is_filled = object.kind == "Secret" && object.group.is_empty() && !is_brought;
    Ok(match fields.is_empty() {
        true => Found::Same,
        false if is_filled && fields.iter().all(|it| it.starts_with("data")) => Found::MadeAnew,
        false => Found::Differing(fields),
    })
}
