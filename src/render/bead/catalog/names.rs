//! The texts that Backstage's catalog takes as names, keys, tags, addresses and references. Pure.
//!
//! Source: `makeValidator`, `KubernetesValidatorFunctions`, `CommonValidatorFunctions` and `parseEntityRef` of
//! `@backstage/catalog-model` 1.10.3.

/// The longest name, key behind its prefix, tag and kind.
const LONGEST: usize = 63;

/// `backstage.io/v1alpha1`, or what stands behind the slash alone.
pub fn is_api_version(text: &str) -> bool {
    is_prefixed(text, |it| is_short(it) && it.bytes().all(|c| c.is_ascii_alphanumeric()))
}

/// A letter, then letters and digits.
pub fn is_kind(text: &str) -> bool {
    is_short(text)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|c| c.is_ascii_alphanumeric())
}

/// Letters, digits and `-_.` between them.
pub fn is_name(text: &str) -> bool {
    let is_end = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    is_short(text)
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
}

/// A DNS label.
pub fn is_namespace(text: &str) -> bool {
    is_short(text)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

/// The key of a label or annotation: a name, with a domain before it or without.
pub fn is_key(text: &str) -> bool {
    is_prefixed(text, is_name)
}

/// Lowercase letters, digits and `:+#`, with single `-` between them.
pub fn is_tag(text: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b":+#".contains(&c);
    is_short(text) && text.split('-').all(|part| !part.is_empty() && part.bytes().all(is_plain))
}

/// Whether there is something in it beside spaces.
pub fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

/// An absolute address, as browsers take it (WHATWG URL): `mailto:a@b` is one, `example.org/x` is none.
pub fn is_url(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c <= ' ');
    let Some((scheme, rest)) = scheme_of(text) else { return false };
    let rest = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "ws" | "wss" | "ftp" => rest.trim_start_matches(['/', '\\']),
        _ => return true,
    };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.rsplit_once(':') {
        Some((before, port)) if !port.contains(']') => (before, port),
        _ => (host, ""),
    };
    let has_port = port.is_empty() || port.parse::<u16>().is_ok();
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_host = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains(|c: char| c <= ' ' || "<>[]^|%".contains(c)),
    };
    has_port && is_host
}

/// The scheme of an absolute address, and what follows it.
pub fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
    is_scheme.then_some((scheme, rest))
}

/// What is wrong with a reference to an entity, `[kind:][namespace/]name`, of which this is the kind when it says none.
pub fn wrong_reference(text: &str, kind: Option<&str>) -> Option<String> {
    let slash = text.find('/');
    let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| *colon < slash));
    let behind = colon.map_or(0, |at| at + 1);
    let (written, namespace) = (colon.map(|at| &text[..at]), slash.map(|at| &text[behind..at]));
    let name = &text[slash.map_or(behind, |at| at + 1)..];
    if written == Some("") || namespace == Some("") || name.is_empty() {
        return Some(format!("`{text}` is no reference to an entity: `[kind:][namespace/]name`"));
    }
    (written.or(kind).is_none()).then(|| format!("`{text}` does not say of which kind the entity is"))
}

fn is_short(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
}

fn is_prefixed(text: &str, is_right: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        None => is_right(text),
        Some((domain, rest)) => domain.len() <= 253 && domain.split('.').all(is_namespace) && is_right(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_underscores_dots_and_capitals() {
        for right in ["a", "My_service.v2-x", "0"] {
            assert!(is_name(right), "{right}");
        }
        for wrong in ["", "-a", "a.", "my service!", "é", &"a".repeat(64)] {
            assert!(!is_name(wrong), "{wrong}");
        }
        assert!(is_namespace("a--b") && !is_namespace("A") && !is_namespace("a_b") && !is_namespace("a-"));
        assert!(is_tag("c++") && is_tag("java:17") && !is_tag("Java") && !is_tag("a--b") && !is_tag("a b"));
        assert!(is_key("backstage.io/x") && is_key("X_y") && !is_key("a/b/c") && !is_key("A.io/x") && !is_key("/x"));
        assert!(is_api_version("v1") && is_api_version("a.io/v1") && !is_api_version("a.io/v1-x"));
    }

    #[test]
    fn an_address_is_absolute() {
        for right in
            ["https://a.b/c?d", "mailto:a@b", "http:a", "localhost:3000", " https://a ", "https://u@[::1]:80/x"]
        {
            assert!(is_url(right), "{right}");
        }
        for wrong in ["", "a.b/c", "//a/b", "/a", "https://", "https://a b", "https://a:99999", "https://[::1/"] {
            assert!(!is_url(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_reference_has_a_kind_and_a_name() {
        for right in ["a", "user:a", "ns/a", "user:ns/a", "a/b:c"] {
            assert_eq!(wrong_reference(right, Some("Group")), None, "{right}");
        }
        for wrong in [":a", "user:", "/a", "user:/a", "user:ns/"] {
            assert!(wrong_reference(wrong, Some("Group")).is_some(), "{wrong}");
        }
        assert!(wrong_reference("ns/a", None).expect("no kind").contains("of which kind"));
    }
}
