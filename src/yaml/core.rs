//! Plain scalars of YAML 1.2's core schema, as `yaml` of npm reads them (its `schema/core`).

use super::plain::Plain;

/// What a plain scalar is.
pub(super) fn plain(text: &str) -> Plain {
    ["null", "bool", "int", "float"]
        .iter()
        .map(|tag| tagged(tag, text))
        .find(|it| *it != Plain::Text)
        .unwrap_or(Plain::Text)
}

/// What a scalar of a tag is; a text where it does not look like one of that tag.
pub(super) fn tagged(tag: &str, text: &str) -> Plain {
    let found = match tag {
        "null" => ["", "~", "null", "Null", "NULL"].contains(&text).then_some(Plain::Null),
        "bool" => match text {
            "true" | "True" | "TRUE" => Some(Plain::Bool(true)),
            "false" | "False" | "FALSE" => Some(Plain::Bool(false)),
            _ => None,
        },
        "int" => integer(text),
        "float" => float(text),
        _ => None,
    };
    found.unwrap_or(Plain::Text)
}

/// JavaScript has one kind of numbers: large integers lose their last digits.
fn integer(text: &str) -> Option<Plain> {
    let radix = |digits: &str, radix: u32| {
        let value =
            digits.chars().try_fold(0.0, |value, it| Some(value * f64::from(radix) + f64::from(it.to_digit(radix)?)));
        value.filter(|_| !digits.is_empty())
    };
    let value = match (text.strip_prefix("0o"), text.strip_prefix("0x")) {
        (Some(octal), _) => radix(octal, 8)?,
        (_, Some(hex)) => radix(hex, 16)?,
        _ => is_all_digits(unsigned(text)).then(|| text.parse::<f64>().ok())??,
    };
    Some(Plain::Float(value))
}

fn float(text: &str) -> Option<Plain> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(Plain::Float(f64::NAN)),
        _ if [".inf", ".Inf", ".INF"].contains(&unsigned(text)) => {
            return Some(Plain::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        _ => {}
    }
    let (mantissa, exponent) = match unsigned(text).split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (unsigned(text), None),
    };
    let is_number = match mantissa.split_once('.') {
        Some(("", fraction)) => is_all_digits(fraction),
        Some((whole, fraction)) => is_all_digits(whole) && (fraction.is_empty() || is_all_digits(fraction)),
        None => is_all_digits(mantissa) && exponent.is_some(),
    };
    let is_float = is_number && exponent.is_none_or(is_all_digits);
    is_float.then(|| text.parse().ok().map(Plain::Float))?
}

/// Without its sign.
pub(super) fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

pub(super) fn is_all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
