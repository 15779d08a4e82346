//! The answer of `lint`, as Porter parses it (`Result` in Porter's `pkg/linter/linter.go`).

use serde::{Serialize, Serializer};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LintResult {
    /// How bad it is.
    pub level: Level,
    /// The step it is about; findings about the whole bundle have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What kind of finding it is: `backstack-102`.
    pub code: String,
    /// The finding in at most 80 characters.
    pub title: &'static str,
    /// The finding in full.
    pub message: String,
    /// The page that explains it.
    #[serde(rename = "URL")]
    pub url: String,
}

/// How bad a finding is. Porter knows two numbers, and takes a missing one for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `porter build` fails. Number 0.
    Error,
    /// `porter build` goes on. Number 2.
    Warning,
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            Self::Error => 0,
            Self::Warning => 2,
        })
    }
}

/// A step of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Location {
    /// The action.
    pub action: String,
    /// The mixin; Porter shows no location without it.
    pub mixin: &'static str,
    /// The number of the step among the steps of this mixin, from 1. Porter does not tell the others.
    pub step_number: usize,
    /// The description of the step.
    pub step_description: String,
}
