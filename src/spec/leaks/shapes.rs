//! Secrets that show what they are, wherever they stand: tokens of well-known services, keys, hashes, logins in addresses.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use regex::Regex;

use super::values::is_usable;
use crate::spec::address;

/// What each of these is, and how it is written. The forms are those that the services document for scanners.
const TOKENS: [(&str, &str); 22] = [
    ("a token of GitHub", r"\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("a token of GitLab", r"\bgl(?:pat|rt|ptt|dt|cbt|ft|soat|agent|imt|oas)-[A-Za-z0-9_.-]{16,}"),
    ("a token of Slack", r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,})"),
    ("a webhook of Slack", r"\bhooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{16,}"),
    ("an access key of AWS", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("an API key of Google", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("a token of Google", r"\bya29\.[A-Za-z0-9_-]{20,}"),
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\r|\\n)*[A-Za-z0-9+/=]{4,}"),
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    ("a token of npm", r"\bnpm_[A-Za-z0-9]{30,}"),
    ("a token of PyPI", r"\bpypi-[A-Za-z0-9_-]{30,}"),
    ("a token of Docker Hub", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("a token of Vault", r"\bhv[bsr]\.[A-Za-z0-9_-]{20,}"),
    ("a key of Stripe", r"\b(?:[sr]k_live_|whsec_)[A-Za-z0-9]{16,}"),
    ("a key of Azure", r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}={0,2}"),
    ("a key of age", r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    ("a key of SendGrid", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a token of Grafana", r"\bglsa_[A-Za-z0-9_]{20,}"),
    ("a token of Hugging Face", r"\bhf_[A-Za-z0-9]{30,}"),
    ("a token of DigitalOcean", r"\bdo[opr]_v1_[a-f0-9]{40,}"),
    ("a key of a language model's service", r"\bsk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20,}"),
    // Whoever has it can try passwords against it for as long as he likes.
    (
        "the hash of a password",
        r"\$(?:2[abxy]\$[0-9]{2}\$[A-Za-z0-9./]{53}|(?:apr1|1|5|6|y)\$[A-Za-z0-9./=,$]{20,}|argon2(?:id|i|d)\$[A-Za-z0-9./=,$+]{20,})",
    ),
];
/// The beginning of a PEM file in base64.
const PEM_IN_BASE64: &str = "LS0tLS1CRUdJTi";

static TOKEN: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| TOKENS.iter().map(|(kind, form)| (*kind, expression(form))).collect());
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| expression(r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s"'`<>]+"#));
static IN_A_CONNECTION: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?:^|[?&;\s])(?i-u:password|passwd|pwd)\s*=\s*["']?([^&;\s"']+)"#));
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    let login = r"(?i-u:bearer|basic)\s+([A-Za-z0-9+/=._~-]{12,})";
    expression(&format!(r#"^{login}$|(?i-u:authorization)["']?\s*[:=]\s*["']?{login}"#))
});

/// What kind of secret is in a text, and which part of it that is.
#[must_use]
pub fn known(text: &str) -> Option<(&'static str, &str)> {
    let tokens = TOKEN.iter().filter_map(|(kind, form)| Some((*kind, form.find(text)?.as_str())));
    // The keys of AWS's own manual end so.
    let token = tokens.into_iter().find(|(_, token)| !token.ends_with("EXAMPLE"));
    token.or_else(|| login(text)).or_else(|| key_in_base64(text)).or_else(|| header(text))
}

/// The password in a text such as `Server=db;Password=…` or `--set password=…`.
#[must_use]
pub fn in_a_connection(text: &str) -> Option<&str> {
    let found = IN_A_CONNECTION.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str()));
    found.into_iter().find(|value| is_usable(value))
}

/// A user and password in base64, as Docker keeps them under `auth`.
#[must_use]
pub fn is_login_in_base64(text: &str) -> bool {
    let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.is_some_and(|login| {
        login.split_once(':').is_some_and(|(user, password)| {
            !user.is_empty() && is_usable(password) && login.chars().all(|c| !c.is_control())
        })
    })
}

/// What gives access in the addresses of a text. In the middle of a text a user alone is no more than a name.
fn login(text: &str) -> Option<(&'static str, &str)> {
    ADDRESS.find_iter(text).find_map(|found| {
        let address = found.as_str();
        let (kind, secret) = address::secret_in(address).filter(|(_, secret)| is_usable(secret))?;
        let is_whole = address.len() == text.trim().len();
        let is_word = secret.chars().all(|c| c.is_ascii_uppercase() || c == '_'); // `https://USER:PASSWORD@host`
        (is_whole || kind != address::USER).then_some((kind, secret)).filter(|_| !is_word)
    })
}

/// `Authorization: Bearer …`
fn header(text: &str) -> Option<(&'static str, &str)> {
    HEADER.captures(text).and_then(|found| Some(("a login", found.get(1).or_else(|| found.get(2))?.as_str())))
}

fn key_in_base64(text: &str) -> Option<(&'static str, &str)> {
    let start = text.find(PEM_IN_BASE64)?;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/".contains(c);
    let rest = &text[start..];
    let rest = &rest[..rest.find(|c| !is_base64(c)).unwrap_or(rest.len())];
    let head = STANDARD_NO_PAD.decode(&rest[..rest.len().min(64) / 4 * 4]).ok()?;
    String::from_utf8_lossy(&head).contains("PRIVATE KEY").then_some(("a private key", rest))
}

fn expression(form: &str) -> Regex {
    Regex::new(form).expect("written above, and compiled by the tests")
}
