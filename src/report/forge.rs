//! Mistakes in the forms that programs read: our own JSON, GitHub's annotations, GitLab's report of code quality, SARIF.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::diagnostic::{Diagnostic, Severity};

/// A mistake, and the rule that found it.
#[derive(Debug, Clone)]
pub struct Ruled<'a> {
    /// The code of the rule: `backstack-104`.
    pub code: String,
    /// The rule in one sentence; empty where the code is that of a whole verb.
    pub title: &'static str,
    /// The page that explains the rule; empty without one.
    pub url: String,
    /// What it found.
    pub mistake: &'a Diagnostic,
}

/// Where a mistake stands, as far as it is known.
struct Whereabouts<'a> {
    file: &'a str,
    /// Line and column, counted from 1, of the first character and of the one behind the last.
    span: Option<[(usize, usize); 2]>,
}

/// A mistake in our own form. What is not known is left out.
#[must_use]
pub fn as_json(mistake: &Diagnostic) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| _ = fields.insert(name.to_owned(), value);
    put("severity", word(mistake).into());
    put("message", mistake.message.as_str().into());
    if !mistake.path.is_empty() {
        put("field", mistake.path.as_str().into());
    }
    if let Some(at) = whereabouts(mistake) {
        put("file", at.file.into());
        if let Some([(line, column), (end_line, end_column)]) = at.span {
            put("line", line.into());
            put("column", column.into());
            put("endLine", end_line.into());
            put("endColumn", end_column.into());
        }
    }
    if let Some(hint) = &mistake.hint {
        put("hint", hint.as_str().into());
    }
    fields
}

/// A workflow command of GitHub, a line (its documentation, "Workflow commands").
#[must_use]
pub fn as_annotation(it: &Ruled<'_>) -> String {
    let text = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |value: &str| text(value).replace(':', "%3A").replace(',', "%2C");
    let mut properties = Vec::new();
    if let Some(at) = whereabouts(it.mistake) {
        properties.push(format!("file={}", property(at.file)));
        if let Some([(line, column), (end_line, _)]) = at.span {
            properties.push(format!("line={line},endLine={end_line},col={column}"));
        }
    }
    properties.push(format!("title={}", property(&it.code)));
    format!("::{} {}::{}\n", word(it.mistake), properties.join(","), text(&with_hint(it.mistake)))
}

/// An issue of Code Climate's form (GitLab's documentation, "Code quality report format").
#[must_use]
pub fn as_issue(it: &Ruled<'_>) -> Value {
    let at = whereabouts(it.mistake);
    let path = at.as_ref().map_or(".", |at| at.file);
    let line = at.as_ref().and_then(|at| at.span).map_or(1, |[(line, _), _]| line);
    json!({
        "check_name": it.code,
        "description": with_hint(it.mistake),
        "fingerprint": fingerprint(it),
        "severity": if it.mistake.severity == Severity::Error { "major" } else { "minor" },
        "location": {"path": path, "lines": {"begin": line}},
    })
}

/// All of them as one run in the Static Analysis Results Interchange Format 2.1.0.
#[must_use]
pub fn as_sarif(all: &[Ruled<'_>]) -> Value {
    let mut rules: Vec<&Ruled<'_>> = Vec::new();
    for it in all {
        if !rules.iter().any(|known| known.code == it.code) {
            rules.push(it);
        }
    }
    let rule = |it: &&Ruled<'_>| json!({"id": it.code, "shortDescription": {"text": it.title}, "helpUri": it.url});
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(rule).collect::<Value>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": all.iter().map(result).collect::<Value>(),
        }],
    })
}

fn result(it: &Ruled<'_>) -> Value {
    let mut result = json!({
        "ruleId": it.code,
        "level": word(it.mistake),
        "message": {"text": with_hint(it.mistake)},
        "partialFingerprints": {"backstack/v1": fingerprint(it)},
    });
    if let Some(at) = whereabouts(it.mistake) {
        let mut place = json!({"artifactLocation": {"uri": uri(at.file)}});
        if let Some([(line, column), (end_line, end_column)]) = at.span {
            place["region"] =
                json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
        }
        result["locations"] = json!([{"physicalLocation": place}]);
    }
    result
}

