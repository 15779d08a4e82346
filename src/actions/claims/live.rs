//! The hub itself: what its project lets claims be, what its definitions say, and what it says of each claim.

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::report::Report;
use crate::argocd::tracker;
use crate::claims::orders::{Offer, Offered, Order, no_claims};
use crate::engine::{Cluster, Fault, FaultKind};
use crate::object::{ObjectRef, items, str_at};
use crate::render::bead::offered_by;
use crate::report::Outcome;
use crate::schema::matches;
use crate::words::crossplane::{EXTENSIONS_V1, XRD};
use crate::words::{argo, bead};

/// How many claims are tried at a time.
const AT_ONCE: usize = 8;
/// What an admission webhook's refusal has in it.
const DENIED: &str = "denied the request";

/// What the hub lets claims be, by its project `claims` and its definitions.
pub async fn offer(cluster: &Cluster) -> Outcome<Offer> {
    let project = cluster.get(&argo::project(argo::CLAIMS)).await?.ok_or_else(no_claims)?;
    let application = cluster.get(&argo::application(argo::CLAIMS)).await?.ok_or_else(no_claims)?;
    let definitions = cluster.list(&ObjectRef::new(EXTENSIONS_V1, XRD, None, "")).await?;
    let of_definition =
        |xrd: &Value| offered_by(xrd, bead_of(xrd).unwrap_or_default()).iter().map(Offered::of).collect::<Vec<_>>();
    let is_allowed = |kind: &Offered| {
        items(&project, "/spec/namespaceResourceWhitelist")
            .any(|it| matches(str_at(it, "/group"), &kind.group) && matches(str_at(it, "/kind"), &kind.kind))
    };
    let namespaces = items(&project, "/spec/destinations").map(|it| str_at(it, "/namespace"));
    Ok(Offer {
        kinds: definitions.iter().flat_map(of_definition).filter(is_allowed).collect(),
        namespaces: namespaces.filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        path: str_at(&application, "/spec/source/path").to_owned(),
    })
}

/// The bead that brings an object; none of what a package brings.
fn bead_of(object: &Value) -> Option<&str> {
    bead::of_part(tracker(object)?).map(|(bead, _)| bead)
}

/// Has the hub try each claim that is right as far as its schema says: defaults, rules in CEL, and whatever admits or refuses
/// requests there. Nothing is stored.
pub async fn look(report: &mut Report, orders: &[Order], cluster: &Cluster) -> Outcome<()> {
    let tried = report.sound.iter().map(|at| async {
        let order = &orders[*at];
        let said = cluster.dry_run(&order.object, argo::MANAGER, true).await;
        Ok::<_, Fault>((order, said.map(drop).map_err(Box::new)))
    });
    let said: Vec<_> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    let mut untried = 0;
    for (order, said) in &said {
        let Err(fault) = said else { continue };
        let message = format!("the hub would not take it: {}", fault.message);
        match fault.kind {
            FaultKind::Invalid | FaultKind::NotFound => {
                report.mistakes.push(order.mistake(path_in(&fault.message), message));
            }
            FaultKind::Forbidden if fault.message.contains(DENIED) => {
                report.mistakes.push(order.mistake("metadata.name", message));
            }
            FaultKind::Forbidden | FaultKind::Webhook => {
                untried += 1;
                report.not_looked_at.insert(format!("rules in CEL and policies: {}", fault.message));
            }
            _ => return Err(Fault::clone(fault).into()),
        }
    }
    if said.len() > untried {
        report
            .looked_at
            .push(format!("rules in CEL and policies of {} claims by the hub itself", said.len() - untried));
    }
    // What the schema alone could not tell, the hub has told.
    if untried == 0 {
        report.not_looked_at.retain(|it| !report.of_schemas.contains(it));
    }
    Ok(())
}

/// The first path that an answer names: `Shelf.e.org "a" is invalid: spec.size: Invalid value: …`.
fn path_in(message: &str) -> &str {
    let said = message.split_once("is invalid: ").map(|(_, said)| said.trim_start_matches('['));
    said.and_then(|said| said.split_once(": ")).map_or("metadata.name", |(path, _)| path)
}
