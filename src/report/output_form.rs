//! The forms of an answer that `--output` names.

use super::{Failure, Outcome};

/// One form of an answer. Each verb has some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputForm {
    /// For a person.
    Table,
    /// Everything, for programs.
    Json,
    /// The same as YAML.
    Yaml,
    /// The names alone, one a line.
    Name,
    /// For a pull request.
    Markdown,
    /// Workflow commands, of which GitHub makes annotations.
    GitHub,
    /// A report of code quality, which GitLab shows beside the change.
    GitLab,
    /// The Static Analysis Results Interchange Format, 2.1.0.
    Sarif,
}

impl OutputForm {
    /// The form that `--output` names, of those that a verb has; the first of them without one.
    pub fn of(output: Option<&str>, has: &[Self]) -> Outcome<Self> {
        let Some(output) = output else { return Ok(has.first().copied().unwrap_or(Self::Table)) };
        has.iter().copied().find(|form| form.word() == output).ok_or_else(|| {
            let words: Vec<&str> = has.iter().map(|form| form.word()).collect();
            Failure::usage(format!("there is no form `{output}` of the answer"))
                .hint(format!("`--output` takes {}", words.join(", ")))
        })
    }

    /// Its word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Name => "name",
            Self::Markdown => "markdown",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Sarif => "sarif",
        }
    }
}
