//! Secrets that show what they are, wherever they stand: tokens of well-known services, keys, hashes, logins in addresses.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use regex::Regex;

use super::leak::What;
use super::values::is_usable;
use crate::schema::address;

/// What each of these is, and how it is written. The forms are those that the services document for scanners.
const TOKENS: [(&str, &str); 24] = [
    ("a token of GitHub", r"\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("a token of GitLab", r"\bgl(?:pat|rt|ptt|dt|cbt|ft|soat|agent|imt|oas)-[A-Za-z0-9_.-]{16,}"),
    ("a token of Slack", r"\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,})"),
    (
        "a webhook of Slack",
        r"\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9/]{8,}",
    ),
    ("a webhook of Discord", r"\bdiscord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/[A-Za-z0-9_-]{20,}"),
    (
        "a webhook of Microsoft Teams",
        r"\b[a-z0-9-]+\.webhook\.office\.com/webhookb2/[A-Za-z0-9@-]+/IncomingWebhook/[A-Za-z0-9]{16,}(?:/[A-Za-z0-9-]+)*",
    ),
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

/// A private key up to its end, or all that is there of it.
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    let name = "(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----";
    expression(&format!("(?s)-----BEGIN {name}(.*?)(?:-----END {name}|$)"))
});
/// The beginning of a PEM file in base64, with the lines behind it that hold nothing else.
static WRAPPED_PEM: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(r"(?m){PEM_IN_BASE64}[A-Za-z0-9+/]*(?:\r?\n[A-Za-z0-9+/]{{4,}}={{0,2}}\r?$)*"))
});

static TOKEN: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| TOKENS.iter().map(|(kind, form)| (*kind, expression(form))).collect());
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| expression(r#"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^\s"'`<>]+"#));
/// `me:…@proxy.example.org:3128` and `me:…@r.example.org/app:1`. Without a port or a path behind the host it may be the name of
/// somebody: `oidc:me@example.org`.
static LOGIN_ALONE: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"^[A-Za-z0-9._%+-]+:\S+@(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5}(?:/\S*)?|/\S*)$")
});
static IN_A_CONNECTION: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?:^|[?&;\s])(?i-u:password|passwd|pwd)\s*=\s*["']?([^&;\s"']+)"#));
/// `app:…@tcp(db:3306)/app` of Go's driver for `MySQL`, also without a protocol.
static OF_MYSQL: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?:^|[\s"'=])[A-Za-z0-9_.-]+:([^\s"']+)@(?:tcp|tcp6|unix)?\([^)\s]*\)/"#));
/// `//npm.example.org/:_authToken=…` of an `.npmrc`.
static OF_NPM: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"(?m)(?:^|:)_(?:authToken|auth|password)\s*=\s*["']?([^\s"']+)"#));
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    let login = r"\s+([A-Za-z0-9+/=._~-]{12,})";
    expression(&format!(
        r#"^(?i-u:bearer|basic){login}$|(?i-u:authorization)["']?\s*[:=]\s*["']?(?i-u:bearer|basic|token){login}"#
    ))
});
static LOGIN_OF_HEADER: LazyLock<Regex> =
    LazyLock::new(|| expression(r"^(?i-u:bearer|basic|token|apikey)\s+(\S{4,})$"));

/// The secrets in a text, with what each is.
pub fn known(text: &str) -> impl Iterator<Item = (What, &str)> {
    let tokens = TOKEN.iter().flat_map(|(kind, form)| {
        form.find_iter(text).map(|found| found.as_str()).filter(|it| !is_example(it)).map(|it| (*kind, it))
    });
    let headers = HEADER.captures_iter(text).filter_map(|it| Some(it.get(1).or_else(|| it.get(2))?.as_str()));
    let others = tokens
        .chain(key_in_base64(text).map(|it| ("a private key", it)))
        .chain(headers.map(|it| ("a login", it)))
        .chain(usable(&OF_NPM, text).map(|it| ("a login of npm", it)))
        .chain(usable(&OF_MYSQL, text).map(|it| ("a password", it)));
    others.map(|(kind, secret)| (What::Shaped(kind), secret)).chain(logins(text))
}

