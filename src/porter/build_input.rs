//! Standard input of `build` and `lint`: the steps of this mixin in all actions, templates unresolved.

use std::sync::{Arc, LazyLock};

use schemars::Schema;
use serde_json::Value;

use super::MIXIN;
use crate::document::{Step, step_mistakes};
use crate::report::{Diagnostic, Failure, Outcome, Source};
use crate::schema::{Scalars, conform_node, plain, schema_of};
use crate::yaml::{self, Data, Document, Key, Node, Reader};

/// The bundle as its author wrote it, reduced to the steps of this mixin.
#[derive(Debug, Clone)]
pub struct BuildInput {
    /// The text that the places point into.
    pub source: Arc<Source>,
    /// The actions, in the order of the text (Porter sorts them by name).
    pub actions: Vec<ActionSteps>,
    /// What is wrong outside of the steps.
    pub mistakes: Vec<Diagnostic>,
}

/// The steps of one action.
#[derive(Debug, Clone)]
pub struct ActionSteps {
    /// The name of the action. Custom actions are listed also when they have no step of this mixin.
    pub action: String,
    /// The steps of this mixin, in order.
    pub steps: Vec<TemplatedStep>,
}

/// A step whose values may still be templates, also where the type is no string.
#[derive(Debug, Clone)]
pub struct TemplatedStep {
    /// What stands under `backstack:`.
    pub value: Value,
    /// The same with the place of everything.
    pub node: Node,
    /// The index among all steps of the action in the text.
    pub index: usize,
    /// What is wrong with it, as far as can be known before the templates are resolved.
    pub mistakes: Vec<Diagnostic>,
}

impl BuildInput {
    /// Reads what Porter sends to `build` and `lint` (`BuildInput` in Porter's `pkg/mixin/query`): `actions` by
    /// name, and `config` when the bundle declares the mixin with one. Fails only when it is no YAML at all.
    pub fn read(text: &str) -> Outcome<Self> {
        let document =
            yaml::parse("stdin", text, Reader::Porter).map_err(|mistake| Failure::document("stdin", vec![*mistake]))?;
        let mut input = Self::of(&document);
        let Data::Map(entries) = &document.root.data else {
            input.mistakes.push(mistake(&document, &document.root, "stdin has no `actions`"));
            return Ok(input);
        };
        for (key, value) in entries {
            match (key.text.as_str(), &value.data) {
                ("config", _) => input.mistakes.extend(config_mistakes(&document, value)),
                ("actions", Data::Map(actions)) => {
                    input.actions = actions.iter().map(|action| action_steps(&document, action)).collect();
                }
                ("actions", Data::Null) => {}
                (other, _) => {
                    let message = format!("`{other}` on stdin is not what this version of the mixin understands");
                    input.mistakes.push(mistake(&document, value, message));
                }
            }
        }
        Ok(input)
    }

    /// Nothing yet of a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self { source: Arc::clone(&document.source), actions: Vec::new(), mistakes: Vec::new() }
    }

    /// The same from the text of the bundle itself: an action, in which other mixins have steps too.
    pub fn add_action(&mut self, document: &Document, name: &str, steps: &[Node]) {
        let ours = steps.iter().enumerate().filter(|(_, step)| of_this_mixin(step).is_some());
        let steps = ours.map(|(index, step)| templated_step(document, step, index)).collect();
        self.actions.push(ActionSteps { action: name.to_owned(), steps });
    }

    /// The settings of the mixin, of which there are none.
    pub fn add_config(&mut self, document: &Document, config: &Node) {
        self.mistakes.extend(config_mistakes(document, config));
    }

    /// The steps of an action.
    #[must_use]
    pub fn steps(&self, action: &str) -> &[TemplatedStep] {
        self.actions.iter().find(|one| one.action == action).map_or(&[], |one| one.steps.as_slice())
    }

    /// Whether any action has a step with this noun (`hub`, `cluster`).
    #[must_use]
    pub fn uses(&self, noun: &str) -> bool {
        self.actions.iter().flat_map(|action| &action.steps).any(|step| step.has(noun))
    }

    /// What the steps of all actions have under this noun.
    pub fn steps_with<'a>(&'a self, noun: &'a str) -> impl Iterator<Item = &'a Value> {
        self.actions.iter().flat_map(|action| &action.steps).filter_map(move |step| step.value.get(noun))
    }

    /// Whether the other has the same steps in the same actions, wherever they are written.
    #[must_use]
    pub fn has_steps_of(&self, other: &Self) -> bool {
        let covers = |one: &Self, other: &Self| {
            other.actions.iter().all(|action| {
                let steps = one.steps(&action.action);
                steps.len() == action.steps.len() && steps.iter().zip(&action.steps).all(|(a, b)| a.value == b.value)
            })
        };
        covers(self, other) && covers(other, self)
    }
}

