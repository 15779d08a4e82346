//! What the program says of itself, a line of JSON at a time (`-json`, ui version 1).

use serde::Deserialize;

/// What a line says; what is not known is nothing to us.
#[derive(Debug)]
pub(super) enum Event {
    /// A warning or an error.
    Problem(Diagnostic),
    /// It begins with a resource.
    Started(Hook),
    /// It is done with a resource.
    Done(Hook),
    /// It has failed with a resource; the problem comes by itself.
    Failed(Hook),
    /// What a command of the module's author has printed.
    Output(Hook),
    /// How many resources were changed, by an apply.
    Applied(Counts),
}

/// A warning or an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Diagnostic {
    pub severity: String,
    pub summary: String,
    #[serde(default)]
    pub detail: String,
    pub address: Option<String>,
    pub range: Option<Range>,
}

/// Where in the module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Range {
    pub filename: String,
    pub start: Start,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Start {
    pub line: u64,
}

/// A resource, and what is done with it.
#[derive(Debug, Deserialize)]
pub(super) struct Hook {
    pub resource: Resource,
    #[serde(default)]
    pub action: String,
    #[serde(default)]
    pub elapsed_seconds: u64,
    #[serde(default)]
    pub output: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub addr: String,
}

/// How many resources were changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Counts {
    pub add: u64,
    pub change: u64,
    pub remove: u64,
    #[serde(default)]
    pub operation: Operation,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Operation {
    Plan,
    Apply,
    Destroy,
    #[default]
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type", default)]
    kind: String,
    diagnostic: Option<Diagnostic>,
    hook: Option<Hook>,
    changes: Option<Counts>,
}

/// What a line says; nothing where it is of no use to us, or no such line.
pub(super) fn read(line: &[u8]) -> Option<Event> {
    let Line { kind, diagnostic, hook, changes } = serde_json::from_slice(line).ok()?;
    match kind.as_str() {
        "diagnostic" => diagnostic.map(Event::Problem),
        "refresh_start" | "apply_start" => hook.map(Event::Started),
        "refresh_complete" | "apply_complete" => hook.map(Event::Done),
        "apply_errored" => hook.map(Event::Failed),
        "provision_progress" => hook.map(Event::Output),
        "change_summary" => changes.filter(|it| it.operation != Operation::Plan).map(Event::Applied),
        _ => None,
    }
}

impl Diagnostic {
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Of what it is said: a resource, or a place in the module.
    pub fn subject(&self) -> Option<String> {
        let place = || self.range.as_ref().map(|it| format!("{} line {}", it.filename, it.start.line));
        self.address.clone().or_else(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_skipped() {
        for line in [
            r#"{"@level":"info","@message":"Initializing the backend..."}"#,
            r#"{"type":"planet","hook":3}"#,
            r#"{"type":"change_summary","changes":{"add":1,"change":0,"remove":0,"operation":"plan"}}"#,
            r#"{"type":"version","tofu":"1.12.6","ui":"1.2"}"#,
            "panic: runtime error",
        ] {
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn a_problem_has_its_subject() {
        let line = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"No value for required variable",
            "range":{"filename":"main.tf","start":{"line":6,"column":1,"byte":78}}}}"#;
        let Some(Event::Problem(problem)) = read(line.as_bytes()) else { panic!("no problem") };
        assert_eq!((problem.is_error(), problem.subject()), (true, Some("main.tf line 6".to_owned())));
    }
}
