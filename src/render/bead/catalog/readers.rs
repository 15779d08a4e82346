//! What Go's reader takes otherwise than Backstage: whoever writes manifests expects the one, and gets the other. Pure.

use serde_json::Value;

use super::form::Mistakes;
use crate::report::Diagnostic;
use crate::schema::plain;
use crate::yaml::{self, Data, Document, Node, Reader};

/// The longest word that the readers differ about.
const LONGEST: usize = 40;

/// What is to be said of the words in an entity that mean something else in a manifest.
pub fn otherwise(document: &Document) -> Vec<Diagnostic> {
    let mut all = Mistakes::of(&document.source);
    look(&document.root, "", document, &mut all);
    all.warnings
}

fn look(node: &Node, path: &str, document: &Document, all: &mut Mistakes) {
    match &node.data {
        Data::List(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| look(item, &format!("{path}[{index}]"), document, all));
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
                if key.text == "<<" {
                    let warning =
                        Diagnostic::warning(&path, "`<<` merges nothing to Backstage: it is a key like any other");
                    all.warn(key.place, warning.hint("write out what is meant"));
                }
                look(value, &path, document, all);
            }
        }
        _ => {
            let written = node.written(&document.source);
            if let Some(meant) = to_go(written).filter(|it| *it != plain(node)) {
                let message =
                    format!("`{written}` is {} to Backstage, and {} in a manifest", told(&plain(node)), told(&meant));
                all.warn(
                    node.place,
                    Diagnostic::warning(path, message).hint("write it so that all read it alike, or in quotes"),
                );
            }
        }
    }
}

/// What a word without quotes is to Go's reader; `None` of everything else.
fn to_go(written: &str) -> Option<Value> {
    let is_word = written.len() <= LONGEST && written.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
    let read = is_word.then(|| yaml::parse("", written, Reader::Kubernetes).ok())??;
    Some(plain(&read.root))
}

fn told(value: &Value) -> String {
    match value {
        Value::String(_) => "a text".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let document = yaml::parse("a.yaml", text, Reader::Backstage).unwrap_or_else(|mistake| panic!("{mistake}"));
        otherwise(&document).into_iter().map(|it| it.message).collect()
    }

    #[test]
    fn what_a_manifest_would_mean_otherwise_is_told() {
        for (text, told) in [
            ("a: 0755", "`0755` is the number 755 to Backstage, and the number 493 in a manifest"),
            ("a: [on]", "`on` is a text to Backstage, and true in a manifest"),
            ("a: 1_000", "`1_000` is a text to Backstage, and the number 1000 in a manifest"),
            ("a: {<<: {b: c}}", "`<<` merges nothing to Backstage: it is a key like any other"),
        ] {
            assert_eq!(said(text), [told]);
        }
        for text in [
            "a: 755",
            "a: 'on'",
            "a: \"0755\"",
            "a: true",
            "a: ~",
            "a:",
            "a: 1.10",
            "a: text",
            "a: |\n  on\n",
            "a: 2024-01-01",
        ] {
            assert_eq!(said(text), [""; 0], "{text}");
        }
    }
}
