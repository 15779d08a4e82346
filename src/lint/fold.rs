//! One cause, one block: what is wrong in the same way in several places is told once, with all of them.

use std::collections::BTreeSet;

use super::finding::Finding;

/// What is wrong, and where else.
pub(super) struct Cause<'f> {
    /// Where it is told.
    pub first: &'f Finding,
    /// The other lines of its file.
    pub also: BTreeSet<usize>,
}

/// The findings by their causes, in the order of the first of each.
pub(super) fn fold(findings: &[Finding]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for finding in findings {
        let known = causes.iter_mut().find(|cause| is_the_same(cause.first, finding));
        match (known, line(finding)) {
            (Some(known), Some(other)) if line(known.first) == Some(other) => {}
            (Some(known), Some(other)) => _ = known.also.insert(other),
            _ => causes.push(Cause { first: finding, also: BTreeSet::new() }),
        }
    }
    causes
}

/// The same words of the same rule. The remedy may name what is there in one action, and not in another.
fn is_the_same(one: &Finding, other: &Finding) -> bool {
    one.rule == other.rule && one.mistake.message == other.mistake.message && file(one) == file(other)
}

fn file(finding: &Finding) -> Option<&str> {
    finding.mistake.source.as_ref().map(|source| source.name.as_str())
}

/// A finding without a line is told by itself.
fn line(finding: &Finding) -> Option<usize> {
    finding.mistake.place.map(|place| place.line)
}
