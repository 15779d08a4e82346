//! What a check has found, and what it has looked at.

use std::collections::BTreeSet;

use crate::claims;
use crate::claims::orders::{Files, Findings, Offer};
use crate::object::{group, kind};
use crate::report::Diagnostic;

/// What a check has found.
#[derive(Debug, Default)]
pub struct Report {
    /// The hub, for people.
    pub hub: String,
    /// How many claims there are.
    pub claims: usize,
    /// Their kinds, as far as the hub offers them.
    pub kinds: BTreeSet<String>,
    /// How many of these have a definition that could be looked at.
    pub defined: usize,
    /// The beads whose they are.
    pub beads: BTreeSet<String>,
    /// What would be refused, or dropped.
    pub mistakes: Vec<Diagnostic>,
    /// What is worth knowing.
    pub warnings: Vec<Diagnostic>,
    /// By whom what was looked at besides, a line each.
    pub looked_at: Vec<String>,
    /// What nobody has looked at, a line each.
    pub not_looked_at: BTreeSet<String>,
    /// Those of these lines that are about rules of schemas.
    pub of_schemas: BTreeSet<String>,
    /// Policies that are about none of the claims.
    pub aside: Vec<String>,
    /// Files that are none of Argo CD's either, each with the reason.
    pub left_out: Vec<(String, &'static str)>,
    /// Marks of what is no secret that are on nothing.
    pub unused_marks: Vec<String>,
    /// Which claims are as their schemas say.
    pub sound: Vec<usize>,
}

impl Report {
    /// What was found in files.
    pub fn of(hub: String, files: &Files, offer: &Offer, findings: Findings) -> Self {
        let is_ordered = |of_group: &str, of_kind: &str| {
            files.orders.iter().any(|order| (group(&order.object), kind(&order.object)) == (of_group, of_kind))
        };
        let offered = offer.kinds.iter().filter(|it| is_ordered(&it.group, &it.kind));
        Self {
            hub,
            claims: files.orders.len(),
            kinds: offered.clone().map(claims::orders::Offered::title).collect(),
            defined: offered.clone().filter(|it| it.definition.is_some()).count(),
            beads: offered.map(|it| it.bead.clone()).filter(|it| !it.is_empty()).collect(),
            mistakes: findings.mistakes,
            warnings: findings.warnings,
            not_looked_at: findings.unseen.clone(),
            of_schemas: findings.unseen,
            sound: findings.sound,
            ..Self::default()
        }
    }

    /// In the order of the files.
    pub fn sort(&mut self) {
        for all in [&mut self.mistakes, &mut self.warnings] {
            all.sort_by(|one, other| {
                let key = |it: &Diagnostic| (it.source.as_ref().map(|source| source.name.clone()), it.place);
                key(one).cmp(&key(other))
            });
        }
    }

    /// What was looked at, in one line.
    pub fn summary(&self) -> String {
        let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        let claims = format!(
            "{} of {} against the definitions of {}: {}names, namespaces, secrets",
            count(self.claims, "claim"),
            count(self.kinds.len(), "kind"),
            count(self.beads.len(), "bead"),
            match self.defined {
                0 => String::new(),
                all if all == self.kinds.len() => "schemas, ".to_owned(),
                some => format!("schemas of {some} of the kinds, "),
            },
        );
        std::iter::once(claims).chain(self.looked_at.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}
