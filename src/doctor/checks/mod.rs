//! The checks: functions from facts to findings, a file an idea.

mod cascade;
mod clusters;
mod comparison;
mod credentials;
mod definitions;
mod fields;
mod hooks;
mod installers;
mod legacy;
mod operations;
mod orphans;
mod own_application;
mod projects;
mod recovery;
mod sets;
mod shared;
mod versions;
mod waves;
mod webhooks;

use std::cmp::Reverse;

pub use legacy::composition;

use super::code::CODES;
use super::facts::Facts;
use super::finding::Finding;

const CHECKS: &[fn(&Facts) -> Vec<Finding>] = &[
    cascade::pending,
    cascade::of_itself,
    definitions::stored,
    definitions::conversion,
    installers::beside,
    credentials::that_push,
    credentials::empty,
    credentials::admin,
    projects::that_allow_all,
    projects::that_are_missing,
    comparison::blind,
    operations::never_retried,
    operations::stuck,
    operations::held,
    recovery::left,
    fields::of_others,
    fields::last_applied,
    clusters::dead,
    shared::by_two,
    shared::by_nobody,
    webhooks::left,
    legacy::kinds,
    hooks::stuck,
    sets::that_eat,
    orphans::in_own_namespace,
    versions::gap,
    own_application::client_side,
    own_application::prunable,
    waves::unheeded,
];

/// Everything that is wrong as far as the facts go, the most harmful first.
#[must_use]
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut found: Vec<Finding> = CHECKS.iter().flat_map(|check| check(facts)).collect();
    let rank = |it: &Finding| CODES.iter().position(|code| code.name == it.code);
    found.sort_by_cached_key(|it| (Reverse(it.harm), rank(it), it.object.clone()));
    found
}
