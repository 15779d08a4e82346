//! What a scalar is, by the rules of its reader.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::events::Scalar;
use super::number::{self, Float};
use super::plain::Plain;
use super::{Data, Reader, core, go};

/// The value of a scalar. The error is what is wrong with it.
pub(super) fn resolve(reader: Reader, scalar: &Scalar<'_>) -> Result<Data, String> {
    let text = &scalar.text;
    Ok(match understood(reader, scalar)? {
        Plain::Null => Data::Null,
        Plain::Bool(value) => Data::Bool(value),
        Plain::Integer(value) => Data::Number(value.into()),
        Plain::Unsigned(value) => Data::Number(value.into()),
        Plain::Float(value) => Data::Number(
            number::of(value)
                .ok_or_else(|| format!("`{text}` is a number that JSON does not have; in quotes it is a text"))?,
        ),
        Plain::Time(time) if reader == Reader::Porter => Data::Text(time),
        Plain::Text if scalar.tag.as_deref() == Some("binary") => Data::Text(decoded(text)?),
        Plain::Time(_) | Plain::Text => Data::Text(text.to_string()),
    })
}

/// The text of a key. Porter's mappings have keys of text, so they are taken as they are written; elsewhere a key is
/// first what it would be as a value.
pub(super) fn key(reader: Reader, scalar: &Scalar<'_>) -> Result<String, String> {
    let float = match reader {
        Reader::Backstage => Float::JavaScript,
        Reader::Kubernetes | Reader::Porter => Float::Go,
    };
    let text = &scalar.text;
    match understood(reader, scalar)? {
        Plain::Null => Err("the key is null, and a key is a text".to_owned()),
        Plain::Text if scalar.tag.as_deref() == Some("binary") => decoded(text),
        _ if reader == Reader::Porter => Ok(text.to_string()),
        Plain::Bool(value) => Ok(value.to_string()),
        Plain::Integer(value) => Ok(value.to_string()),
        Plain::Unsigned(_) => Err(format!("the key `{text}` is a number that is too large for Go's reader")),
        Plain::Float(value) => Ok(float.text(value)),
        Plain::Time(_) | Plain::Text => Ok(text.to_string()),
    }
}

/// Whether a tag of YAML makes something of a value, for Backstage, that JSON does not have.
pub(super) fn is_no_json(tag: &str) -> bool {
    ["binary", "timestamp", "set", "omap", "pairs", "merge"].contains(&tag)
}

fn understood(reader: Reader, scalar: &Scalar<'_>) -> Result<Plain, String> {
    let Scalar { text, is_plain, tag, .. } = scalar;
    if reader == Reader::Backstage {
        return match tag.as_deref() {
            Some(tag) if is_no_json(tag) => Err(format!("`!!{tag}` is nothing that JSON has")),
            Some(tag @ ("null" | "bool" | "int" | "float")) => Ok(core::tagged(tag, text)),
            None if *is_plain => Ok(core::plain(text)),
            _ => Ok(Plain::Text),
        };
    }
    let wanted = match tag.as_deref() {
        None if !is_plain => return Ok(Plain::Text),
        // `!` is no tag for go-yaml v3, and one like any other for v2
        Some("!") if reader == Reader::Porter && *is_plain => None,
        None => None,
        Some(tag @ ("null" | "bool" | "int" | "float" | "timestamp")) => Some(tag),
        Some(_) => return Ok(Plain::Text),
    };
    match (wanted, go::plain(reader, text)) {
        (None, found) => Ok(found),
        (Some("float"), Plain::Integer(value)) => Ok(Plain::Float(number::float(value))),
        (Some(tag), found) if tag == found.tag() => Ok(found),
        (Some(tag), _) => Err(format!("`{text}` is not what its tag `!!{tag}` says")),
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let packed: String = text.chars().filter(|it| !matches!(it, '\r' | '\n')).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| "what is tagged `!!binary` is not base64".to_owned())?;
    String::from_utf8(bytes).map_err(|_| "what is tagged `!!binary` holds bytes that are no text".to_owned())
}
