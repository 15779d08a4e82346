//! Kinds that are almost one of Kubernetes itself: no API server has them. Pure.

use super::piece::Piece;
use crate::report::Diagnostic;
use crate::words::{KNOWN_KINDS, is_of_kubernetes};

/// How many letters a slip changes.
const SLIP: usize = 2;

/// The objects whose kind nobody has, each at its place. Groups that others may add kinds to are not looked at.
pub fn doubts(pieces: &[Piece]) -> Vec<Diagnostic> {
    let told = pieces.iter().filter_map(|piece| {
        let (group, kind) = (piece.group(), piece.text("/kind"));
        let meant = meant(group, kind)?;
        let of = if group.is_empty() { "the core group" } else { group };
        let message = format!("{}: `{kind}` is no kind of {of}, and no API server takes it", piece.title());
        let place = piece.place_of("kind");
        Some(Diagnostic::warning("kind", message).at(&piece.source, place).hint(format!("did you mean `{meant}`?")))
    });
    told.collect()
}

/// The kind of one of Kubernetes' own groups that another one is a slip of.
fn meant(group: &str, kind: &str) -> Option<&'static str> {
    let of_group = || KNOWN_KINDS.iter().filter(|it| it.group == group).map(|it| it.kind);
    if !is_of_kubernetes(group) || of_group().any(|it| it == kind) {
        return None;
    }
    let distance = |it: &str| strsim::levenshtein(&it.to_lowercase(), &kind.to_lowercase());
    of_group().filter(|it| distance(it) <= SLIP).min_by_key(|it| distance(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_a_kind_that_is_not_known_here() {
        for (group, kind, expected) in [
            ("apps", "Deploymnt", Some("Deployment")),
            ("apps", "deployment", Some("Deployment")),
            ("", "Configmap", Some("ConfigMap")),
            ("networking.k8s.io", "Ingres", Some("Ingress")),
            ("", "Pod", None),
            ("", "Event", None),
            ("", "Deployment", None),
            ("policies.kyverno.io", "ValidatingPolicies", None),
            ("example.org", "Deploymnt", None),
        ] {
            assert_eq!(meant(group, kind), expected, "{group} {kind}");
        }
    }
}