/// The keys of AWS's own manual end so, and a token that stands for one is all the same letter.
fn is_example(token: &str) -> bool {
    let last = token.chars().last().unwrap_or_default();
    token.ends_with("EXAMPLE") || token.chars().rev().take(12).all(|c| c == last)
}

/// What a form has in its first group.
fn usable<'t>(form: &'static Regex, text: &'t str) -> impl Iterator<Item = &'t str> {
    let found = form.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str()));
    found.filter(|value| is_usable(value))
}

/// What stands in the private keys of a text, of which none may be shown.
pub fn private_keys(text: &str) -> impl Iterator<Item = &str> {
    let plain = PRIVATE_KEY.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str()));
    let wrapped = WRAPPED_PEM.find_iter(text).map(|found| found.as_str());
    plain.chain(wrapped.filter(|it| key_in_base64(it).is_some()))
}

/// The passwords in a text such as `Server=db;Password=…` or `--set password=…`.
pub fn in_a_connection(text: &str) -> impl Iterator<Item = (What, &str)> {
    usable(&IN_A_CONNECTION, text).map(|secret| (What::Shaped("a password"), secret))
}

/// What logs in, in the value of a header `Authorization`.
#[must_use]
pub fn login_of_header(text: &str) -> Option<&str> {
    usable(&LOGIN_OF_HEADER, text.trim()).next()
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
fn logins(text: &str) -> impl Iterator<Item = (What, &str)> {
    let alone = Some(text.trim()).filter(|it| !it.contains("//") && LOGIN_ALONE.is_match(it));
    ADDRESS.find_iter(text).map(|found| found.as_str()).chain(alone).flat_map(move |found| {
        let is_whole = found.len() == text.trim().len();
        let is_word = |secret: &str| secret.chars().all(|c| c.is_ascii_uppercase() || c == '_'); // `https://USER:PASSWORD@host`
        let secrets = address::all_in(found).filter(|(_, secret)| is_usable(secret));
        let secrets = secrets.filter(move |(kind, secret)| !is_word(secret) && (is_whole || *kind != address::USER));
        secrets.map(|(kind, secret)| (What::InAddress(kind), secret))
    })
}

fn key_in_base64(text: &str) -> Option<&str> {
    let start = text.find(PEM_IN_BASE64)?;
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/".contains(c);
    let rest = &text[start..];
    let rest = &rest[..rest.find(|c| !is_base64(c)).unwrap_or(rest.len())];
    let head = STANDARD_NO_PAD.decode(&rest[..rest.len().min(64) / 4 * 4]).ok()?;
    String::from_utf8_lossy(&head).contains("PRIVATE KEY").then_some(rest)
}

fn expression(form: &str) -> Regex {
    Regex::new(form).expect("written above, and compiled by the tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_needs_no_scheme_before_it() {
        for (text, secret) in [
            ("bot:hunter-2@proxy.example.org:3128", Some("hunter-2")),
            ("bot:hunter-2@r.example.org/a:1", Some("hunter-2")),
            ("bot:hunter-2@[::1]:80/a", Some("hunter-2")),
            ("bot:${PASSWORD}@proxy.example.org:3128", None),
            ("name:1.2@sha256:0123456789abcdef", None),
            ("name:1.2@sha256:0123", None),
            ("r.example.org/name:1.2@sha256:0123", None),
            ("r.example.org:5000/name:1.2", None),
            ("oidc:me@example.org", None),
            ("serviceAccount:a@b.iam.gserviceaccount.com", None),
            ("mailto:me@example.org", None),
            ("npm:react@18.0.0", None),
            ("git@example.org:a/b", None),
            ("ask bot:hunter-2@r.example.org/a", None),
        ] {
            assert_eq!(known(text).map(|(_, secret)| secret).next(), secret, "{text}");
        }
    }
}
