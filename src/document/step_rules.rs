//! What a step must be beyond its shape, whatever its noun is.

use std::sync::Arc;

use serde_json::Value;

use super::step_mistake::StepMistake;
use super::{cluster_rules, hub_step_rules, repository_rules, spoke_rules};
use crate::report::{Diagnostic, Source};
use crate::yaml::Node;

/// The mistakes in a step of the right shape, each with its place.
#[must_use]
pub fn step_mistakes(source: &Arc<Source>, node: &Node, step: &Value) -> Vec<Diagnostic> {
    let noun = |name: &str| step.get(name).and_then(Value::as_object);
    let of_cluster = noun("cluster").map(cluster_rules::mistakes).unwrap_or_default();
    let of_hub = noun("hub").map(hub_step_rules::mistakes).unwrap_or_default();
    let repository = |name| noun(name).map(|it| repository_rules::mistakes(name, it)).unwrap_or_default();
    let of_repositories = ["hub", "bead"].into_iter().flat_map(repository);
    let of_spoke = noun("spoke").map(spoke_rules::mistakes).unwrap_or_default();
    let placed = |(path, message, hint): StepMistake| {
        let place = node.nearest(&path).place;
        Diagnostic::error(path, message).at(source, place).hint(hint)
    };
    of_cluster.into_iter().chain(of_hub).chain(of_repositories).chain(of_spoke).map(placed).collect()
}
