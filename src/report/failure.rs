//! Why a verb did not do its work, and the exit code that says so.

use std::fmt;
use std::path::Path;

use super::count::counted;
use super::diagnostic::Diagnostic;

/// What stands before the cause, and before the remedy.
const ERROR: &str = "error: ";
const HINT: &str = "hint: ";

/// The exit codes of the program; part of its interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The work failed: an object, a server or a program said no. Exit code 1.
    Failed,
    /// The command line or a document is wrong; nothing was changed. Exit code 2.
    Usage,
    /// A guard refused; nothing was changed. Exit code 3.
    Refused,
    /// A deadline passed. Exit code 4.
    Deadline,
    /// What was compared differs, where that is asked for. Exit code 5.
    Differs,
    /// What was looked at is not ready, where that is asked for. Exit code 6.
    NotReady,
    /// A signal ended the run (its number is added to 128). Exit code 129, 130, 131 or 143.
    Interrupted(u8),
}

impl Exit {
    /// The number given to the caller of the program.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Deadline => 4,
            Self::Differs => 5,
            Self::NotReady => 6,
            Self::Interrupted(signal) => 128 + signal,
        }
    }
}

/// What every verb returns.
pub type Outcome<T> = Result<T, Failure>;

/// One short cause that names the object, what stands in the way, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class of the failure.
    pub exit: Exit,
    /// What could not be done, with the object's name, as a lowercase fragment.
    pub message: String,
    /// Further lines: the blocking objects, the refused items, the tail of a program's output.
    pub details: Vec<String>,
    /// Mistakes in documents, each with its place.
    pub diagnostics: Vec<Diagnostic>,
    /// What the reader can do about it, in one line.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of the given class.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), details: Vec::new(), diagnostics: Vec::new(), hint: None }
    }

    /// The work failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line or a document is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A guard refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// A deadline passed.
    pub fn deadline(message: impl Into<String>) -> Self {
        Self::new(Exit::Deadline, message)
    }

    /// All mistakes of one document.
    #[must_use]
    pub fn document(name: &str, diagnostics: Vec<Diagnostic>) -> Self {
        let mistakes = counted(diagnostics.len(), "mistake");
        Self { diagnostics, ..Self::usage(format!("{name} has {mistakes}; nothing was changed")) }
    }

    /// The same failure with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with further lines.
    #[must_use]
    pub fn details(mut self, details: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.details.extend(details.into_iter().map(Into::into));
        self
    }

    /// The same failure, said of a larger piece of work: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The same failure of another class.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The same failure, said by a verb that never changes anything.
    #[must_use]
    pub fn of_a_look(mut self) -> Self {
        self.message = self.message.replace("; nothing was changed", "");
        self
    }

    /// The same failure, with the files of this folder as they are found from here.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.diagnostics = self.diagnostics.into_iter().map(|it| it.in_folder(folder)).collect();
        self
    }

    /// Whether a failure begins with this line of another process of ours.
    #[must_use]
    pub fn begins_with(line: &str) -> bool {
        line.starts_with(ERROR)
    }

    /// What another process of ours has told of its failure, line by line: it renders as it was. `None` where it is none.
    #[must_use]
    pub fn told(exit: Exit, lines: &[String]) -> Option<Self> {
        let (last, before) = lines.split_last()?;
        let hint = last.strip_prefix(HINT);
        let told = if hint.is_some() { before } else { lines }.join("\n");
        let failure = Self::new(exit, told.strip_prefix(ERROR)?);
        Some(Self { hint: hint.map(str::to_owned), ..failure })
    }

    /// The failure as a person reads it, ending without a newline.
    #[must_use]
    pub fn render(&self) -> String {
        let mut lines: Vec<String> = self.diagnostics.iter().map(Diagnostic::render).collect();
        lines.push(match self.exit {
            Exit::Differs | Exit::NotReady => self.message.clone(), // an answer that was asked for
            _ => format!("{ERROR}{}", self.message),
        });
        lines.extend(self.details.iter().map(|line| format!("  {line}")));
        if let Some(hint) = &self.hint {
            lines.push(format!("{HINT}{hint}"));
        }
        lines.join("\n")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_has_told_is_told_again_as_it_was() {
        for failure in [
            Failure::refused("no").details(["one", "two"]).hint("say yes"),
            Failure::failed("broken"),
            Failure::usage("a line\n  and what was quoted").hint("mend it"),
        ] {
            let lines: Vec<String> = failure.render().lines().map(str::to_owned).collect();
            assert!(Failure::begins_with(&lines[0]));
            let again = Failure::told(failure.exit, &lines).expect("a failure");
            assert_eq!((again.exit, again.render()), (failure.exit, failure.render()));
        }
        assert_eq!(Failure::told(Exit::Failed, &[]), None);
        assert_eq!(Failure::told(Exit::Failed, &["hint: alone".to_owned()]), None);
    }
}
