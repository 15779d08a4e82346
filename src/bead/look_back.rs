//! The look at what is left of a bead when its Applications are gone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::on_hub::OnHub;
use crate::argocd::stays_when_deleted;
use crate::document::Bead;
use crate::engine::{self, Fault, Poll};
use crate::guard::BeadRemoval;
use crate::hub::{crossplane, inventory};
use crate::object::{Identity, ObjectRef};
use crate::publish;
use crate::report::{Console, Outcome};
use crate::words::bead::is_of;

/// Fails when something that the bead brought is still there at the deadline. Answers what it keeps on purpose.
///
/// A look at every object of the cluster is dear, so there is one at the end of what is known to be going, and another only
/// after the end of all that the one before has found.
pub async fn look_back(hub: &OnHub, bead: &Bead, removal: &BeadRemoval, console: &Console) -> Outcome<Vec<Identity>> {
    let deadline = hub.cluster.deadline();
    engine::until_gone(&hub.cluster, console, &removal.definitions, deadline).await?;
    let look = async || {
        let tracked = inventory::tracked(&hub.cluster, |tracker| is_of(tracker, &bead.metadata.name)).await?;
        let (kept, left): (Vec<Value>, Vec<Value>) = tracked.into_iter().partition(stays_when_deleted);
        let mut left: Vec<Identity> = left.iter().map(Identity::of).filter(|it| !it.object.is_crd()).collect();
        let names: Vec<ObjectRef> = removal.definitions.iter().map(|it| it.object.clone()).collect();
        left.extend(engine::identify(&hub.cluster, &names).await?); // made anew
        let Some(first) = left.first() else { return Ok(Poll::Done(kept.iter().map(Identity::of).collect())) };
        let why = format!("{first} was still there");
        engine::until_gone(&hub.cluster, console, &left, deadline).await?;
        Ok(Poll::Blocked(why))
    };
    deadline.poll_patiently("the end of everything that the bead brought", look).await
}

/// What stays on purpose, and why.
pub async fn stays(hub: &OnHub, bead: &Bead, removal: &BeadRemoval) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    for crd in &removal.staying {
        if hub.cluster.metadata(crd).await?.is_some() {
            lines.push(format!("{crd}: Argo CD never deletes a CRD, nor what is of its kind"));
        }
    }
    if publish::bead::program_of(bead).is_some_and(|(program, _)| program == crossplane::PROGRAM) {
        lines.extend(crossplane::definitions(&hub.cluster).await?);
    }
    let own = &bead.spec.application.namespace;
    let written = bead.spec.permissions.namespaces.iter();
    let named = bead.spec.secrets.iter().map(|need| &need.namespace).chain(written).chain([own]);
    let namespaces: BTreeSet<&String> = named.collect();
    for namespace in namespaces {
        let namespace = ObjectRef::new("v1", "Namespace", None, namespace);
        if hub.cluster.metadata(&namespace).await?.is_some() {
            lines.push(format!("{namespace}: others may use it; a namespace is never deleted with a bead"));
        }
    }
    for need in &bead.spec.secrets {
        let secret = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
        if hub.cluster.metadata(&secret).await?.is_some() {
            lines.push(format!("{secret}: it was not written for this bead alone"));
        }
    }
    Ok(lines)
}
