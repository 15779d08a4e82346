//! What a value under the name of a secret is, when it is none: nothing, a reference, a place, a key that everybody may have.

use std::sync::LazyLock;

use regex::Regex;

use super::names;

/// What somebody resolves later: Backstage and GitHub, a shell, Kubernetes, Helm, a vault's plugin, and a shell's variable
/// in the letters that such a name has.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    let forms = r"(?s)\$\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)|\{\{.*?\}\}|ENC\[[^\]]*\]|<[^<>]+>|\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+|[0-9])\b";
    Regex::new(forms).expect("written above, and compiled by the tests")
});
/// `$key` and `$secret:key`, as Argo CD looks them up in its Secrets (`ReplaceStringSecret` of its settings).
static ARGOCD_REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\$(?:[a-z0-9.-]+:)?[A-Za-z0-9._-]+$").expect("compiled by the tests"));
/// `24h`, `4096`.
static MEASURE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:[0-9]+(?:\.[0-9]+)?[a-zA-Z]{0,2})+$").expect("compiled by the tests"));

/// What encloses a reference as a whole, whatever is inside.
const ENCLOSED: [(&str, &str); 5] = [("${", "}"), ("$(", ")"), ("{{", "}}"), ("<", ">"), ("ENC[", "]")];
/// What joins a reference to the rest of a name or of a login: `{{ release }}-token`, `admin:${PASSWORD}`.
const JOINTS: [char; 7] = ['-', '_', '.', '/', ':', '@', '%'];
/// What stands before a reference in a header.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];
/// Words that switch or permit something, or name a type.
const WORDS: [&str; 23] = [
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "none",
    "enabled",
    "disabled",
    "required",
    "optional",
    "read",
    "write",
    "inherit",
    "string",
    "str",
    // How a proxy and a browser handle credentials.
    "require",
    "forward",
    "dangerously-allow-unauthenticated",
    "include",
    "omit",
    "same-origin",
];
/// The beginnings of keys that everybody may have.
const PUBLIC_KEYS: [&str; 6] =
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "-----BEGIN PUBLIC KEY", "-----BEGIN CERTIFICATE"];
/// How long a secret access key of AWS is. It may begin with `/`.
const KEY_OF_AWS: usize = 40;

/// Whether this is a secret by its name, with a value that somebody could use.
#[must_use]
pub fn is_secret(name: &str, text: &str) -> bool {
    let is_count = names::may_be_counted(name) && MEASURE.is_match(text.trim());
    // A sentence with a colon in it.
    let is_prose = [name, text.trim()].iter().all(|it| it.contains(char::is_whitespace));
    names::is_secret_name(name) && is_usable(text) && !is_count && !is_prose && !names::is_of_key(name, text.trim())
}

/// Whether the text is a value that somebody could use, and not a word in the place of one.
#[must_use]
pub fn is_usable(text: &str) -> bool {
    let text = text.trim();
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    !is_mask(text) && !is_word && !is_reference(text) && !is_place(text) && !is_version(text) && !is_public_key(text)
}

/// Whether Argo CD puts a value of its Secrets in the place of this text.
#[must_use]
pub fn is_argocd_reference(text: &str) -> bool {
    ARGOCD_REFERENCE.is_match(text.trim())
}

/// `***`, `?*`, `...`, `xxxxx`: a mask, or a pattern of a policy.
fn is_mask(text: &str) -> bool {
    !text.chars().any(|c| c.is_alphanumeric() && !matches!(c, 'x' | 'X'))
}

/// Of a library whose name is like that of a secret: `js-tokens: ^4.0.0`.
fn is_version(text: &str) -> bool {
    let digits = text.trim_start_matches(['^', '~', 'v']);
    digits.matches('.').count() == 2
        && digits.split('.').all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()))
}

/// A reference as a whole, or with no more beside it than what belongs to a name or a header.
fn is_reference(text: &str) -> bool {
    let is_enclosed = ENCLOSED.iter().any(|(open, close)| text.starts_with(open) && text.ends_with(close));
    let is_of_argocd = text.contains(':') && is_argocd_reference(text);
    let is_computed = text.starts_with("$("); // whatever is joined to it
    is_enclosed
        || is_of_argocd
        || is_computed
        || (REFERENCE.is_match(text) && REFERENCE.split(text).all(is_beside_reference))
}

fn is_beside_reference(piece: &str) -> bool {
    let is_joined = piece.starts_with(JOINTS) || piece.ends_with(JOINTS);
    let is_joined = is_joined && !piece.contains(char::is_whitespace);
    is_joined || is_mask(piece) || SCHEMES.contains(&piece.trim().to_ascii_lowercase().as_str())
}

/// A file, an address, or the name of something in a cloud. A secret in an address is found by its shape.
fn is_place(text: &str) -> bool {
    let is_path = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start)) && !text.contains(['+', '=']);
    let is_address =
        text.find("://").is_some_and(|end| text[..end].chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)));
    (is_path && !is_key_of_aws(text))
        || is_address
        || ["arn:", "vault:", "env:", "file:", "ref+"].iter().any(|start| text.starts_with(start))
}

fn is_key_of_aws(text: &str) -> bool {
    let has = |is: fn(&u8) -> bool| text.bytes().any(|byte| is(&byte));
    text.len() == KEY_OF_AWS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+".contains(&byte))
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn is_public_key(text: &str) -> bool {
    PUBLIC_KEYS.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_and_a_place_are_no_values() {
        for text in [
            "",
            "  ",
            "$oidc-secret:clientSecret",
            "$TOKEN",
            "$token",
            "${ENV}",
            "${{ secrets.TOKEN }}",
            "Bearer ${TOKEN}",
            "admin:${PASSWORD}",
            "${USER}:${PASSWORD}",
            "{{ .Release.Name }}-token",
            "$(PASSWORD)",
            "$(openssl rand -base64 24)Aa1",
            "$1",
            "{{ .password }}",
            "{{ if .a }}a{{ else }}b{{ end }}",
            "<path:secret/data/x#password>",
            "<your password>",
            "ENC[AES256_GCM,data:abc,type:str]",
            "true",
            "None",
            "***",
            "?*",
            "xxxxxxxx",
            "/var/run/secrets/token",
            "https://login.example.org/token",
            "arn:aws:kms:eu-west-1:111122223333:key/x",
            "vault:secret/data/x#y",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@example.org",
            "dangerously-allow-unauthenticated",
        ] {
            assert!(!is_usable(text), "{text}");
        }
        assert!(is_argocd_reference("$dex.github.clientSecret") && !is_argocd_reference("$two words"));
    }

    #[test]
    fn all_else_is_a_value() {
        for text in [
            "hunter2",
            "changeme",
            "p4$$word",
            "$2a$10$abc",
            "/Ab+c=",
            "/aB3dEfGhIjKlMnOpQrStUvWxYz0123456789/AB",
            "two words",
            "$ 5",
            "0",
            "$ecretP4ssw0rd",
            "hunter2 ${X}",
            "hunter2${X}",
            "a{{b",
        ] {
            assert!(is_usable(text), "{text}");
        }
    }

    #[test]
    fn a_name_and_its_value_tell_together() {
        assert!(!is_secret("tokens", "4096") && !is_secret("idTokens", "24h") && !is_secret("idTokens", "1h30m"));
        assert!(!is_secret("authKey", "auth") && !is_secret("Add id-token", "write permission"));
        assert!(is_secret("tokens", "planted") && is_secret("password", "4096"));
    }
}