impl TemplatedStep {
    /// Whether the step is about this noun.
    #[must_use]
    pub fn has(&self, noun: &str) -> bool {
        self.value.get(noun).is_some_and(|value| !value.is_null())
    }

    /// The description of the step, empty without one.
    #[must_use]
    pub fn description(&self) -> &str {
        self.value.get("description").and_then(Value::as_str).unwrap_or_default()
    }
}

/// Generated once: a bundle has many steps.
static STEP: LazyLock<Schema> = LazyLock::new(schema_of::<Step>);

/// The mixin has no settings of its own: `- backstack` and `- backstack: {}` are all that can be declared.
fn config_mistakes(document: &Document, config: &Node) -> Vec<Diagnostic> {
    let mistakes = match &config.data {
        Data::Null => Vec::new(),
        Data::Map(entries) => entries
            .iter()
            .map(|(key, _)| {
                Diagnostic::error("config", format!("unknown key `config.{}`", key.text))
                    .at(&document.source, key.place)
            })
            .collect(),
        _ => vec![mistake(document, config, "`config` is not a mapping")],
    };
    let remedy = |it: Diagnostic| it.hint(format!("declare the mixin as `- {MIXIN}`; it has no settings"));
    mistakes.into_iter().map(remedy).collect()
}

fn action_steps(document: &Document, (name, steps): &(Key, Node)) -> ActionSteps {
    let steps = match &steps.data {
        Data::List(steps) => {
            steps.iter().enumerate().map(|(index, step)| templated_step(document, step, index)).collect()
        }
        Data::Null => Vec::new(),
        _ => vec![broken_step(document, steps, 0, format!("`{}` is not a list of steps", name.text))],
    };
    ActionSteps { action: name.text.clone(), steps }
}

fn templated_step(document: &Document, step: &Node, index: usize) -> TemplatedStep {
    let Some(node) = of_this_mixin(step).filter(|value| matches!(value.data, Data::Map(_))) else {
        return broken_step(document, step, index, format!("a step is a mapping under the key `{MIXIN}`"));
    };
    let node = node.clone();
    match conform_node(&document.source, &node, &STEP, Scalars::Templates, "") {
        Ok(value) => {
            let mistakes = step_mistakes(&document.source, &node, &value);
            TemplatedStep { value, node, index, mistakes }
        }
        Err(mistakes) => TemplatedStep { value: plain(&node), node, index, mistakes },
    }
}

fn of_this_mixin(step: &Node) -> Option<&Node> {
    let Data::Map(entries) = &step.data else { return None };
    entries.iter().find(|(key, _)| key.text == MIXIN).map(|(_, value)| value)
}

fn broken_step(document: &Document, node: &Node, index: usize, message: String) -> TemplatedStep {
    TemplatedStep { value: Value::Null, node: node.clone(), index, mistakes: vec![mistake(document, node, message)] }
}

fn mistake(document: &Document, node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("", message).at(&document.source, node.place)
}
