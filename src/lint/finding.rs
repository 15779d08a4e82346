//! A finding, and the two forms in which it is told.

use super::rule::Rule;
use crate::porter::{Level, LintResult, Location};
use crate::report::{Diagnostic, Severity};

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The step it is about; findings about the whole bundle have none.
    pub location: Option<Location>,
    /// What is wrong, where, and what would be right.
    pub mistake: Diagnostic,
}

impl Finding {
    pub(super) fn new(rule: Rule, mistake: Diagnostic) -> Self {
        let severity = match rule.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        };
        Self { rule, location: None, mistake: Diagnostic { severity, ..mistake } }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { mistake: self.mistake.hint(hint), ..self }
    }

    /// As Porter parses it.
    #[must_use]
    pub fn result(&self) -> LintResult {
        LintResult {
            level: self.rule.level,
            location: self.location.clone(),
            code: self.rule.code(),
            title: self.rule.title,
            message: self.message(),
            url: self.rule.url(),
        }
    }

    /// File, line and column, dotted path, message and hint. Without the first three when the text is the one that
    /// Porter sends, which the author did not write.
    fn message(&self) -> String {
        let mistake = &self.mistake;
        let told = Diagnostic { place: None, source: None, ..mistake.clone() }.to_string();
        let path = if mistake.message.contains(&mistake.path) { String::new() } else { format!(" {}:", mistake.path) };
        match (&mistake.source, mistake.place) {
            (Some(source), Some(place)) if source.name != "stdin" => {
                format!("{}:{}:{}:{path} {told}", source.name, place.line, place.column)
            }
            _ => told,
        }
    }
}
