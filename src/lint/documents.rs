//! The Hub and Bead documents that steps name, also by templates whose values are known.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::finding::Finding;
use super::rule::{BROKEN_DOCUMENT, MISSING_FILE, Rule, UNUSED_MARK};
use super::template::{Rendered, every_value};
use crate::bead::BeadFiles;
use crate::bundle::text_in;
use crate::document::{Bead, Hub, read_bead, read_hub};
use crate::report::{Diagnostic, Failure};
use crate::run::with_hooks;
use crate::schema::is_template;
use crate::yaml::{self, Data, Document, Reader};

/// The actions that need every file, parameter and secret.
pub(super) const MAKING: [&str; 2] = ["install", "upgrade"];

/// What a document is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A hub.
    Hub,
    /// A bead.
    Bead,
}

/// A file that a step names, told of at the first step that names it.
pub(super) struct NamedDocument<'a> {
    pub at: StepAt<'a>,
    pub noun: Noun,
    pub file: String,
    with: Vec<(String, String)>,
    /// Whether a step that installs or upgrades names it, whatever the parameters are.
    is_needed: bool,
}

/// A document without mistakes.
pub(super) struct GoodDocument {
    pub content: Content,
    pub text: Document,
    /// The folder with its lock and assets.
    pub folder: PathBuf,
    /// What is in the folder of a bead, where all of it but downloads could be read.
    pub files: Option<BeadFiles>,
}

/// What is in a document.
pub(super) enum Content {
    Hub(Box<Hub>),
    Bead(Box<Bead>),
}

impl Noun {
    pub(super) const ALL: [Self; 2] = [Self::Hub, Self::Bead];

    /// The key of the step.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Bead => "bead",
        }
    }

    /// The name of the document when the step does not say.
    fn default_file(self) -> &'static str {
        match self {
            Self::Hub => "hub.yaml",
            Self::Bead => "bead.yaml",
        }
    }

    /// The file of a step as it is written; `None` for other steps, and where the whole noun is a template.
    pub(super) fn file_of<'a>(self, at: &StepAt<'a>) -> Option<&'a str> {
        let step = at.at(&format!("/{}", self.key())).and_then(Value::as_object)?;
        match step.get("file") {
            None | Some(Value::Null) => Some(self.default_file()),
            Some(file) => file.as_str(),
        }
    }
}

/// Every file that steps name, each once.
pub(super) fn documents<'a>(bundle: &'a Bundle<'_>) -> Vec<NamedDocument<'a>> {
    let mut documents: Vec<NamedDocument<'_>> = Vec::new();
    for (at, noun) in bundle.steps().into_iter().flat_map(|at| Noun::ALL.map(|noun| (at, noun))) {
        let files = noun.file_of(&at).and_then(|file| every_value(file, bundle.header())).unwrap_or_default();
        for Rendered { text, with } in files {
            let file = if text.is_empty() { noun.default_file().to_owned() } else { text };
            let is_needed = with.is_empty() && MAKING.contains(&at.action);
            match documents.iter_mut().find(|known| known.file == file && known.noun == noun) {
                Some(known) => known.is_needed |= is_needed,
                None if Path::new(&file).is_absolute() => {}
                None => documents.push(NamedDocument { at, noun, file, with, is_needed }),
            }
        }
    }
    documents
}

/// Whether every step names its file without a template.
pub(super) fn are_plain(bundle: &Bundle<'_>) -> bool {
    bundle
        .steps()
        .into_iter()
        .flat_map(|at| Noun::ALL.map(|noun| (at, noun)))
        .all(|(at, noun)| !at.step.has(noun.key()) || noun.file_of(&at).is_some_and(|file| !is_template(file)))
}

impl GoodDocument {
    /// The bead that it is of.
    pub fn bead(&self) -> Option<&Bead> {
        if let Content::Bead(bead) = &self.content { Some(bead) } else { None }
    }