/// Without blanks at its end, which a mapping reaches over.
fn whereabouts(mistake: &Diagnostic) -> Option<Whereabouts<'_>> {
    let source = mistake.source.as_deref()?;
    let span = mistake.place.map(|place| {
        let inside = source.text.get(place.start..place.end).unwrap_or_default();
        let end = place.start + inside.trim_end().len();
        let behind = source.place(end..end);
        [(place.line, place.column), (behind.line, behind.column)]
    });
    Some(Whereabouts { file: &source.name, span })
}

/// The same for the same mistake wherever its lines have moved.
fn fingerprint(it: &Ruled<'_>) -> String {
    let file = it.mistake.source.as_ref().map_or(".", |source| source.name.as_str());
    let digest = Sha256::digest(format!("{}:{file}:{}:{}", it.code, it.mistake.path, it.mistake.message));
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A path as a reference: relative to where the verb was called, or on this machine.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encoded: String =
        path.bytes().map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") }).collect();
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

fn word(mistake: &Diagnostic) -> &'static str {
    if mistake.severity == Severity::Error { "error" } else { "warning" }
}

fn with_hint(it: &Diagnostic) -> String {
    match &it.hint {
        Some(hint) => format!("{} (hint: {hint})", it.message),
        None => it.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::Source;

    /// A mapping of two lines, found by some rule.
    fn told<T>(name: &str, tell: impl Fn(&Ruled<'_>) -> T) -> T {
        let source = Arc::new(Source { name: name.to_owned(), text: "a:\n  é: 1\n  c: 2\n\nd: 3\n".to_owned() });
        let place = source.place(5..19);
        let mistake = Diagnostic::warning("a", "100% wrong,\nall: of it").at(&source, place).hint("mend it");
        tell(&Ruled {
            code: "x-1".to_owned(),
            title: "X",
            url: "https://x.example.org/#x-1".to_owned(),
            mistake: &mistake,
        })
    }

    #[test]
    fn a_mapping_ends_with_its_last_line() {
        let json = Value::Object(told("a b.yaml", |it| as_json(it.mistake)));
        let wanted = json!({
            "severity": "warning", "message": "100% wrong,\nall: of it", "field": "a", "hint": "mend it",
            "file": "a b.yaml", "line": 2, "column": 3, "endLine": 3, "endColumn": 7,
        });
        assert_eq!(json, wanted);
    }

    #[test]
    fn what_ends_an_annotation_is_written_otherwise() {
        let wanted =
            "::warning file=a%2C%3Ab,line=2,endLine=3,col=3,title=x-1::100%25 wrong,%0Aall: of it (hint: mend it)\n";
        assert_eq!(told("a,:b", as_annotation), wanted);
    }

    #[test]
    fn a_path_becomes_a_reference() {
        let uri = |name: &str| {
            let run = told(name, |it| as_sarif(std::slice::from_ref(it)));
            run.pointer("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri").cloned()
        };
        assert_eq!(uri("a b/c.yaml"), Some("a%20b/c.yaml".into()));
        assert_eq!(uri("/a/é"), Some("file:///a/%C3%A9".into()));
    }

    #[test]
    fn a_mistake_without_a_place_is_one_all_the_same() {
        let mistake = Diagnostic::error("", "gone");
        let it = Ruled { code: "x-1".to_owned(), title: "X", url: String::new(), mistake: &mistake };
        assert_eq!(Value::Object(as_json(&mistake)), json!({"severity": "error", "message": "gone"}));
        assert_eq!(as_annotation(&it), "::error title=x-1::gone\n");
        assert_eq!(as_issue(&it)["location"], json!({"path": ".", "lines": {"begin": 1}}));
        assert_eq!(as_sarif(&[it])["runs"][0]["results"][0].get("locations"), None);
    }
}
