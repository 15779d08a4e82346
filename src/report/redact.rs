//! Secrets that have entered this process, and their removal from everything that leaves it.
//!
//! Porter masks the mixin's output per write and by exact match, and prints the stderr of a failed step once
//! more without any masking. So the program masks for itself, whole lines at a time, in every form in which a
//! secret tends to come back: as it is, line by line, base64, URL-encoded, JSON-escaped.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// What stands in the place of a secret.
const MASK: &str = "*******";

/// Shorter values would mask half of the text and protect nothing.
const SHORTEST: usize = 4;

/// Lines of every kubeconfig. They are no secret, and would mask words everywhere.
const BOILERPLATE: &[&str] = &[
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    "contexts:",
    "- context:",
    "cluster:",
    "user:",
    "users:",
    "kind: Config",
    "preferences: {}",
    "- name: default",
    "name: default",
    "current-context: default",
    "cluster: default",
    "user: default",
];

static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Makes sure that `secret` is never printed from now on.
pub fn remember_secret(secret: &str) {
    let mut known = SECRETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for form in forms(secret) {
        if form.len() >= SHORTEST && !known.contains(&form) {
            known.push(form);
        }
    }
    // The longest first, so that a form is not broken up by a shorter one inside it.
    known.sort_by_key(|form| std::cmp::Reverse(form.len()));
}

/// The text with every known secret masked.
#[must_use]
pub fn redact(text: &str) -> String {
    let known = SECRETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
}

fn forms(secret: &str) -> Vec<String> {
    let trimmed = secret.trim_end_matches(['\r', '\n']);
    let lines = trimmed.lines().map(str::trim).filter(|line| !BOILERPLATE.contains(line));
    let pieces = [secret, trimmed].into_iter().chain(lines);
    pieces.flat_map(forms_of_piece).collect()
}

fn forms_of_piece(plain: &str) -> Vec<String> {
    let base64 = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|alphabet| alphabet.encode(plain));
    let json = serde_json::Value::from(plain).to_string();
    let mut forms = Vec::from(base64);
    forms.extend([plain.to_owned(), json.trim_matches('"').to_owned(), url_encoded(plain)]);
    forms
}

fn url_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        remember_secret("p@ss/w\"ord number one\nsecond-line-of-it\n");
        for leak in [
            "p@ss/w\"ord number one",
            "second-line-of-it",
            "p%40ss%2Fw%22ord%20number%20one",
            "p@ss/w\\\"ord number one",
            &STANDARD.encode("p@ss/w\"ord number one\nsecond-line-of-it\n"),
        ] {
            let shown = redact(&format!("before {leak} after"));
            assert_eq!(shown, format!("before {MASK} after"), "{leak}");
        }
    }

    #[test]
    fn short_values_are_not_masked() {
        remember_secret("1");
        assert_eq!(redact("11 of 12"), "11 of 12");
    }
}
