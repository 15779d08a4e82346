//! A step as Porter encodes it for the mixin: as `yaml.v3` writes it with an indent of 2.
//!
//! Porter encodes Go maps, so keys are sorted. Only the styles that can occur are here: block mappings and
//! sequences, and the four styles of scalars.

use std::fmt::Write as _;

use serde_json::{Number, Value};

use super::keys;
use super::scalar::{Style, style_of};

/// The value as a document, ending with a newline.
#[must_use]
pub fn encode(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut text, value, 0, false),
        Value::Array(items) if !items.is_empty() => sequence(&mut text, items, 0),
        scalar => {
            write_scalar(&mut text, scalar, 0);
            text.push('\n');
        }
    }
    text
}

/// The entries of a mapping. In a sequence, the first one follows its dash on the same line.
fn mapping(text: &mut String, value: &Value, indent: usize, after_dash: bool) {
    let Some(map) = value.as_object() else { return };
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    keys::sort(&mut entries);
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if !(after_dash && index == 0) {
            pad(text, indent);
        }
        write_text(text, key, indent, true);
        text.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                text.push('\n');
                mapping(text, value, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                sequence(text, items, indent + 2);
            }
            scalar => {
                text.push(' ');
                write_scalar(text, scalar, indent + 2);
                text.push('\n');
            }
        }
    }
}

fn sequence(text: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        // A sequence in a sequence starts on the line of its own dash.
        if index > 0 || !text.ends_with("- ") {
            pad(text, indent);
        }
        text.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(text, item, indent + 2, true),
            Value::Array(inner) if !inner.is_empty() => sequence(text, inner, indent + 2),
            scalar => {
                write_scalar(text, scalar, indent + 2);
                text.push('\n');
            }
        }
    }
}

fn write_scalar(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(yes) => text.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number_as_go(number)),
        Value::String(string) => write_text(text, string, indent, false),
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
    }
}

fn write_text(text: &mut String, string: &str, indent: usize, is_key: bool) {
    match style_of(string, is_key) {
        Style::Plain => text.push_str(string),
        Style::SingleQuoted => {
            let _ = write!(text, "'{}'", string.replace('\'', "''"));
        }
        Style::DoubleQuoted => double_quoted(text, string),
        Style::Literal => literal(text, string, indent),
    }
}

fn literal(text: &mut String, string: &str, indent: usize) {
    text.push('|');
    if string.starts_with([' ', '\n']) {
        text.push('2');
    }
    if !string.ends_with('\n') {
        text.push('-');
    } else if string == "\n" || string.ends_with("\n\n") {
        text.push('+');
    }
    // yaml.v3 takes a leading break for the one that ends the line of the `|`.
    let body = string.strip_prefix('\n').unwrap_or(string);
    if body.is_empty() {
        return;
    }
    for line in body.strip_suffix('\n').unwrap_or(body).split('\n') {
        text.push('\n');
        if !line.is_empty() {
            pad(text, indent);
            text.push_str(line);
        }
    }
}

fn double_quoted(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        let escape = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            printable if super::scalar::is_printable(printable) => {
                text.push(printable);
                continue;
            }
            other => {
                let code = u32::from(other);
                let _ = match code {
                    0..=0xFF => write!(text, "\\x{code:02X}"),
                    0x100..=0xFFFF => write!(text, "\\u{code:04X}"),
                    _ => write!(text, "\\U{code:08X}"),
                };
                continue;
            }
        };
        text.push('\\');
        text.push(escape);
    }
    text.push('"');
}

/// Integers as they are; floats as Go's `%g` with the fewest digits: an exponent below 1e-4 and from 1e6 on.
fn number_as_go(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) => go_float(float),
        None => number.to_string(),
    }
}

pub(super) fn go_float(float: f64) -> String {
    let scientific = format!("{float:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&power) {
        return float.to_string();
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", power.abs())
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values, and what the real `yaml.v3` made of them.
    const VECTORS: &str = include_str!("../../tests/data/go-yaml.json");

    #[test]
    fn it_writes_what_yaml_v3_writes() {
        let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
        for vector in vectors {
            let encoded = encode(&vector["value"]);
            for (ours, theirs) in encoded.lines().zip(vector["yaml"].as_str().expect("text").lines()) {
                assert_eq!(ours, theirs);
            }
            assert_eq!(encoded, vector["yaml"].as_str().expect("text"));
        }
    }
}
