//! The Hub documents that steps name, also by templates whose values are known.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::finding::Finding;
use super::rule::{BROKEN_DOCUMENT, MISSING_FILE};
use super::template::{Rendered, every_value, is_template};
use crate::spec::yaml::{self, Document};
use crate::spec::{Hub, read_hub};

/// The name of the document when the step does not say.
const DEFAULT: &str = "hub.yaml";

/// A file that a hub step names, told of at the first step that names it.
pub(super) struct HubDocument<'a> {
    pub at: StepAt<'a>,
    pub file: String,
    with: Vec<(String, String)>,
}

/// A Hub document without mistakes.
pub(super) struct GoodDocument {
    pub hub: Hub,
    pub text: Document,
    /// The folder with its lock and assets.
    pub folder: PathBuf,
}

/// Every file that hub steps name, each once.
pub(super) fn documents<'a>(bundle: &'a Bundle<'_>) -> Vec<HubDocument<'a>> {
    let mut documents: Vec<HubDocument<'_>> = Vec::new();
    for at in bundle.steps() {
        let files = file_of(&at).and_then(|file| every_value(file, bundle.header())).unwrap_or_default();
        for Rendered { text, with } in files {
            let file = if text.is_empty() { DEFAULT.to_owned() } else { text };
            if !Path::new(&file).is_absolute() && documents.iter().all(|known| known.file != file) {
                documents.push(HubDocument { at, file, with });
            }
        }
    }
    documents
}

/// Whether every hub step names its file without a template.
pub(super) fn are_plain(bundle: &Bundle<'_>) -> bool {
    let mut hubs = bundle.steps().into_iter().filter(|at| at.step.has("hub"));
    hubs.all(|at| file_of(&at).is_some_and(|file| !is_template(file)))
}

/// The file of a hub step as it is written; `None` for other steps, and where the whole noun is a template.
pub(super) fn file_of<'a>(at: &StepAt<'a>) -> Option<&'a str> {
    let hub = at.at("/hub").and_then(Value::as_object)?;
    match hub.get("file") {
        None | Some(Value::Null) => Some(DEFAULT),
        Some(file) => file.as_str(),
    }
}

impl HubDocument<'_> {
    /// The document, or what is wrong with it.
    pub fn read(&self, folder: &Path) -> Result<GoodDocument, Vec<Finding>> {
        let file = self.file.as_str();
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            vec![self.at.finding(
                MISSING_FILE,
                "hub.file",
                format!("`hub.file` is `{file}`{}, which cannot be read: {error}", self.under()),
            )]
        })?;
        let hub = read_hub(file, &text).map_err(|failure| {
            let mistakes = failure.diagnostics.into_iter();
            mistakes
                .map(|mistake| Finding { location: Some(self.at.location()), ..Finding::new(BROKEN_DOCUMENT, mistake) })
                .collect::<Vec<_>>()
        })?;
        let text = yaml::parse(file, &text).map_err(|mistake| vec![Finding::new(BROKEN_DOCUMENT, *mistake)])?;
        Ok(GoodDocument { hub, text, folder: path.parent().unwrap_or(folder).to_owned() })
    }

    /// The values of parameters under which the step names this file.
    fn under(&self) -> String {
        let values: Vec<String> =
            self.with.iter().map(|(name, value)| format!("the parameter `{name}` is `{value}`")).collect();
        if values.is_empty() { String::new() } else { format!(" when {}", values.join(" and ")) }
    }
}
