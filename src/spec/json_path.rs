//! `JSONPath` as `kubectl` writes it, in terms of RFC 9535, which the library speaks.
//!
//! kubectl's form (Kubernetes documentation, "`JSONPath` Support") puts the path into braces, may leave out the `$`,
//! takes `-` and `/` in names, and lets a backslash escape a dot: `{.metadata.annotations.example\.org/x}`.

use jsonpath_rust::JsonPath as _;
use jsonpath_rust::parser::parse_json_path;
use serde_json::Value;

/// Every value at the path; none when nothing is there, or when the path is not valid.
#[must_use]
pub fn select<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    standard(path).and_then(|path| value.query(&path).ok()).unwrap_or_default()
}

/// Whether the path can be understood.
pub(super) fn is_valid(path: &str) -> bool {
    standard(path).is_some_and(|path| parse_json_path(&path).is_ok())
}

/// The path in the form of RFC 9535.
fn standard(path: &str) -> Option<String> {
    let trimmed = path.trim();
    let inside = match trimmed.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => trimmed,
    };
    let inside = inside.trim();
    let mut rest = inside.strip_prefix('$').unwrap_or(inside);
    if !rest.is_empty() && !rest.starts_with(['.', '[']) {
        return None;
    }
    let mut out = "$".to_owned();
    while !rest.is_empty() {
        if rest.starts_with('[') {
            let end = end_of_bracket(rest)?;
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let dots = rest.len() - rest.trim_start_matches('.').len();
        rest = &rest[dots..];
        match dots {
            1 => {}
            2 => out.push_str(".."),
            _ => return None, // names stand behind one dot or two
        }
        if rest.starts_with('[') {
            continue; // kubectl takes `.[0]`
        }
        let (name, behind) = name(rest);
        rest = behind;
        match name.as_str() {
            name if name.is_empty() || is_template_of_kubectl(name) => return None,
            "*" => out.push_str("[*]"),
            name => out.extend(["['", &name.replace('\\', "\\\\").replace('\'', "\\'"), "']"]),
        }
    }
    Some(out)
}

/// kubectl strings several paths and texts together, `{.a}{.b}` and `{.a} of {.b}`; a value has one path.
fn is_template_of_kubectl(name: &str) -> bool {
    name.contains(['{', '}'])
}

/// The name at the start of a text, unescaped, and what is behind it.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '.' | '[' => return (name, &text[at..]),
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            other => name.push(other),
        }
    }
    (name, "")
}

/// The length of `[…]` at the start of a text; brackets in quotes do not count.
fn end_of_bracket(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (character, quote) {
            ('\\', Some(_)) => _ = characters.next(),
            (character, Some(open)) => quote = (character != open).then_some(open),
            ('\'' | '"', None) => quote = Some(character),
            ('[', None) => depth += 1,
            (']', None) => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kubectls_forms_are_understood() {
        let object = json!({
            "data": {"tls.crt": "A", "ca-key": "B"},
            "metadata": {"annotations": {"example.org/x": "C"}, "labels": {"it's": "D"}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False"}]},
            "items": [{"n": 1}, {"n": 2}],
        });
        for (path, found) in [
            ("{.data['tls.crt']}", json!(["A"])),
            ("{.data.tls\\.crt}", json!(["A"])),
            (".data.ca-key", json!(["B"])),
            ("$.data.ca-key", json!(["B"])),
            ("{.metadata.annotations.example\\.org/x}", json!(["C"])),
            ("{.metadata.labels.it's}", json!(["D"])),
            ("{.status.conditions[?(@.type==\"Ready\")].status}", json!(["True"])),
            ("{.status.conditions[?(@.type=='Synced')].status}", json!(["False"])),
            ("{.items[*].n}", json!([1, 2])),
            ("{.items[-1].n}", json!([2])),
            ("{.items[0:1].n}", json!([1])),
            ("{..n}", json!([1, 2])),
            ("{.items.*.n}", json!([1, 2])),
            ("{.status.nothing}", json!([])),
        ] {
            assert!(is_valid(path), "{path}");
            assert_eq!(json!(select(&object, path)), found, "{path}");
        }
        assert_eq!(select(&object, "{}").len(), 1, "the object itself");
    }

    #[test]
    fn what_is_no_path_is_told() {
        for path in [
            "data",
            "{.a",
            "{.a[}",
            "{.a[?(]}",
            "{...a}",
            "{.a.}",
            "{.items[x]}",
            "{range .items}",
            "{.a}{.b}",
            "{.a} of {.b}",
            "{$$.a}",
        ] {
            assert!(!is_valid(path), "{path}");
            assert!(select(&json!({"a": 1}), path).is_empty(), "{path}");
        }
    }
}
