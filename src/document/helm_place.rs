//! A place in Helm values, in the notation of `helm --set` (Helm `pkg/strvals`): keys with dots between them, `\` before a
//! character that is the key's own, and `[0]` for an item of a list. A key that is a number is an item, too, where there is
//! no mapping.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

/// A segment of the way to a value.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    /// The value of a key.
    Key(String),
    /// The item of a list.
    Item(usize),
}

/// The value at a place, `null` where nothing is yet. Makes the way to it.
pub fn value_at<'v>(values: &'v mut Value, place: &str) -> Result<&'v mut Value, String> {
    let mut at = values;
    for segment in segments(place).ok_or_else(|| no_place(place))? {
        if at.is_null() {
            *at = if segment.item().is_some() { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        at = match (at, segment) {
            (Value::Object(fields), Segment::Key(key)) => fields.entry(key).or_insert(Value::Null),
            (Value::Object(_), Segment::Item(index)) => {
                return Err(format!("`{place}`: `[{index}]` is asked of a mapping, which has no items"));
            }
            (Value::Array(items), segment) => {
                let index = segment.item().filter(|index| *index <= items.len());
                let index =
                    index.ok_or_else(|| format!("`{place}`: the list has no item {segment}, nor is it the next"))?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                &mut items[index]
            }
            _ => return Err(format!("`{place}` is below a value that is neither a mapping nor a list")),
        };
    }
    Ok(at)
}

fn no_place(place: &str) -> String {
    let in_templates = place.trim_start_matches('.').strip_prefix("Values.");
    let meant = in_templates.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    format!(r"`{place}` is no place in the values, such as `image.tag`, `list[0].image` or `a.key\.with\.dots`{meant}")
}

impl Segment {
    fn item(&self) -> Option<usize> {
        match self {
            Self::Key(key) => key.parse().ok(),
            Self::Item(index) => Some(*index),
        }
    }
}

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => write!(f, "`{key}`"),
            Self::Item(index) => write!(f, "`[{index}]`"),
        }
    }
}

/// The segments of a place; `None` where it is none. What means something else to `--set`, or begins a place in other notations,
/// has a `\` before it where it is a key's own.
fn segments(place: &str) -> Option<Vec<Segment>> {
    if place.starts_with(['$', '/']) || place.starts_with("Values.") {
        return None;
    }
    let (mut segments, mut rest) = (Vec::new(), place.chars().peekable());
    loop {
        segments.push(Segment::Key(key(&mut rest)?));
        while rest.next_if_eq(&'[').is_some() {
            let digits: String = std::iter::from_fn(|| rest.next_if(char::is_ascii_digit)).collect();
            rest.next_if_eq(&']')?;
            segments.push(Segment::Item(digits.parse().ok()?));
        }
        match rest.next() {
            None => return Some(segments),
            Some('.') => {}
            Some(_) => return None,
        }
    }
}

fn key(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut key = String::new();
    while let Some(next) = rest.next_if(|next| !['.', '['].contains(next)) {
        match next {
            '\\' => key.push(rest.next()?),
            ']' | '{' | '}' | '=' | ',' | '"' | '\'' => return None,
            _ if next.is_whitespace() => return None,
            _ => key.push(next),
        }
    }
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(mut values: Value, place: &str) -> Result<Value, String> {
        value_at(&mut values, place).map(|at| *at = json!("x"))?;
        Ok(values)
    }

    #[test]
    fn a_place_is_what_helm_makes_of_it() {
        for (there, place, values) in [
            (json!({}), "image.tag", json!({"image": {"tag": "x"}})),
            (json!({}), "sidecars[0].image", json!({"sidecars": [{"image": "x"}]})),
            (
                json!({"sidecars": [{"name": "a"}]}),
                "sidecars[0].image",
                json!({"sidecars": [{"name": "a", "image": "x"}]}),
            ),
            (json!({"sidecars": ["a"]}), "sidecars[1]", json!({"sidecars": ["a", "x"]})),
            (json!({}), "grid[0][0].a", json!({"grid": [[{"a": "x"}]]})),
            (
                json!({}),
                r"podAnnotations.sidecar\.istio\.io/proxyImage",
                json!({"podAnnotations": {"sidecar.istio.io/proxyImage": "x"}}),
            ),
            (json!({}), r"a\[0\].b\\c", json!({"a[0]": {r"b\c": "x"}})),
            (json!({}), "packages.0", json!({"packages": ["x"]})),
            (json!({"by": {"0": null}}), "by.0", json!({"by": {"0": "x"}})),
        ] {
            assert_eq!(set(there, place), Ok(values), "{place}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for place in [
            "",
            ".",
            "a..b",
            "a.",
            ".a",
            "a[",
            "a[]",
            "a[x]",
            "a[0",
            "a[-1]",
            "a[0]b",
            "a]",
            "[0]",
            "a.[0]",
            "a\\",
            "a b",
            "a=b",
            "a,b",
            "a['b']",
            "$.a",
            "/a/b",
            "{{ .Values.a }}",
        ] {
            let said = set(json!({}), place).expect_err(place);
            assert!(said.starts_with(&format!("`{place}` is no place in the values")), "{said}");
        }
        for place in ["Values.image.tag", ".Values.image.tag"] {
            let said = set(json!({}), place).expect_err(place);
            assert!(said.ends_with("did you mean `image.tag`?"), "{said}");
        }
        for (there, place, words) in [
            (json!({"a": "text"}), "a.b", "below a value that is neither"),
            (json!({"a": []}), "a[1]", "no item `[1]`, nor is it the next"),
            (json!({"a": []}), "a.b", "no item `b`"),
            (json!({"a": {}}), "a[0]", "asked of a mapping"),
        ] {
            let said = set(there, place).expect_err(place);
            assert!(said.contains(words), "{said}");
        }
    }
}
