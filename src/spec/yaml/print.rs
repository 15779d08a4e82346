//! YAML that every reader takes for the same values.

use serde::Serialize;

/// Prints a value as YAML, keys in the order in which they are given.
#[expect(clippy::missing_panics_doc, reason = "what is given to it has string keys only, which YAML can always hold")]
pub fn print<T: Serialize>(value: &T) -> String {
    let options = serde_saphyr::ser_options! { compact_list_indent: true };
    serde_saphyr::to_string_with_options(value, options)
        .expect("JSON values and our own documents are printable as YAML")
}
