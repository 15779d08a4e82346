//! What a claims repository orders, held against what the hub offers: the look that a pull request gets. Pure.
//!
//! One mistake in one file and Argo CD syncs none of the claims any more. So every mistake is told, with its place.

mod derived;
mod files;
mod hooks;
mod kind;
mod metadata;
mod offer;
mod order;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use derived::definition;
pub use files::{Files, below, is_read};
pub use offer::{Offer, Offered, no_claims, tells};
pub use order::Order;

use crate::object::{ObjectRef, str_at};
use crate::report::Diagnostic;
use crate::schema::{Marks, hold};

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// What Argo CD or the cluster would refuse, or drop.
    pub mistakes: Vec<Diagnostic>,
    /// What is worth knowing.
    pub warnings: Vec<Diagnostic>,
    /// The rules of schemas that nobody has looked at here, a line each.
    pub unseen: BTreeSet<String>,
    /// Which of the orders are as their schemas say, by their place in the list.
    pub sound: Vec<usize>,
}

/// Holds orders against what a hub offers. `marks` are what people have looked at and found to be no secret.
#[must_use]
pub fn look(orders: &[Order], offer: &Offer, marks: &mut Marks<'_>) -> Findings {
    let mut findings = Findings::default();
    for (at, order) in orders.iter().enumerate() {
        let before = findings.mistakes.len();
        findings.mistakes.extend(metadata::mistakes(order, offer));
        findings.mistakes.extend(hooks::mistakes(order));
        match kind::offered(order, offer) {
            Ok(offered) => findings.of_kind(order, offered),
            Err(mistake) => findings.mistakes.push(*mistake),
        }
        if findings.mistakes.len() == before {
            findings.sound.push(at);
        }
        findings.mistakes.extend(secrets::mistakes(order, marks));
    }
    findings.mistakes.extend(twice(orders));
    findings
}

impl Findings {
    fn of_kind(&mut self, order: &Order, offered: &Offered) {
        let Some(definition) = &offered.definition else {
            self.unseen.insert(format!(
                "the schema of {}{}: no XRD of it is in the hub repository",
                offered.title(),
                offered.of_bead()
            ));
            return;
        };
        let version = match kind::version(order, offered, definition) {
            Ok(version) => version,
            Err(mistake) => return self.mistakes.push(*mistake),
        };
        self.warnings.extend(kind::deprecated(order, offered, version));
        let schema = version.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null);
        self.mistakes.extend(metadata::unknown_fields(order, schema));
        for (field, of_field) in
            [("metadata.name", "/properties/metadata/properties/name"), ("spec", "/properties/spec")]
        {
            let (Some(node), Some(of_field)) = (order.at(field), schema.pointer(of_field)) else { continue };
            if field == "metadata.name" && order.text("/metadata/name").is_empty() {
                continue; // told already
            }
            let held = hold(&order.source, node, of_field, field);
            self.mistakes.extend(held.mistakes);
            self.unseen.extend(held.unseen.iter().map(|rule| format!("{rule} in {}", offered.title())));
        }
        if order.at("spec").is_none() {
            self.mistakes.push(order.mistake("spec", "`spec` is required"));
        }
    }
}

/// What is ordered a second time: one of the two would win, and nobody knows which.
fn twice(orders: &[Order]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<ObjectRef, &Order> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for order in orders.iter().filter(|order| !str_at(&order.object, "/metadata/name").is_empty()) {
        let object = ObjectRef { version: String::new(), ..ObjectRef::of(&order.object) };
        match first.get(&object) {
            Some(earlier) => {
                let there = format!("{}:{}", earlier.source.name, earlier.place_of("metadata.name").line);
                let message = format!("{object} is ordered twice: it is in {there}, too");
                mistakes.push(order.mistake("metadata.name", message).hint("leave one of the two out, or rename it"));
            }
            None => _ = first.insert(object, order),
        }
    }
    mistakes
}

#[cfg(test)]
mod tests;
