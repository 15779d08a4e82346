//! Plain scalars as go-yaml resolves them (`resolve.go` of v2 and v3, which differ in a few words).

use super::core::{is_all_digits, unsigned};
use super::plain::Plain;
use super::{Reader, timestamp};

/// What a plain scalar is.
pub(super) fn plain(reader: Reader, text: &str) -> Plain {
    match text.as_bytes().first() {
        None => Plain::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(reader, text),
        Some(b'.' | b'+' | b'-' | b'0'..=b'9') => number(text),
        Some(_) => Plain::Text,
    }
}

fn word(reader: Reader, text: &str) -> Plain {
    match text {
        "~" | "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ if reader == Reader::Porter => Plain::Text,
        _ => old_bool(text).map_or(Plain::Text, Plain::Bool),
    }
}

/// The booleans that YAML 1.2 has no more. go-yaml v2 takes them anywhere, v3 where a boolean is wanted.
pub fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Plain {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Plain::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if text.starts_with('.') {
        return float(&between_digits(text)).map_or(Plain::Text, Plain::Float);
    }
    if let Some(time) = timestamp::normal(text) {
        return Plain::Time(time);
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits).map(Plain::Float)).unwrap_or(Plain::Text)
}

/// Without the underscores that `strconv.ParseFloat` takes: one between two digits. Everywhere else all are taken out.
fn between_digits(text: &str) -> String {
    let is_digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let is_kept =
        |(at, character): &(usize, char)| *character != '_' || !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1));
    text.char_indices().filter(is_kept).map(|(_, character)| character).collect()
}

/// `strconv.ParseInt` with any base, then `strconv.ParseUint`.
fn integer(text: &str) -> Option<Plain> {
    let body = unsigned(text);
    let (digits, radix) = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&body[2..], 16),
        [b'0', b'b' | b'B', ..] => (&body[2..], 2),
        [b'0', b'o' | b'O', ..] => (&body[2..], 8),
        [b'0', _, ..] => (&body[1..], 8),
        _ => (body, 10),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if text.starts_with('-') { -value } else { value };
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Some(Plain::Integer(value)),
        (_, Ok(value)) if body == text => Some(Plain::Unsigned(value)),
        _ => None,
    }
}

/// What `yamlStyleFloat` matches and `strconv.ParseFloat` takes: one that is too large is a text.
fn float(text: &str) -> Option<f64> {
    let body = unsigned(text);
    let (mantissa, exponent) = body.split_once(['e', 'E']).map_or((body, None), |(m, e)| (m, Some(unsigned(e))));
    let is_number = match mantissa.split_once('.') {
        Some(("", fraction)) => is_all_digits(fraction),
        Some((whole, fraction)) => is_all_digits(whole) && (fraction.is_empty() || is_all_digits(fraction)),
        None => is_all_digits(mantissa),
    };
    let is_float = is_number && exponent.is_none_or(is_all_digits);
    text.parse().ok().filter(|value: &f64| is_float && value.is_finite())
}
