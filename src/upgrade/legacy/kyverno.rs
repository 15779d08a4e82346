//! The policies of the group `kyverno.io`.

use serde_json::Value;

use super::named::brought_by;
use crate::object::{ObjectRef, group, kind};
use crate::upgrade::finding::{Finding, Weight};
use crate::upgrade::going::{DeprecatedKind, GOING};
use crate::upgrade::step::Step;
use crate::words::kyverno::{GROUP, POLICIES};

const FREEZE: &str = "kyverno pull requests 17701, 17708, 17710";
const REMOVAL: &str = "kyverno pull request 17718";

/// The policies of Kyverno that are legacy.
pub fn policies() -> impl Iterator<Item = &'static DeprecatedKind> {
    GOING.iter().filter(|it| it.group == GROUP)
}

/// Whether the step is to a Kyverno that leaves the policies unexecuted.
pub fn freezes(step: &Step) -> bool {
    step.crosses(1, 20)
}

/// Whether the step is to a Kyverno without their definitions.
pub fn takes_away(step: &Step) -> bool {
    step.crosses(1, 21)
}

/// A policy that Kyverno 1.20 does not execute.
pub fn frozen_policy(object: &Value) -> Option<Finding> {
    let says = "Kyverno 1.20 does not execute it any more and denies every write of it";
    legacy_policy(object, says, FREEZE)
}

/// A policy whose kind Kyverno 1.21 takes away.
pub fn gone_policy(object: &Value) -> Option<Finding> {
    let says = "Kyverno 1.21 takes its definition away, and it goes along";
    legacy_policy(object, says, REMOVAL)
}

fn legacy_policy(object: &Value, says: &str, source: &str) -> Option<Finding> {
    let is_one = group(object) == GROUP && policies().any(|it| it.kind == kind(object));
    is_one.then(|| {
        let says = format!("{says}{}: what it forbids is allowed", brought_by(object));
        Finding::new("kyverno-legacy", Weight::Stops, ObjectRef::of(object).to_string(), says)
            .remedy(format!("convert it to a policy of {POLICIES}, and take it out of git and off the cluster first"))
            .source(source)
    })
}
