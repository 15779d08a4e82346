//! The steps of an action in the text of `porter.yaml`, and what Porter would refuse of them.

use std::ops::Range;

use super::manifest::{FILE, Manifest};
use super::names;
use super::template::{Broken, Part, Template};
use crate::report::{Diagnostic, Failure, Outcome, Place};
use crate::schema::{known_hint, plain};
use crate::yaml::{Data, Key, Node};

/// A step of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepText {
    pub mixin: String,
    pub text: Text,
}

/// What becomes of a step's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    /// A template is rendered in the text of `porter.yaml`: these bytes.
    Template { template: Template, at: Range<usize> },
    /// All steps of the action are an alias: Porter leaves them as they are.
    Alias(serde_json::Value),
}

impl Manifest {
    /// The steps of an action. An action that the bundle does not have is an error that lists those that it has.
    pub(super) fn steps(&self, action: &str) -> Outcome<Vec<StepText>> {
        let Some((key, node)) = self.actions().find(|(key, _)| key.text == action) else {
            let known: Vec<&str> = self.action_names().collect();
            return Err(Failure::usage(format!("bundle {} has no action `{action}`", self.header.name))
                .hint(known_hint(action, &known)));
        };
        let (steps, mistakes) = self.steps_of(key, node);
        if mistakes.is_empty() { Ok(steps) } else { Err(Failure::document(FILE, mistakes)) }
    }

    /// What is wrong with the steps of all actions.
    pub(super) fn wrong_steps(&self) -> Vec<Diagnostic> {
        let slip = self.instead_of_mixins().map(|key| key.place);
        let actions = self.actions().filter(|(key, _)| Some(key.place) != slip);
        let mut wrong: Vec<Diagnostic> = Vec::new();
        for mistake in actions.flat_map(|(key, node)| self.steps_of(key, node).1) {
            if !wrong.contains(&mistake) {
                wrong.push(mistake); // one cause may be that of many steps
            }
        }
        wrong
    }

    fn steps_of(&self, key: &Key, node: &Node) -> (Vec<StepText>, Vec<Diagnostic>) {
        let (mut steps, mut mistakes) = (Vec::new(), Vec::new());
        let Data::List(nodes) = &node.data else { return (steps, mistakes) };
        let ranges = self.ranges(key, nodes);
        for (index, (step, at)) in nodes.iter().zip(ranges).enumerate() {
            let here = Here { manifest: self, action: &key.text, index };
            let text = match node.alias {
                Some(_) => here.alias(step, node.place),
                None => here.template(step, at),
            };
            match here.mixin(step).and_then(|mixin| Ok(StepText { mixin, text: text? })) {
                Ok(step) => steps.push(step),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        (steps, mistakes)
    }

    /// The bytes of each step: from the end of the one before it, so that comments between them are in one of them, as
    /// they are for Porter, to its last line. A comment behind the last step is no part of the action.
    fn ranges(&self, key: &Key, nodes: &[Node]) -> Vec<Range<usize>> {
        let text = self.document.source.text.as_str();
        let behind = self.entries().iter().map(|(it, _)| it.place.start).filter(|start| *start > key.place.start).min();
        let end = without_comments(&text[..behind.unwrap_or(text.len())]);
        let ends = nodes.iter().skip(1).map(|step| step.place.start).chain([end]);
        let mut start = key.place.end;
        ends.map(|end| std::mem::replace(&mut start, end)..end.max(start)).collect()
    }
}

/// A step that is looked at.
struct Here<'m> {
    manifest: &'m Manifest,
    action: &'m str,
    index: usize,
}

type Wrong = Vec<Diagnostic>;

impl Here<'_> {
    fn mistake(&self, message: String) -> Diagnostic {
        Diagnostic::error(self.path(), message)
    }

    fn path(&self) -> String {
        format!("{}[{}]", self.action, self.index)
    }

