//! Keys and values of labels, as Kubernetes takes them (apimachinery `pkg/util/validation`), and whose they are.

use crate::words::argo;

/// The domains whose labels are not people's to give.
const OF_OTHERS: [&str; 4] = [argo::GROUP, "backstack.dev", "kubernetes.io", "k8s.io"];

/// What a label that is wrong should have been.
pub const KEY: &str = "it is `name` or `prefix/name`: a name of at most 63 letters, digits, `-`, `_` and `.`";
/// The same of its value.
pub const VALUE: &str = "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";

/// Whether a text can be the key of a label, or the name of a finalizer: `name`, or `prefix/name`, whose prefix is a name of
/// DNS (`IsQualifiedName`).
#[must_use]
pub fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

/// Whether a text can be the value of a label.
#[must_use]
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_name(text)
}

/// Whether a text is a name of DNS: labels with dots between them (RFC 1123).
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

/// The domain that a key is below and that is not people's: Argo CD's, Kubernetes' or ours.
#[must_use]
pub fn reserved_domain(key: &str) -> Option<&'static str> {
    let (prefix, _) = key.split_once('/')?;
    let is_below = |domain: &str| prefix.strip_suffix(domain).is_some_and(|it| it.is_empty() || it.ends_with('.'));
    OF_OTHERS.into_iter().find(|domain| is_below(domain))
}

fn is_part(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(is_plain) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && is_end(text.chars().next())
        && is_end(text.chars().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_name_and_may_have_a_domain() {
        for key in ["env", "a.b_c-D", "example.org/env", "x/y"] {
            assert!(is_label_key(key), "{key}");
        }
        for key in ["", "-a", "a-", "a/", "/a", "A.org/a", "a/b/c", "ä", &"a".repeat(64)] {
            assert!(!is_label_key(key), "{key}");
        }
    }

    #[test]
    fn some_domains_are_not_for_people() {
        for (key, domain) in [
            ("backstack.dev/spoke", Some("backstack.dev")),
            ("topology.kubernetes.io/region", Some("kubernetes.io")),
            ("argocd.argoproj.io/secret-type", Some("argoproj.io")),
            ("notkubernetes.io/a", None),
            ("kubernetes.io", None),
            ("env", None),
        ] {
            assert_eq!(reserved_domain(key), domain, "{key}");
        }
    }
}
