//! Redaction, for any secret in any form anywhere in any text.

use std::time::{Duration, Instant};

use backstack::report::Secrets;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn knowing(secret: &str) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.remember(secret.as_bytes());
    secrets
}

fn percent(text: &str, upper: bool) -> String {
    let hex = |byte: u8| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    char::from(byte).into()
                } else {
                    hex(byte)
                }
            },
        )
        .collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

/// The ways in which a value is written by those who print it.
pub fn written(secret: &str) -> Vec<String> {
    let mut all = vec![
        secret.to_owned(),
        percent(secret, true),
        percent(secret, false),
        percent(secret, true).replace("%20", "+"),
        percent(secret, false).replace("%20", "+"),
        json(secret),
        json(&json(secret)),
        json(secret).replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e"),
    ];
    all.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|alphabet| alphabet.encode(secret)));
    all
}

/// Printable, without the character of the mask.
const SECRET: &str = "[ -)+-~é]{6,60}";

proptest! {
    #[test]
    fn a_secret_is_gone_in_every_form(secret in SECRET, before in "\\PC{0,20}", after in "\\PC{0,20}") {
        let secrets = knowing(&secret);
        for form in written(&secret) {
            let shown = secrets.redact(&format!("{before}{form}{after}"));
            prop_assert!(shown.contains("*******"), "{form} in {shown}");
            prop_assert!(!shown.contains(&form), "{form} in {shown}");
        }
    }

    #[test]
    fn each_line_of_a_secret_is_gone(lines in prop::collection::vec("[!-)+-~]{6,40}", 1..6), end in "\r?\n?") {
        let secrets = knowing(&(lines.join("\n") + &end));
        for form in lines.iter().flat_map(|line| written(line)) {
            let shown = secrets.redact(&format!("at {form} of it"));
            prop_assert!(!shown.contains(&form), "{form} in {shown}");
        }
    }

    /// As in a `Basic` header, or in the Secret with the passwords of registries.
    #[test]
    fn a_secret_inside_of_longer_base64_is_gone(secret in SECRET, before in "[a-z:]{0,9}", after in "[a-z:]{0,9}") {
        let secrets = knowing(&secret);
        for alphabet in [STANDARD, URL_SAFE_NO_PAD] {
            let inner = alphabet.encode(format!("{before}{secret}{after}"));
            for text in [inner.clone(), STANDARD.encode(format!("{{\"auth\":\"{inner}\"}}"))] {
                let shown = secrets.redact(&text);
                prop_assert!(shown.contains("*******"), "{text} is shown as {shown}");
                // What is still there can be decoded, and must not hold the secret's middle.
                for rest in shown.split("*******") {
                    prop_assert!(rest.len() <= (before.len() + after.len() + 18) * 2, "{text} is shown as {shown}");
                }
            }
        }
    }

    #[test]
    fn a_text_without_secrets_is_unchanged(secret in "[0-9]{4,30}", text in "[^0-9A-Za-z%]{0,200}") {
        prop_assert_eq!(knowing(&secret).redact(&text), text);
    }
}

#[test]
fn a_long_line_and_many_secrets_are_quick() {
    let mut secrets = Secrets::default();
    for number in 0..50 {
        let line = format!("{number:04}-{}", "a secret line of some length; ".repeat(2));
        secrets.remember([line.as_str(); 10].join("\n").as_bytes());
    }
    let line = "{\"kind\":\"Secret\",\"data\":{\"a\":\"c2VjcmV0\"}} 0042-a ".repeat(22_000);
    assert!(line.len() > 1 << 20);
    let started = Instant::now();
    let shown = secrets.redact(&line);
    let took = started.elapsed();
    assert_eq!(shown, line, "no whole secret is in it");
    println!("1 MB and 50 secrets of 10 lines: {took:?}"); // 0.13 s when built for release, on two busy cores
    assert!(took < Duration::from_secs(20), "{took:?}");
}
