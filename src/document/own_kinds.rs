//! How the kinds may be called that a bead defines itself, and so has people order.
//!
//! Argo CD takes group and kind of a project's lists for patterns (`filepath.Match`), so a name that is more than a name would
//! let claims be anything.

use crate::schema::is_dns_label;
use crate::words::{KNOWN_KINDS, is_of_kubernetes};

/// What is wrong with the group of such a kind.
#[must_use]
pub fn wrong_group(group: &str) -> Option<String> {
    if is_of_others(group) {
        Some(format!("the kinds of the group `{group}` are everybody's"))
    } else if !group.split('.').all(is_dns_label) {
        Some(format!("the group `{group}` is no DNS name in small letters, such as example.org"))
    } else {
        None
    }
}

/// What is wrong with its name.
#[must_use]
pub fn wrong_kind(kind: &str) -> Option<String> {
    let is_name =
        kind.starts_with(|it: char| it.is_ascii_uppercase()) && kind.bytes().all(|b| b.is_ascii_alphanumeric());
    (!is_name).then(|| format!("the kind `{kind}` is not a capital letter with letters and digits behind it"))
}

/// Whether a group is Kubernetes' own, or that of a kind that hubs are known to have.
fn is_of_others(group: &str) -> bool {
    is_of_kubernetes(group) || group == "backstack.dev" || KNOWN_KINDS.iter().any(|it| it.group == group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_no_name() {
        for group in
            ["*.*", "*.example.org", "e.or?", "[a-z].org", r"\e.org", "E.org", "-e.org", "e-.org", "e..org", "e.org."]
        {
            assert!(wrong_group(group).is_some_and(|it| it.contains("no DNS name")), "{group}");
        }
        for group in ["", "apps", "rbac.authorization.k8s.io", "argoproj.io"] {
            assert!(wrong_group(group).is_some_and(|it| it.contains("are everybody's")), "{group}");
        }
        for group in ["e.org", "gke.backstack.dev", "a-1.example.org"] {
            assert_eq!(wrong_group(group), None);
        }
        for kind in ["", "*", "Role*", "role", "A-B", "[A-Z]ole", "1A", "Übel"] {
            assert!(wrong_kind(kind).is_some(), "{kind}");
        }
        assert_eq!((wrong_kind("Shelf"), wrong_kind("XK8s2")), (None, None));
    }
}
