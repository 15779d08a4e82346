//! The names of a bead, each said once: its Applications, its project, its object, and the label of what is made for it.

use crate::object::ObjectRef;

/// What a bead consists of, in the order in which it comes up; each name is the end of an Application's.
pub const PARTS: [&str; 5] = ["providers", "apis", "config", "policies", APPLICATION];
/// The last part, for which the others are there.
pub const APPLICATION: &str = "application";
/// The label of what is made for a bead: its Secrets, its Applications on spokes. On a namespace, the bead that has left it, with
/// what was its own there.
pub const LABEL: &str = "backstack.dev/bead";

/// What the names of its Applications and of its project begin with.
const PREFIX: &str = "bead-";

/// The name that Argo CD knows a bead by: of the Application above its parts, and of its `AppProject`.
#[must_use]
pub fn parent(bead: &str) -> String {
    format!("{PREFIX}{bead}")
}

/// The name of the Application of a part.
#[must_use]
pub fn part(bead: &str, part: &str) -> String {
    format!("{PREFIX}{bead}-{part}")
}

/// The bead that Argo CD knows by this name.
#[must_use]
pub fn of_parent(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// The bead and the part of an Application of this name.
#[must_use]
pub fn of_part(application: &str) -> Option<(&str, &'static str)> {
    split_part(of_parent(application)?)
}

/// Whether this is the Application of a bead, or that of one of its parts.
#[must_use]
pub fn is_of(application: &str, bead: &str) -> bool {
    of_parent(application) == Some(bead) || of_part(application).is_some_and(|(its, _)| its == bead)
}

/// A name that ends like that of a part: what is before, and the part.
#[must_use]
pub fn split_part(name: &str) -> Option<(&str, &'static str)> {
    PARTS.into_iter().find_map(|part| Some((name.strip_suffix(part)?.strip_suffix('-')?, part)))
}

/// A bead as `kubectl get beads` shows it.
#[must_use]
pub fn object(name: &str) -> ObjectRef {
    ObjectRef::new("backstack.dev/v1alpha1", "Bead", None, name)
}

/// Beads, as the cluster shows them.
#[must_use]
pub fn every() -> ObjectRef {
    object("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_applications_tell_bead_and_part() {
        assert_eq!((parent("web").as_str(), part("web", "apis").as_str()), ("bead-web", "bead-web-apis"));
        assert_eq!(of_parent("bead-web-apis"), Some("web-apis"), "a part is told apart by its end alone");
        assert_eq!((of_part("bead-web-apis"), of_part("bead-web")), (Some(("web", "apis")), None));
        assert!(is_of("bead-web", "web") && is_of("bead-web-apis", "web") && !is_of("bead-web-shop", "web"));
        assert!(!is_of("bead-webshop", "web") && !is_of("web", "web"));
    }
}
