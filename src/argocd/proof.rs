//! The proof that the handover holds, item by item.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::checks::{
    LEFTOVERS, Seen, conditions, drift, findings, leftovers, managers, ownership, read_applications, read_objects,
    revision, shape, workloads,
};
use super::claim::{Claim, Item, State};
use super::probe::Asked;
use crate::engine::{Cluster, ForeignField, Live, tell_foreign_fields};
use crate::object::uid;
use crate::report::{Console, Outcome, Table};

/// The report, written as JSON to the output `proof`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The commit that the hub runs.
    pub revision: String,
    /// The UID of the cluster.
    pub cluster_uid: String,
    /// The version of the cluster.
    pub cluster_version: String,
    /// Whether every item that was probed holds.
    pub holds: bool,
    /// The items.
    pub items: Vec<Item>,
    /// The clusters that Argo CD knows beside its own, where they were asked. What is said of them is no part of the handover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spokes: Vec<Asked>,
    /// Fields of these objects that others own and git does not hold. The proof is about what git holds.
    pub findings: Vec<ForeignField>,
    /// How many objects were handed over.
    pub objects: usize,
    /// On how many of them each field manager owned something before the release.
    pub managers_before: BTreeMap<String, usize>,
    /// And after it.
    pub managers_after: BTreeMap<String, usize>,
    /// What left with the commit of this run, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// How long Argo CD took to heal the drift canary, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_healed_ms: Option<u128>,
    /// The UIDs of the Applications that it is about, by their names.
    #[serde(skip)]
    pub uids: BTreeMap<String, String>,
}

impl Proof {
    /// Looks at everything that the claim says, and writes nothing but the drift canary. `objects` are those of the claim, read after
    /// whatever this run has released.
    pub async fn of(claim: Claim<'_>, objects: &Live, cluster: &Cluster, console: &Console) -> Outcome<Self> {
        // Applications first: healing the canary is itself a sync, of one object.
        let applications = read_applications(cluster, claim.applications, None).await?;
        Self::of_seen(claim, &applications, objects, cluster, console).await
    }

    /// The same where the Applications of the claim were read before, too.
    pub async fn of_seen(
        claim: Claim<'_>,
        applications: &Seen,
        objects: &Live,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Self> {
        let findings = findings(&claim, objects);
        let mut items = vec![
            revision(&claim, applications),
            conditions(applications),
            ownership(&claim, objects, &findings),
            leftovers(cluster, objects).await?,
            workloads(&claim, objects),
            shape(&claim, applications, objects),
        ];
        let (canary, healed) = drift(cluster, console, claim.drift.clone()).await?;
        items.push(canary);
        let facts = cluster.facts();
        Ok(Self {
            revision: claim.revision.to_owned(),
            cluster_uid: facts.uid.clone(),
            cluster_version: facts.version.clone(),
            holds: items.iter().all(|item| item.state != State::Fails),
            items,
            spokes: Vec::new(),
            findings,
            objects: claim.objects.len(),
            managers_before: claim.managers_before,
            managers_after: managers(objects),
            left: claim.left.to_vec(),
            canary_healed_ms: healed,
            uids: applications
                .iter()
                .filter_map(|(name, it)| Some((name.clone(), uid(&it.as_ref()?.0).to_owned())))
                .collect(),
        })
    }

    /// Whether all holds but for what another installer has left, which is to go only when the rest holds.
    #[must_use]
    pub fn holds_but_for_leftovers(&self) -> bool {
        self.items.iter().all(|item| item.state != State::Fails || item.id == LEFTOVERS)
    }

    /// Looks anew for what another installer has left.
    pub async fn look_for_leftovers(&mut self, objects: &[Value], cluster: &Cluster) -> Outcome<()> {
        let live = read_objects(cluster, objects).await?;
        for item in self.items.iter_mut().filter(|item| item.id == LEFTOVERS) {
            *item = leftovers(cluster, &live).await?;
        }
        self.holds = self.items.iter().all(|item| item.state != State::Fails);
        Ok(())
    }

    /// The proof as people read it, with what it found beside it.
    pub fn tell(&self, console: &Console) {
        console.table(&self.table());
        tell_foreign_fields(&self.findings, console);
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["", "PROOF", "FINDING"]);
        let mark = |state: State| match state {
            State::Holds => "ok",
            State::Fails => "FAIL",
            State::NotProbed => "-",
        };
        for item in &self.items {
            table.row([mark(item.state), item.title, item.detail.as_str()]);
        }
        for it in &self.spokes {
            table.row([mark(it.state), &format!("Argo CD comes to {}", it.spoke), &it.detail]);
        }
        table
    }

    /// Everything that fails, by item.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failing = self.items.iter().filter(|item| item.state == State::Fails);
        failing.flat_map(|item| item.failures.iter().map(move |failure| format!("{}: {failure}", item.id))).collect()
    }
}