    /// What Porter demands of a step (`Step.Validate` in its `pkg/manifest`).
    fn mixin(&self, node: &Node) -> Result<String, Wrong> {
        let wrong = |message: String| vec![self.mistake(message).at(&self.manifest.document.source, node.place)];
        let hinted = |message: String, hint: &str| wrong(message).into_iter().map(|it| it.hint(hint)).collect();
        let Data::Map(entries) = &node.data else { return Err(wrong("a step is a mapping".to_owned())) };
        let [(mixin, value)] = entries.as_slice() else {
            return Err(wrong("malformed step, possibly incorrect indentation".to_owned()));
        };
        if !self.manifest.mixins().contains(&mixin.text.as_str()) {
            return Err(vec![self.manifest.undeclared(mixin, self.path())]);
        }
        let Data::Map(fields) = &value.data else {
            return Err(wrong(format!("the step of the mixin `{}` is not a mapping", mixin.text)));
        };
        let description = fields.iter().find(|(key, _)| key.text == "description").map(|(_, value)| &value.data);
        if !matches!(description, None | Some(Data::Null | Data::Text(_))) {
            return Err(hinted("the description of the step is not a string".to_owned(), "put it in quotes"));
        }
        Ok(mixin.text.clone())
    }

    /// The step as a template. Porter renders it alone, so an alias finds only what is in the same step.
    fn template(&self, node: &Node, at: Range<usize>) -> Result<Text, Wrong> {
        let source = &self.manifest.document.source;
        if let Some(place) = alias_out_of(node, &at) {
            let message = format!(
                "{} has an alias for what is written elsewhere, and Porter renders each step by itself",
                self.name()
            );
            return Err(vec![self.mistake(message).at(source, place).hint("write it out in this step")]);
        }
        let template = Template::read(&source.text[at.clone()], self.manifest.schema_version().delimiters()).map_err(
            |Broken { message, at: within }| {
                let message = format!("{}: {message}", self.name());
                vec![self.mistake(message).at(source, source.place(at.start + within.start..at.start + within.end))]
            },
        )?;
        let missing = self.missing(&template.parts, at.start);
        if missing.is_empty() { Ok(Text::Template { template, at }) } else { Err(missing) }
    }

    /// The variables that no run can have. Inside of a section, values come from elsewhere.
    fn missing(&self, parts: &[Part], start: usize) -> Wrong {
        let source = &self.manifest.document.source;
        let variables = parts.iter().filter_map(|part| match part {
            Part::Variable { name, at, .. } => Some((name, at)),
            _ => None,
        });
        let missing = variables.filter_map(|(name, at)| {
            let hint = names::is_missing(name, &self.manifest.header, self.action, self.index)?;
            let mistake = self.mistake(format!("missing variable `{name}`")).hint(hint);
            Some(mistake.at(source, source.place(start + at.start..start + at.end)))
        });
        missing.collect()
    }

    /// The steps of an action that is an alias stay as they are, so a template in them reaches the mixin as it is.
    fn alias(&self, node: &Node, alias: Place) -> Result<Text, Wrong> {
        let open = self.manifest.schema_version().delimiters().open;
        if !has_text(node, &open) {
            return Ok(Text::Alias(plain(node)));
        }
        let message = format!("{} is behind an alias, where Porter renders no templates", self.name());
        let mistake = self.mistake(message).at(&self.manifest.document.source, alias);
        Err(vec![mistake.hint(format!("write the steps of `{}` out", self.action))])
    }

    fn name(&self) -> String {
        format!("step {} of {}", self.index + 1, self.action)
    }
}

/// The place of an alias for what is written outside of these bytes.
fn alias_out_of(node: &Node, at: &Range<usize>) -> Option<Place> {
    if node.alias.is_some_and(|written| !at.contains(&written.start)) {
        return Some(node.place);
    }
    match &node.data {
        Data::List(items) => items.iter().find_map(|item| alias_out_of(item, at)),
        Data::Map(entries) => entries.iter().find_map(|(_, value)| alias_out_of(value, at)),
        _ => None,
    }
}

fn has_text(node: &Node, wanted: &str) -> bool {
    match &node.data {
        Data::Text(text) => text.contains(wanted),
        Data::List(items) => items.iter().any(|item| has_text(item, wanted)),
        Data::Map(entries) => entries.iter().any(|(key, value)| key.text.contains(wanted) || has_text(value, wanted)),
        _ => false,
    }
}

/// The length of the text without the comments and empty lines at its end that begin at the margin.
fn without_comments(text: &str) -> usize {
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        if !line.starts_with('#') && !line.trim().is_empty() {
            break;
        }
        end -= line.len();
    }
    end
}
