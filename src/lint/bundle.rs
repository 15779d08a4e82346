//! What the rules look at: the steps, and `porter.yaml` where it is at hand.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::finding::Finding;
use super::rule::{REFUSED, Rule};
use crate::bundle::{Header, Link, MANIFEST_FILE, Manifest, STEP_FILES, leads_over, links_out_of};
use crate::porter::{BuildInput, Location, MIXIN, TemplatedStep};
use crate::report::{Diagnostic, Outcome, Source};
use crate::run::text_of;
use crate::yaml::{Data, Node};

/// A bundle.
pub(super) struct Bundle<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// The steps, from `porter.yaml` where it is at hand, or else from what Porter sends.
    pub input: BuildInput,
    /// `porter.yaml`, where it is at hand.
    pub manifest: Option<Manifest>,
}

/// A step in a bundle.
#[derive(Clone, Copy)]
pub(super) struct StepAt<'a> {
    pub action: &'a str,
    pub step: &'a TemplatedStep,
    /// The number among the steps of this mixin, from 1.
    number: usize,
    source: &'a Arc<Source>,
}

impl<'a> Bundle<'a> {
    /// The bundle in a folder.
    pub fn read(folder: &'a Path) -> Outcome<Self> {
        let manifest = Manifest::read(&text_of(&folder.join(MANIFEST_FILE), "give the folder of a bundle")?)?;
        Ok(Self { folder, input: manifest.build_input(), manifest: Some(manifest) })
    }

    /// The bundle whose steps Porter sends. Its `porter.yaml` is the one in the folder only when that has the same
    /// steps: Porter can lint a file elsewhere.
    pub fn sent(input: BuildInput, folder: &'a Path) -> Self {
        match Manifest::in_folder(folder).ok().map(|manifest| (manifest.build_input(), manifest)) {
            Some((written, manifest)) if written.has_steps_of(&input) => {
                Self { folder, input: written, manifest: Some(manifest) }
            }
            _ => Self { folder, input, manifest: None },
        }
    }

    /// Everything in `porter.yaml` but the steps, where it is at hand.
    pub fn header(&self) -> Option<&Header> {
        self.manifest.as_ref().map(|manifest| &manifest.header)
    }

    /// What a run of the bundle refuses in the text, but for what is found at the same place already.
    pub fn refused(&self, found: &[Finding]) -> Vec<Finding> {
        let is_found = |mistake: &Diagnostic| found.iter().any(|it| it.mistake.place == mistake.place);
        let refused = self.manifest.iter().flat_map(Manifest::refused);
        refused.filter(|mistake| !is_found(mistake)).map(|mistake| Finding::new(REFUSED, mistake)).collect()
    }

    /// Links in the folder that lead out of it, and that something of the bundle leads over. A run leaves all others out.
    pub fn links_out(&self) -> Vec<Finding> {
        let steps = self.steps();
        let named = steps.iter().flat_map(StepAt::texts).filter(|(path, _)| STEP_FILES.contains(&last(path)));
        let named: Vec<&str> =
            named.map(|(_, text)| text).chain(self.header().into_iter().flat_map(Header::paths)).collect();
        let out = links_out_of(self.folder).unwrap_or_default();
        let used = out.into_iter().filter(|(link, _)| named.iter().any(|path| leads_over(path, link)));
        let told = |(link, target): Link| {
            let message = format!("the link {} leads out of the bundle, to {}", link.display(), target.display());
            Finding::new(REFUSED, Diagnostic::error("", message)).hint("put the file itself into the bundle")
        };
        used.map(told).collect()
    }

    /// Whether no other mixin can have made what a step finds. One that is not declared may be ours, misspelt.
    pub fn has_no_other_mixin(&self) -> bool {
        self.manifest.as_ref().is_some_and(|it| it.mixins() == [MIXIN] && !it.has_undeclared_steps())
    }

    /// All steps, in the order of the text.
    pub fn steps(&self) -> Vec<StepAt<'_>> {
        self.input.actions.iter().flat_map(|action| self.steps_of(&action.action)).collect()
    }

    /// The steps of an action.
    pub fn steps_of(&self, action: &str) -> Vec<StepAt<'_>> {
        let Some(action) = self.input.actions.iter().find(|one| one.action == action) else { return Vec::new() };
        let at = |(index, step)| StepAt { action: &action.action, step, number: index + 1, source: &self.input.source };
        action.steps.iter().enumerate().map(at).collect()
    }
}

impl<'a> StepAt<'a> {
    /// A finding about what stands at `path` below `backstack:`.
    pub fn finding(&self, rule: Rule, path: &str, message: impl Into<String>) -> Finding {
        let place = self.step.node.nearest(path).place;
        self.located(rule, path, Diagnostic::error("", message).at(self.source, place))
    }

    /// The same for a mistake that has its place already.
    pub fn located(&self, rule: Rule, path: &str, mistake: Diagnostic) -> Finding {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{}.{MIXIN}{dot}{path}", self.name());
        Finding { location: Some(self.location()), ..Finding::new(rule, Diagnostic { path, ..mistake }) }
    }

    /// Its place among the steps of all mixins, by which people find it: `install[0]`.
    pub fn name(&self) -> String {
        format!("{}[{}]", self.action, self.step.index)
    }

    pub fn location(&self) -> Location {
        Location {
            action: self.action.to_owned(),
            mixin: MIXIN,
            step_number: self.number,
            step_description: self.step.description().to_owned(),
        }
    }

    /// The value at a JSON pointer below `backstack:`.
    pub fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.step.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Every string of the step, with its dotted path.
    pub fn texts(&self) -> Vec<(String, &'a str)> {
        let mut texts = Vec::new();
        collect(&self.step.node, "", &mut texts);
        texts
    }
}

fn collect<'n>(node: &'n Node, path: &str, texts: &mut Vec<(String, &'n str)>) {
    match &node.data {
        Data::Text(text) => texts.push((path.to_owned(), text)),
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{index}]"), texts);
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                let dot = if path.is_empty() { "" } else { "." };
                collect(value, &format!("{path}{dot}{}", key.text), texts);
            }
        }
        _ => {}
    }
}

/// The last key of a dotted path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
