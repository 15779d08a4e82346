//! Secrets that have entered this process, and their removal from everything that leaves it.
//!
//! Porter masks the mixin's output per write and by exact match, and prints the stderr of a failed step once
//! more without any masking. So the program masks for itself, whole lines at a time, in every form of
//! [`forms`](super::forms).

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::forms::{Form, SHORTEST, each_form};

/// What stands in the place of a secret.
pub(super) const MASK: &str = "*******";

static KNOWN: LazyLock<Mutex<Secrets>> = LazyLock::new(Mutex::default);

/// Makes sure that `secret` is never printed from now on.
pub fn remember_secret(secret: impl AsRef<[u8]>) {
    known().remember(secret.as_ref());
}

/// Forgets all secrets and wipes their memory, when nothing will be printed any more.
pub fn forget_secrets() {
    *known() = Secrets::default();
}

/// The text with every known secret masked.
#[must_use]
pub fn redact(text: &str) -> String {
    known().redact(text)
}

fn known() -> MutexGuard<'static, Secrets> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Secrets in all their forms; wiped when dropped.
///
/// By their first bytes, the longest first: a text is walked through once, however many secrets there are.
#[derive(Default)]
pub struct Secrets(HashMap<[u8; SHORTEST], Vec<Form>>);

impl Secrets {
    /// Adds a secret. Very short ones are left out: they would mask half of every text.
    pub fn remember(&mut self, secret: &[u8]) {
        each_form(secret, &mut |form| {
            let Some(start) = form.text.as_bytes().first_chunk() else { return };
            let alike = self.0.entry(*start).or_default();
            if let Err(place) = alike.binary_search_by(|other| order(other, &form)) {
                alike.insert(place, form);
            }
        });
    }

    /// The text with every secret masked.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut shown = 0;
        for secret in self.places(text.as_bytes()) {
            out.push_str(&text[shown..secret.start]);
            out.push_str(MASK);
            shown = secret.end;
        }
        out + &text[shown..]
    }

    /// Where secrets stand. Those that overlap are one: the rest of the second would give it away.
    fn places(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        for at in 0..text.len() {
            let Some(alike) = text[at..].first_chunk().and_then(|start| self.0.get(start)) else { continue };
            let Some(form) = alike.iter().find(|form| text[at..].starts_with(form.text.as_bytes())) else { continue };
            let place = with_fringes(text, at, form);
            match places.last_mut() {
                Some(last) if place.start < last.end => {
                    *last = last.start.min(place.start)..last.end.max(place.end);
                }
                _ => places.push(place),
            }
        }
        places
    }
}

/// The longest first.
fn order(one: &Form, other: &Form) -> Ordering {
    let rank = |it: &Form| (Reverse(it.text.len()), Reverse(it.frayed));
    rank(one).cmp(&rank(other)).then_with(|| one.text.cmp(&other.text))
}

/// The place of a form, with the characters of base64 around it that hold bits of the secret, and the padding.
fn with_fringes(text: &[u8], at: usize, form: &Form) -> Range<usize> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let (before, after) = form.frayed;
    let start = at - usize::from(before && at > 0 && is_base64(&text[at - 1]));
    let mut end = at + form.text.len();
    if after {
        end += usize::from(text.get(end).is_some_and(is_base64));
        end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    }
    start..end
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn knowing(secret: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.remember(secret.as_bytes());
        secrets
    }

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let secrets = knowing("p@ss/w\"ord <number> one\nsecond-line-of-it\n");
        for leak in [
            "p@ss/w\"ord <number> one",
            "second-line-of-it",
            "p%40ss%2Fw%22ord%20%3Cnumber%3E%20one",
            "p%40ss%2fw%22ord+%3cnumber%3e+one",
            "p@ss%2Fw%22ord%20%3Cnumber%3E%20one",
            r#"p@ss/w\"ord <number> one"#,
            r#"p@ss/w\\\"ord \\u003cnumber\\u003e one"#,
            &STANDARD.encode("p@ss/w\"ord <number> one\nsecond-line-of-it\n"),
            &STANDARD.encode("second-line-of-it"),
        ] {
            assert_eq!(secrets.redact(&format!("before {leak} after")), format!("before {MASK} after"), "{leak}");
        }
    }

    #[test]
    fn a_secret_inside_of_longer_base64_is_masked_with_its_edges() {
        let secrets = knowing("hunter2hunter2");
        for (around, shown) in [("", "="), ("u:", ""), ("me:", "")] {
            let header = STANDARD.encode(format!("{around}hunter2hunter2"));
            let masked = secrets.redact(&format!("Basic {header}"));
            let rest = masked.strip_prefix("Basic ").expect("the word").replace(MASK, "");
            assert!(rest.len() <= around.len() * 8 / 6 + shown.len(), "{header} is shown as {masked}");
        }
        let registry = format!("{{\"auth\":\"{}\"}}", STANDARD.encode("u:hunter2hunter2"));
        let masked = secrets.redact(&STANDARD.encode(registry));
        assert!(masked.contains(MASK), "{masked}");
    }

    #[test]
    fn a_large_secret_takes_memory_in_proportion() {
        let line =
            |number: u64| format!("{:x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let lines = (0..2_000).map(line).collect::<Vec<_>>().join("\n");
        for secret in ["x1y2".repeat(1 << 14), lines] {
            let secrets = knowing(&secret);
            let held: usize = secrets.0.values().flatten().map(|form| form.text.len()).sum();
            assert!(held < 40 * secret.len(), "{held} bytes for {}", secret.len());
            assert_eq!(secrets.redact(&STANDARD.encode(&secret)), MASK);
        }
    }

    #[test]
    fn secrets_that_overlap_are_masked_as_one() {
        let mut secrets = knowing("abcdefgh");
        secrets.remember(b"efghijkl");
        assert_eq!(secrets.redact("<abcdefghijkl>"), format!("<{MASK}>"));
    }

    #[test]
    fn short_values_and_what_every_key_has_are_not_masked() {
        let secrets = knowing("-----BEGIN RSA KEY-----\n1\nx\n-----END RSA KEY-----\n");
        for text in ["11 of 12", "-----BEGIN RSA KEY-----", "MQ== eA=="] {
            assert_eq!(secrets.redact(text), text);
        }
    }
}
