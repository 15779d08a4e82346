//! What the claims of a Hub document must be beyond their shape: where they may be.

use super::hub::HubSpec;
use crate::schema::address::shown;
use crate::schema::{Mistakes, Path, is_pattern, matches, no_repository};
use crate::words::{argo, crossplane, kyverno};

/// Namespaces in which somebody who may write rules the hub, whatever else is in it.
const NEVER: [&str; 6] =
    [argo::NAMESPACE, crossplane::NAMESPACE, "kube-node-lease", "kube-public", "kube-system", kyverno::NAMESPACE];

/// A repository that nobody can ask.
pub(super) fn claims_address(hub: &HubSpec, found: &mut Mistakes) {
    let Some(url) = hub.claims.as_ref().map(|claims| &claims.repository.url) else { return };
    if let Some(hint) = no_repository(url) {
        let message = format!("`{}` is no address of a git repository", shown(url));
        found.say(Path::new("spec.claims.repository.url"), message, Some(hint));
    }
}

/// What is wrong with the claims repository besides its shape.
pub(super) fn claims_rules(hub: &HubSpec, found: &mut Mistakes) {
    let Some(claims) = &hub.claims else { return };
    let at = Path::new("spec.claims.namespaces");
    if claims.namespaces.is_empty() {
        found.say(at.clone(), "claims need a namespace", Some("name those of the teams, such as `team-*`"));
    }
    let never = NEVER.map(|name| (name, "of the hub itself".to_owned()));
    let of_components =
        hub.components.iter().map(|it| (it.namespace.as_str(), format!("of the component {}", it.name)));
    let taken: Vec<(&str, String)> = never.into_iter().chain(of_components).collect();
    for (index, pattern) in claims.namespaces.iter().enumerate() {
        if !is_pattern(pattern) {
            let hint = "lower-case letters, digits and `-`, and `*` for any characters";
            found.say(at.index(index), format!("`{pattern}` is no pattern of namespaces"), Some(hint));
        } else if let Some((namespace, whose)) = taken.iter().find(|(namespace, _)| matches(pattern, namespace)) {
            found.say(
                at.index(index),
                format!("`{pattern}` lets claims into the namespace {namespace}, which is that {whose}"),
                Some("take a pattern that only the namespaces of teams have, such as `team-*`"),
            );
        }
    }
}
