//! What the name of a field says of its value, in whatever way its words are joined: `clientSecret`, `DB_PASSWORD`,
//! `bindPW`, `github.webhook-secret`.

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
/// Before `secret`: the name of a Secret is meant.
const OF_REFERENCES: [&str; 21] = [
    "ca",
    "cert",
    "certificate",
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
    "tls",
    "token",
    "vars",
    "volume",
    "with",
];
/// Before `tokens`: a number of them is meant.
const OF_COUNTS: [&str; 4] = ["limit", "max", "min", "num"];

/// Whether a field of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let is_before = |some: &[&str]| before.iter().any(|word| some.contains(&word.as_str()));
    match last.as_str() {
        "secret" => !is_before(&OF_REFERENCES),
        "key" | "keys" => {
            let owner = before.last().map_or("", String::as_str);
            // `secretKeys` lists the keys of a Secret, and `fromConnectionSecretKey` names one.
            SECRET_KEYS.contains(&owner) && !(owner == "secret" && (last == "keys" || is_before(&OF_REFERENCES)))
        }
        "tokens" => !is_before(&OF_COUNTS),
        last => {
            let is_reference = last.ends_with("secret") && OF_REFERENCES.iter().any(|it| last.starts_with(it));
            SHORT_ENDS.contains(&last) || (ENDS.iter().any(|end| last.ends_with(end)) && !is_reference)
        }
    }
}

/// Whether a number under this name is a secret: a token is no number, `maxToken` is one, and so is what tests `pass`.
#[must_use]
pub fn may_be_number(name: &str) -> bool {
    words(name).last().is_some_and(|last| ["password", "passwd", "passphrase", "pw", "pwd"].contains(&last.as_str()))
}

/// Whether a mapping of this name says where a secret is: `passwordSecret: {secretName: …, password: …}`.
#[must_use]
pub fn is_reference(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    match last.as_str() {
        "ref" | "selector" => true,
        "secret" => before.iter().any(|word| OF_REFERENCES.contains(&word.as_str())),
        _ => false,
    }
}

/// Whether what stands under this name is text for people.
#[must_use]
pub fn is_prose(name: &str) -> bool {
    words(name)
        .last()
        .is_some_and(|last| ["description", "message", "summary", "title", "help"].contains(&last.as_str()))
}

/// The words of a name, in small letters; numbers between them are no words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let begins = letter.is_ascii_uppercase()
            && (before.is_some_and(|it| !it.is_ascii_uppercase())
                || (after.is_some_and(char::is_ascii_lowercase) && !is_plural(&letters[at..])));
        if begins || !letter.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_ascii_alphabetic(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `Ks` in `APIKs` begins no word; `Key` in `APIKey` does.
fn is_plural(rest: &[char]) -> bool {
    matches!(rest, [_, 's'])
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
            "",
        ] {
            assert!(!is_secret_name(name), "{name}: {:?}", words(name));
        }
    }
}
