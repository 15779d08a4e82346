//! Names of fields that say where a secret is, and hold none.

use super::words::words;

/// Before `secret`: the name of a Secret is meant.
const OF_REFERENCES: [&str; 23] = [
    "ca",
    "cert",
    "certificate",
    "config",
    "connection",
    "credential",
    "credentials",
    "env",
    "existing",
    "external",
    "from",
    "image",
    "key",
    "not",
    "password",
    "pull",
    "ref",
    "ssl",
    "tls",
    "token",
    "vars",
    "volume",
    "with",
];
/// Before `secretKey`, besides: what is kept in the Secret whose key is named, `serviceAccountSecretKey`.
const KEPT_IN_SECRETS: [&str; 9] = ["account", "endpoint", "file", "host", "id", "url", "user", "username", "uri"];
/// Above `secret`: the name of a Secret is meant, `tls: {secret: web-tls}`.
const ABOVE_REFERENCES: [&str; 7] = ["basicauth", "ca", "cert", "digestauth", "image", "pull", "tls"];
/// Whether it is the name of a Secret, or of a key in one: `tlsSecret`, `existingsecret`, `fromConnectionSecretKey`.
pub(super) fn names_a_secret(last: &str, before: &[String]) -> bool {
    let is_before = |some: &[&str]| before.iter().any(|word| some.contains(&word.as_str()));
    let is_of_secret = before.last().is_some_and(|owner| owner == "secret");
    match last {
        "secret" => is_before(&OF_REFERENCES),
        // `secretKeys` lists the keys of a Secret.
        "keys" => is_of_secret,
        "key" => is_of_secret && (is_before(&OF_REFERENCES) || is_before(&KEPT_IN_SECRETS)),
        last => last.ends_with("secret") && OF_REFERENCES.iter().any(|it| last.starts_with(it)),
    }
}

/// Whether it is an annotation, which refers to a Secret: `nginx.ingress.kubernetes.io/auth-secret`.
pub(super) fn is_annotation(name: &str, last: &str) -> bool {
    last == "secret" && name.split_once('/').is_some_and(|(domain, _)| domain.contains('.'))
}

/// Whether a mapping of this name may say where a secret is: `passwordSecret: {secretName: …, password: …}`.
#[must_use]
pub fn is_reference(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    last == "secret" && names_a_secret(last, before)
}

/// Whether a mapping of this name has names of keys, and no values.
#[must_use]
pub fn has_keys(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    ["ref", "selector"].contains(&last.as_str()) || (last == "keys" && names_a_secret(last, before))
}

/// Whether a field of this name, beside others, says in which Secret their values are.
#[must_use]
pub fn says_which_secret(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let of_secret = before.last().is_some_and(|word| ["secret", "ref"].contains(&word.as_str()));
    match last.as_str() {
        "name" => of_secret,
        "ref" => true,
        "secret" => names_a_secret(last, before),
        last => last == "existingsecret",
    }
}

/// Whether `secret` below this name is the name of a Secret.
#[must_use]
pub fn is_above_reference(name: &str) -> bool {
    ABOVE_REFERENCES.contains(&name.to_ascii_lowercase().as_str())
}