    /// Marks of the document that excuse nothing.
    pub fn unused_marks(&self, unused: &[String]) -> Vec<Finding> {
        let marks = self.text.root.nearest("spec.notSecret");
        let place = |mark: &str| match &marks.data {
            Data::List(items) => items.iter().find(|item| matches!(&item.data, Data::Text(text) if text == mark)),
            _ => None,
        };
        let finding = |mark: &String| {
            let place = place(mark).unwrap_or(marks).place;
            let message = format!("`{mark}` is marked as no secret, and nothing there looks like one");
            let mistake = Diagnostic::error("spec.notSecret", message).at(&self.text.source, place);
            Finding::new(UNUSED_MARK, mistake).hint("take it out, so that it excuses nothing that comes later")
        };
        unused.iter().map(finding).collect()
    }
}

impl NamedDocument<'_> {
    /// Where the step names it.
    pub fn path(&self) -> String {
        format!("{}.file", self.noun.key())
    }

    /// The document, or what is wrong with it.
    pub fn read(&self, folder: &Path) -> Result<GoodDocument, Vec<Finding>> {
        let (file, named) = (self.file.as_str(), self.path());
        let path = folder.join(file);
        let text = text_in(folder, file).map_err(|error| {
            let message = format!("`{named}` is `{file}`{}, which cannot be read: {error}", self.under());
            // Nobody keeps a broken file that nobody needs.
            let rule = if error.kind() == ErrorKind::NotFound { self.missing() } else { MISSING_FILE };
            let hint = match error.kind() {
                ErrorKind::NotFound => format!("write it, or correct `{named}`; it is relative to the bundle's folder"),
                _ => "the bundle's own documents have to be readable text files in its folder".to_owned(),
            };
            vec![self.at.finding(rule, &named, message).hint(hint)]
        })?;
        let content = match self.noun {
            Noun::Hub => read_hub(file, &text)
                .and_then(|hub| with_hooks(hub, path.parent().unwrap_or(folder)))
                .map(|hub| Content::Hub(Box::new(hub))),
            Noun::Bead => read_bead(file, &text).map(|bead| Content::Bead(Box::new(bead))),
        };
        let content = content.map_err(|failure| self.wrong(failure))?;
        let parsed = yaml::parse(file, &text, Reader::Kubernetes)
            .map_err(|mistake| vec![Finding::new(BROKEN_DOCUMENT, *mistake)])?;
        let folder = path.parent().unwrap_or(folder).to_owned();
        let files = match &content {
            Content::Bead(bead) => {
                BeadFiles::read_beside(&folder, (path.display().to_string(), text), (**bead).clone()).ok()
            }
            Content::Hub(_) => None,
        };
        Ok(GoodDocument { content, text: parsed, folder, files })
    }

    /// A document that cannot be read, or a file that it names.
    fn wrong(&self, failure: Failure) -> Vec<Finding> {
        if failure.diagnostics.is_empty() {
            let finding = self.at.finding(self.missing(), &self.path(), failure.message);
            return vec![failure.hint.into_iter().fold(finding, Finding::hint)];
        }
        self.findings(BROKEN_DOCUMENT, failure.diagnostics)
    }

    /// The rule of a file that is not there: the document, or one that belongs to it. An installation without it must fail.
    pub fn missing(&self) -> Rule {
        if self.is_needed { MISSING_FILE } else { MISSING_FILE.softened() }
    }

    /// What a rule found in the document or beside it, told of the step that names it.
    pub fn findings(&self, rule: Rule, mistakes: Vec<Diagnostic>) -> Vec<Finding> {
        let found = mistakes.into_iter();
        found.map(|mistake| Finding { location: Some(self.at.location()), ..Finding::new(rule, mistake) }).collect()
    }

    /// The values of parameters under which the step names this file.
    fn under(&self) -> String {
        let values: Vec<String> =
            self.with.iter().map(|(name, value)| format!("the parameter `{name}` is `{value}`")).collect();
        if values.is_empty() { String::new() } else { format!(" when {}", values.join(" and ")) }
    }
}
