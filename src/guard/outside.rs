//! What Crossplane made through a bead.

use std::collections::BTreeSet;

use serde_json::Value;

use super::brought::{Brought, is_of_crossplane};
use crate::argocd::{Application, Applications};
use crate::document::{Bead, CloudResources};
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, annotation, owners, str_at};
use crate::report::{Failure, Outcome};
use crate::words::crossplane::{OUTSIDE, PAUSED};

/// What an orphaning removal has changed of an object, as it was before.
pub const WAS: &str = "backstack.dev/was";

/// The objects behind which something outside of the cluster may live, in the order in which they are deleted.
#[derive(Debug, Default)]
pub struct ExternalResources {
    /// Claims.
    pub claims: Vec<Identity>,
    /// Composite resources.
    pub composites: Vec<Identity>,
    /// Managed resources.
    pub managed: Vec<Identity>,
    /// Those among them that composite resources of others compose, and would make anew.
    pub of_others: Vec<Identity>,
    /// Those among them that are paused.
    pub paused: Vec<Identity>,
    /// Those among them that an orphaning removal has changed, and not put back.
    pub changed: Vec<Identity>,
}

impl ExternalResources {
    /// Looks for all of it as it is now.
    pub async fn now(cluster: &Cluster, bead: &Bead) -> Result<Self, Fault> {
        Self::by(cluster, bead, &Applications::of(cluster).await?.of_bead(&bead.application_name())).await
    }

    /// The same for whoever does not remove it. A look at all kinds of a cluster is dear, and not everybody may have it: there
    /// is none where nothing can be outside.
    pub async fn if_any(cluster: &Cluster, bead: &Bead) -> Result<Self, Fault> {
        let applications = Applications::of(cluster).await?.of_bead(&bead.application_name());
        if !can_reach_outside(bead, &applications) {
            return Ok(Self::default());
        }
        Self::by(cluster, bead, &applications).await
    }

    async fn by(cluster: &Cluster, bead: &Bead, applications: &[Application]) -> Result<Self, Fault> {
        Self::of(cluster, bead, &Brought::of(cluster, applications).await?).await
    }

    /// Claims, composite and managed resources of the kinds that the bead brings or names.
    pub(super) async fn of(cluster: &Cluster, bead: &Bead, brought: &Brought) -> Result<Self, Fault> {
        let mut outside = Self::default();
        let mut all = Vec::new();
        let [claim_kinds, composite_kinds, managed_kinds] = cluster.kinds_in_each(OUTSIDE).await?;
        for (kinds, found) in [
            (&claim_kinds, &mut outside.claims),
            (&composite_kinds, &mut outside.composites),
            (&managed_kinds, &mut outside.managed),
        ] {
            let its = kinds.iter().filter(|kind| is_its(kind, bead, brought)).cloned();
            for live in cluster.list_metadata_of(its, Some).await? {
                found.push(Identity::of(&live));
                all.push(live);
            }
        }
        // Of any of them: a UID is that of one object.
        let uids: BTreeSet<&str> = all.iter().map(|live| str_at(live, "/metadata/uid")).collect();
        let by_others = |live: &Value| {
            owners(live).any(|owner| {
                let kind = ObjectRef::new(str_at(owner, "/apiVersion"), str_at(owner, "/kind"), None, "");
                owner["controller"] == true
                    && composite_kinds.iter().any(|it| it.is_kind_of(&kind))
                    && !uids.contains(str_at(owner, "/uid"))
            })
        };
        outside.of_others = all.iter().filter(|live| by_others(live)).map(Identity::of).collect();
        let with =
            |is_wanted: fn(&Value) -> bool| all.iter().filter(|live| is_wanted(live)).map(Identity::of).collect();
        outside.paused = with(|live| annotation(live, PAUSED) == Some("true"));
        outside.changed = with(|live| annotation(live, WAS).is_some());
        Ok(outside)
    }

    /// Refuses to go on with a removal under which something was made after it had begun.
    pub fn is_still_empty(&self, bead: &Bead) -> Outcome<()> {
        let Some(first) = self.iter().next() else { return Ok(()) };
        Err(Failure::refused(format!(
            "{first} was made while bead {} was being removed; its definitions and packages stay",
            bead.metadata.name
        ))
        .details(self.iter().map(ToString::to_string))
        .hint("delete what is listed, then run again: the removal goes on where it was"))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.claims.iter().chain(&self.composites).chain(&self.managed)
    }
}

/// Whether something outside can hang on a bead: it has a part for Crossplane, or brings packages or definitions otherwise,
/// or its removal may do something about what is outside.
fn can_reach_outside(bead: &Bead, applications: &[Application]) -> bool {
    bead.spec.crossplane.is_some()
        || bead.spec.uninstall.cloud_resources != CloudResources::Refuse
        || applications.iter().flat_map(Application::resources).any(|it| is_of_crossplane(&it))
}

/// Whether a kind is one that the bead names, or that came with it.
pub(super) fn is_its(kind: &ObjectRef, bead: &Bead, brought: &Brought) -> bool {
    let mut apis = bead.spec.crossplane.iter().flat_map(|part| &part.apis);
    let named = apis.any(|api| {
        api.group == kind.group && (api.kind == kind.kind || api.claim_kind.iter().any(|claim| *claim == kind.kind))
    });
    named || brought.kinds.iter().any(|it| it.is_kind_of(kind))
}
