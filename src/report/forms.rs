//! The forms in which a secret tends to come back: as it is, line by line, quoted by JSON, YAML and Go, in a URL, and
//! in base64, also in the middle of a longer text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

/// Shorter values would mask half of the text and protect nothing.
pub(super) const SHORTEST: usize = 4;
/// A shorter line of wrapped base64 is a word that could stand anywhere.
const SHORTEST_WRAPPED: usize = 16;
/// Base64 of base64 is how a Secret holds a password of a registry. A longer secret is a file, and is not held like that.
const LONGEST_NESTED: usize = 4096;
/// Where programs break long base64: PEM, MIME.
const COLUMNS: [usize; 2] = [64, 76];
/// What is left alone in a URL: by everybody, and also by those who write a path or a form.
const UNRESERVED: [&str; 2] = ["-._~", "-._~!$&'()*+,;=:@"];

/// Lines of every kubeconfig and key. They are no secret, and would mask words everywhere.
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

/// One form of a secret.
pub(super) struct Form {
    /// What is looked for.
    pub text: Zeroizing<String>,
    /// Whether the characters of base64 before and after it hold bits of the secret, too.
    pub frayed: (bool, bool),
}

impl Form {
    fn plain(text: String) -> Self {
        Self { text: Zeroizing::new(text), frayed: (false, false) }
    }
}

/// Hands over every form of a secret as it is made, some of them twice: together they would be many times as large.
pub(super) fn each_form(secret: &[u8], take: &mut impl FnMut(Form)) {
    let text = Zeroizing::new(String::from_utf8_lossy(secret).into_owned());
    let trimmed = text.trim_end_matches(['\r', '\n']);
    let is_nested = secret.len() <= LONGEST_NESTED;
    if secret.len() >= SHORTEST {
        each_base64(secret, is_nested, take);
    }
    for piece in pieces(&text, trimmed) {
        each_form_of_piece(piece, is_nested, take);
    }
}

/// The whole, the whole without its line end, and each line.
fn pieces<'a>(text: &'a str, trimmed: &'a str) -> BTreeSet<&'a str> {
    let lines = trimmed.lines().map(str::trim).filter(|line| !is_boilerplate(line));
    [text, trimmed].into_iter().chain(lines).filter(|piece| piece.len() >= SHORTEST).collect()
}

fn is_boilerplate(line: &str) -> bool {
    BOILERPLATE.contains(&line) || (line.starts_with("-----") && line.ends_with("-----"))
}

fn each_form_of_piece(plain: &str, is_nested: bool, take: &mut impl FnMut(Form)) {
    take(Form::plain(plain.to_owned()));
    take(Form::plain(plain.replace('\'', "''"))); // YAML, single quotes
    take(Form::plain(inside_quotes(&format!("{plain:?}")))); // Rust's debug form
    for safe in UNRESERVED {
        let upper = Zeroizing::new(url_encoded(plain, safe));
        let plus = Zeroizing::new(upper.replace("%20", "+"));
        take(Form::plain(lower_percent(&upper)));
        take(Form::plain(lower_percent(&plus)));
        take(Form::plain(plus.to_string()));
        take(Form::plain(upper.to_string()));
    }
    let quoted = Zeroizing::new(vec![json(plain), go_json(plain)]);
    let texts: BTreeSet<&str> = quoted.iter().map(String::as_str).chain([plain]).collect();
    for text in texts {
        take(Form::plain(json(text)));
        take(Form::plain(go_json(text)));
        take(Form::plain(text.to_owned()));
        each_base64(text.as_bytes(), is_nested, take);
    }
}

/// Base64 of the bytes and of a text with them inside; and, where that is asked for, that once more, as a Secret holds
/// the password of a registry.
fn each_base64(bytes: &[u8], is_nested: bool, take: &mut impl FnMut(Form)) {
    for core in cores(bytes) {
        if is_nested {
            cores(core.text.as_bytes()).into_iter().for_each(&mut *take);
        }
        take(core);
    }
    let whole = Zeroizing::new(STANDARD.encode(bytes));
    for line in COLUMNS.iter().flat_map(|width| whole.as_bytes().chunks(*width)) {
        if line.len() >= SHORTEST_WRAPPED && line.len() < whole.len() {
            take(Form::plain(String::from_utf8_lossy(line).into_owned()));
        }
    }
}

/// The part of the encoded text that does not depend on what stands around the bytes, behind 0, 1 or 2 others.
fn cores(bytes: &[u8]) -> Vec<Form> {
    let mut found = Vec::with_capacity(6);
    for before in 0..3 {
        let mut padded = Zeroizing::new(vec![0; before]);
        padded.extend_from_slice(bytes);
        let bits = padded.len() * 8;
        for alphabet in [&STANDARD, &URL_SAFE] {
            let encoded = Zeroizing::new(alphabet.encode(&*padded));
            let text = Zeroizing::new(encoded[(before * 8).div_ceil(6)..bits / 6].to_owned());
            found.push(Form { text, frayed: (before > 0, !bits.is_multiple_of(6)) });
        }
    }
    found
}

fn json(text: &str) -> String {
    inside_quotes(&serde_json::Value::from(text).to_string())
}

/// As Go writes JSON by default: fit for HTML.
fn go_json(text: &str) -> String {
    json(text).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// Only the quotes around it go: the text may end with one of its own.
fn inside_quotes(quoted: &str) -> String {
    quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(quoted).to_owned()
}

fn url_encoded(text: &str, safe: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The same with `%2f` for `%2F`.
fn lower_percent(encoded: &str) -> String {
    let mut digits = 0_u8;
    let mut out = String::with_capacity(encoded.len());
    for c in encoded.chars() {
        out.push(if digits > 0 { c.to_ascii_lowercase() } else { c });
        digits = if c == '%' { 2 } else { digits.saturating_sub(1) };
    }
    out
}
