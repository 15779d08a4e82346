//! What the name of a field says of its value, in whatever way its words are joined: `clientSecret`, `DB_PASSWORD`,
//! `bindPW`, `github.webhook-secret`.

use super::references::{is_annotation, names_a_secret};
use super::words::words;

/// Words that end the name of a secret, also as the end of a word: `dbpassword`.
const ENDS: [&str; 11] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "tokens",
    "credential",
    "credentials",
    "apikey",
    "privatekey",
];
/// Words that are too short to be looked for in others.
const SHORT_ENDS: [&str; 5] = ["pw", "pwd", "pass", "bindpw", "secretkey"];
/// Whose `key` is a secret; that of a map, a label or a cache is none.
const SECRET_KEYS: [&str; 20] = [
    "access",
    "account",
    "api",
    "auth",
    "cookie",
    "deploy",
    "encryption",
    "hmac",
    "jwt",
    "license",
    "master",
    "private",
    "root",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "ssh",
    "storage",
];
/// Before `tokens`: a number of them is meant.
const OF_COUNTS: [&str; 4] = ["limit", "max", "min", "num"];
/// Whether a field of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = meaning(&words) else { return false };
    let is_one = match last {
        "key" | "keys" => is_secret_key(before),
        // A personal access token, of whatever it is for.
        "pat" => !before.is_empty(),
        last => SHORT_ENDS.contains(&last) || ENDS.iter().any(|end| last.ends_with(end)),
    };
    is_one && !names_a_secret(last, before) && !counts(last, before) && !is_annotation(name, last)
}

/// Whether what stands under this name may be one, so that it is not shown: also `tokenId` and `SECRETS_OF_X`.
#[must_use]
pub fn may_be_secret_name(name: &str) -> bool {
    let name_in_small = name.to_ascii_lowercase();
    is_secret_name(name) || ["token", "secret", "password"].iter().any(|word| name_in_small.contains(word))
}

/// The word that decides, and those before it: the `base` of a key is a key, `SECRET_KEY_BASE`.
fn meaning(words: &[String]) -> Option<(&str, &[String])> {
    let (last, before) = words.split_last()?;
    match before.split_last() {
        Some((key, before)) if last == "base" && key == "key" => Some((key, before)),
        _ => Some((last, before)),
    }
}

/// Whether a key of this kind is a secret: `apiKey`, and not `cacheKey`.
fn is_secret_key(before: &[String]) -> bool {
    before.last().is_some_and(|owner| SECRET_KEYS.contains(&owner.as_str()))
}

/// Whether a number of them is meant: `maxTokens`.
fn counts(last: &str, before: &[String]) -> bool {
    last == "tokens" && before.iter().any(|word| OF_COUNTS.contains(&word.as_str()))
}

/// Whether a number under this name is a secret: a token is no number, `maxToken` is one, and so is what tests `pass`.
#[must_use]
pub fn may_be_number(name: &str) -> bool {
    let numbers = ["password", "passwords", "passwd", "passphrase", "pw", "pwd"];
    words(name).last().is_some_and(|last| numbers.contains(&last.as_str()))
}

/// Whether a key is called by a word of its own name: `authKey: auth` is the key of a Secret.
#[must_use]
pub fn is_of_key(name: &str, value: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|last| last == "key") && words.iter().any(|word| word == value)
}

/// Whether a number or a time under this name says how many tokens there are, or how long they last: `idTokens: 24h`.
#[must_use]
pub fn may_be_counted(name: &str) -> bool {
    words(name).last().is_some_and(|last| last == "tokens")
}

/// Whether versions of packages stand under this name: `devDependencies`.
#[must_use]
pub fn has_packages(name: &str) -> bool {
    words(name).last().is_some_and(|last| last == "dependencies")
}

/// Whether what stands under this name logs in to a server: `Authorization`.
#[must_use]
pub fn is_header(name: &str) -> bool {
    words(name).last().is_some_and(|last| last == "authorization")
}

/// Whether what stands under this name is text for people.
#[must_use]
pub fn is_prose(name: &str) -> bool {
    words(name)
        .last()
        .is_some_and(|last| ["description", "message", "summary", "title", "help"].contains(&last.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_decides() {
        for name in [
            "password",
            "adminPassword",
            "DB_PASSWORD",
            "password2",
            "dbpassword",
            "bindPW",
            "BINDPW",
            "smtp.pass",
            "clientSecret",
            "client_secret",
            "clientsecret",
            "CLIENT-SECRET",
            "webhook.github.secret",
            "token",
            "GITHUB_TOKEN",
            "accesstoken",
            "apiKey",
            "APIKey",
            "api_key",
            "apikey",
            "apiKeys",
            "privateKey",
            "secretAccessKey",
            "AWS_SECRET_ACCESS_KEY",
            "secretKey",
            "accountKey",
            "signing-key",
            "sshKey",
            "passphrase",
            "credentials",
            "passwords",
            "GH_PAT",
            "SECRET_KEY_BASE",
            "S3_SECRET_KEY",
            "PGPASSWORD",
            "AUTH_SECRET",
            "--private-key",
        ] {
            assert!(is_secret_name(name), "{name}: {:?}", words(name));
        }
    }

    #[test]
    fn what_names_a_secret_is_none() {
        for name in [
            "secretName",
            "existingSecret",
            "existingsecret",
            "passwordSecretRef",
            "secretKeyRef",
            "keyRef",
            "secretKeySelector",
            "tokenPath",
            "tokenFile",
            "tokenTTL",
            "tokenUrl",
            "token_endpoint",
            "passwordKey",
            "adminPasswordKey",
            "passwordPolicy",
            "imagePullSecret",
            "imagePullSecrets",
            "tlsSecret",
            "secrets",
            "key",
            "publicKey",
            "topologyKey",
            "accessKeyId",
            "connectionSecretKeys",
            "fromConnectionSecretKey",
            "maxTokens",
            "bypass",
            "compass",
            "pat",
            "database",
            "configSecret",
            "serviceAccountSecretKey",
            "hostedGrafanaIdSecretKey",
            "nginx.ingress.kubernetes.io/auth-secret",
            "nginx.ingress.kubernetes.io/proxy-ssl-secret",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}: {:?}", words(name));
        }
    }
}
