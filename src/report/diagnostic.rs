//! One mistake in a document: what is wrong, where, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::redact::redact;

/// A text that people wrote, and the name under which they know it (`hub.yaml`, `stdin`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name shown in messages.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The place of these bytes.
    #[must_use]
    pub fn place(&self, at: Range<usize>) -> Place {
        let before = self.text.get(..at.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place { line, column, start: at.start, end: at.end }
    }

    /// The same text with the line masked from a place on: what stands there is not shown, and all places stay as they are.
    #[must_use]
    pub fn covered(&self, from: Place) -> Arc<Self> {
        let Some((before, line)) = self.text.split_at_checked(from.start) else { return Arc::new(self.clone()) };
        let (line, after) = line.split_at(line.find('\n').unwrap_or(line.len()));
        Arc::new(Self { name: self.name.clone(), text: format!("{before}{}{after}", "*".repeat(line.len())) })
    }
}

/// A place in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset behind the last byte.
    pub end: usize,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is done until this is mended.
    Error,
    /// Worth knowing; the work goes on.
    Warning,
}

/// One mistake, with its place in the source where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, as a lowercase fragment that names the field.
    pub message: String,
    /// The dotted path of the value (`spec.components[0].chart`), empty at the root.
    pub path: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// What would be right.
    pub hint: Option<String>,
    /// The text that [`Diagnostic::place`] points into.
    pub source: Option<Arc<Source>>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            path: path.into(),
            place: None,
            hint: None,
            source: None,
        }
    }

    /// Something worth knowing, without a place.
    pub fn warning(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    /// The same mistake, at a place of a source.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, place: Place) -> Self {
        self.source = Some(Arc::clone(source));
        self.place = Some(place);
        self
    }

    /// The same mistake, with what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same mistake in a file of this folder, which is named as it is found from here.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.source = self.source.map(|source| match Path::new(&source.name) {
            name if folder == Path::new(".") || name.starts_with(folder) => source,
            name => Arc::new(Source { name: folder.join(name).display().to_string(), text: source.text.clone() }),
        });
        self
    }

    /// The mistake as rustc would show it: message, source line, caret, hint.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_as(None)
    }

    /// The same, with the code of the rule that found it.
    #[must_use]
    pub fn render_as(&self, code: Option<&str>) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message.as_str());
        let title = match code {
            Some(code) => title.id(code),
            None => title,
        };
        let mut groups: Vec<Group<'_>> = Vec::new();
        match (&self.source, self.place) {
            (Some(source), Some(place)) => {
                let (text, span) = without_secrets(&source.text, place);
                let snippet = Snippet::source(text)
                    .path(source.name.as_str())
                    .annotation(AnnotationKind::Primary.span(span).label(self.path.as_str()));
                groups.push(title.element(snippet));
            }
            _ => groups.push(Group::with_title(title)),
        }
        let mut text = Renderer::plain().render(&groups);
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        text
    }
}

/// The text and the place in it, masked before a long line is cut: half a secret is not known again.
fn without_secrets(text: &str, place: Place) -> (String, Range<usize>) {
    let whole = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let start = whole(place.start);
    let end = whole(place.end).max(start);
    let [before, inside, after] = [&text[..start], &text[start..end], &text[end..]].map(redact);
    let span = before.len()..before.len() + inside.len();
    (before + &inside + &after, span)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(source), Some(place)) = (&self.source, self.place) {
            write!(f, "{}:{}:{}: ", source.name, place.line, place.column)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " (hint: {hint})")?;
        }
        Ok(())
    }
}
