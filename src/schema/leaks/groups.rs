//! Several secrets under one name: `passwords: {alice: …}`.

use super::names::{is_prose, is_secret_name};
use super::words::words;

/// What says of a group of secrets where they are, or how they are made: the last word of a name.
const ASIDE: [&str; 46] = [
    "algorithm",
    "audience",
    "comment",
    "default",
    "domain",
    "email",
    "enabled",
    "encoding",
    "endpoint",
    "example",
    "expiration",
    "expiry",
    "file",
    "format",
    "header",
    "host",
    "hostname",
    "id",
    "ids",
    "in",
    "issuer",
    "key",
    "keys",
    "kind",
    "label",
    "login",
    "method",
    "mode",
    "name",
    "namespace",
    "path",
    "pattern",
    "policy",
    "prefix",
    "provider",
    "realm",
    "ref",
    "region",
    "role",
    "scope",
    "source",
    "type",
    "url",
    "user",
    "username",
    "version",
];

/// Whether what stands under this name are several secrets, each under the name of its owner: `passwords: {alice: …}`. The
/// name of a package is none.
#[must_use]
pub fn is_group(name: &str) -> bool {
    let is_plural = name.ends_with('s') || name.ends_with('S');
    is_plural && is_secret_name(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// Whether this name says something about a group of secrets, and is not an owner in it.
#[must_use]
pub fn is_aside(name: &str) -> bool {
    let is_one = |last: &String| ASIDE.contains(&last.as_str()) || last.ends_with("secret") || last == "secrets";
    is_prose(name) || words(name).last().is_none_or(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_owners_and_what_is_said_of_it() {
        assert!(is_group("passwords") && is_group("apiKeys") && is_group("credentials"));
        assert!(!is_group("password") && !is_group("secretKeys") && !is_group("node_modules/js-tokens"));
        assert!(is_aside("secretName") && is_aside("type") && is_aside("description") && !is_aside("alice"));
    }
}
