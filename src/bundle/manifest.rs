//! `porter.yaml`, as far as playing it needs.
//!
//! The format is Porter's (`pkg/manifest` in Porter), so keys that are not known here are left alone.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::porter::{BuildInput, CORE_ACTIONS, MIXIN};
use crate::report::{Diagnostic, Failure, Outcome};
use crate::spec::yaml::{self, Data, Document, Node, Reader};
use crate::spec::{Scalars, Shape, conform, schema_of};

/// The name under which people know the file.
pub const FILE: &str = "porter.yaml";

/// A bundle, and the text it was read from.
#[derive(Debug)]
pub struct Manifest {
    /// Everything but the steps.
    pub header: Header,
    pub(super) document: Document,
}

/// Everything in `porter.yaml` but the steps.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The name of the bundle.
    pub name: String,
    /// The version of the bundle.
    #[serde(default)]
    pub version: String,
    /// What the bundle is for.
    #[serde(default)]
    pub description: String,
    /// The template of the Dockerfile of its image. Default: Porter's own.
    pub dockerfile: Option<String>,
    /// The mixins: `name`, `name@constraint`, or one of them with settings.
    #[serde(default)]
    pub mixins: Vec<Value>,
    /// The parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The credentials.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// The outputs.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// The images that the bundle refers to.
    #[serde(default)]
    pub images: Map<String, Value>,
    /// The author's own values.
    #[serde(default)]
    pub custom: Map<String, Value>,
}

/// A parameter of a bundle.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The type of the value, and its limits.
    #[serde(flatten)]
    pub shape: Shape,
    /// Whether the value must not be shown.
    #[serde(default)]
    pub sensitive: bool,
    /// The actions that it is for. Default: all.
    #[serde(default)]
    pub apply_to: Vec<String>,
    /// The environment variable that holds it. Default: the name in upper case.
    pub env: Option<String>,
    /// The file that holds it, instead of a variable.
    pub path: Option<String>,
    /// The output or dependency that it comes from when it is not given.
    pub source: Option<Value>,
}

/// A credential of a bundle.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// The name.
    pub name: String,
    /// Whether it must be given.
    #[serde(default = "yes")]
    pub required: bool,
    /// The actions that it is for. Default: all.
    #[serde(default)]
    pub apply_to: Vec<String>,
    /// The environment variable that holds it.
    pub env: Option<String>,
    /// The file that holds it.
    pub path: Option<String>,
}

/// An output of a bundle.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The name.
    pub name: String,
    /// The type of the value.
    #[serde(flatten)]
    pub shape: Shape,
    /// Whether the value must not be shown.
    #[serde(default)]
    pub sensitive: bool,
    /// The actions that produce it. Default: all.
    #[serde(default)]
    pub apply_to: Vec<String>,
    /// The file that holds it, when no step hands it back.
    pub path: Option<String>,
}

/// A step in the text of `porter.yaml`: the bytes from its start to the start of what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepText {
    pub mixin: String,
    pub start: usize,
    pub end: usize,
}

impl Manifest {
    /// Reads `porter.yaml`. Fails with all mistakes, each with its place.
    pub fn read(text: &str) -> Outcome<Self> {
        let wrong = |mistakes| Failure::document(FILE, mistakes);
        let document = yaml::parse(FILE, text, Reader::Porter).map_err(|mistake| wrong(vec![*mistake]))?;
        let value = conform(&document, &schema_of::<Header>(), Scalars::Lenient).map_err(wrong)?;
        let header = serde_json::from_value(value)
            .map_err(|error| wrong(vec![Diagnostic::error("", format!("{FILE} is no bundle: {error}"))]))?;
        Ok(Self { header, document })
    }

    /// The names of the declared mixins.
    #[must_use]
    pub fn mixins(&self) -> Vec<&str> {
        let declared = self.header.mixins.iter().filter_map(|declaration| match declaration {
            Value::String(name) => Some(name.as_str()),
            Value::Object(one) => one.keys().next().map(String::as_str),
            _ => None,
        });
        declared.map(|name| name.split('@').next().unwrap_or(name)).collect()
    }

    /// The steps of this mixin in all actions: what Porter sends to `lint`, each at its place in the text.
    #[must_use]
    pub fn build_input(&self) -> BuildInput {
        let mut input = BuildInput::of(&self.document);
        let Data::Map(entries) = &self.document.root.data else { return input };
        for (key, value) in entries {
            match &value.data {
                Data::List(declarations) if key.text == "mixins" => {
                    declarations.iter().filter_map(settings).for_each(|it| input.add_config(&self.document, it));
                }
                Data::List(steps) if is_action(&key.text, value) => {
                    input.add_action(&self.document, &key.text, steps);
                }
                _ => {}
            }
        }
        input
    }

    /// Whether the text has this key at its root.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        matches!(&self.document.root.data, Data::Map(entries) if entries.iter().any(|(it, _)| it.text == key))
    }

    /// The same mistake, at its dotted path in the text.
    #[must_use]
    pub fn place(&self, mistake: Diagnostic) -> Diagnostic {
        let place = self.document.root.nearest(&mistake.path).place;
        mistake.at(&self.document.source, place)
    }

    /// The steps of an action in the text. An action that the bundle does not have is an error that lists those
    /// that it has.
    pub(super) fn steps(&self, action: &str) -> Outcome<Vec<StepText>> {
        let Data::Map(entries) = &self.document.root.data else { return Ok(Vec::new()) };
        let Some(index) = entries.iter().position(|(key, value)| key.text == action && is_action(&key.text, value))
        else {
            let known = entries.iter().filter(|(key, value)| is_action(&key.text, value));
            let known: Vec<&str> = known.map(|(key, _)| key.text.as_str()).collect();
            return Err(Failure::usage(format!("bundle {} has no action `{action}`", self.header.name))
                .hint(format!("it has: {}", known.join(", "))));
        };
        let Data::List(steps) = &entries[index].1.data else { return Ok(Vec::new()) };
        let behind = entries.get(index + 1).map_or(self.document.source.text.len(), |(key, _)| key.place.start);
        let ends = steps.iter().skip(1).map(|step| step.place.start).chain([behind]);
        let (texts, mistakes): (Vec<_>, Vec<_>) =
            steps.iter().zip(ends).map(|(step, end)| self.step(step, end)).partition(Result::is_ok);
        let mistakes: Vec<Diagnostic> = mistakes.into_iter().filter_map(Result::err).map(|it| *it).collect();
        if mistakes.is_empty() {
            Ok(texts.into_iter().filter_map(Result::ok).collect())
        } else {
            Err(Failure::document(FILE, mistakes))
        }
    }

    /// What Porter demands of a step (`Step.Validate` in its `pkg/manifest`).
    fn step(&self, node: &Node, end: usize) -> Result<StepText, Box<Diagnostic>> {
        let wrong = |message: String| Box::new(Diagnostic::error("", message).at(&self.document.source, node.place));
        let Data::Map(entries) = &node.data else { return Err(wrong("a step is a mapping".to_owned())) };
        let [(mixin, value)] = entries.as_slice() else {
            return Err(wrong("malformed step, possibly incorrect indentation".to_owned()));
        };
        if !self.mixins().contains(&mixin.text.as_str()) {
            let mistake = wrong(format!("mixin `{}` was not declared", mixin.text));
            return Err(Box::new(mistake.hint("name it in `mixins`")));
        }
        let Data::Map(fields) = &value.data else {
            return Err(wrong(format!("the step of the mixin `{}` is not a mapping", mixin.text)));
        };
        let description = fields.iter().find(|(key, _)| key.text == "description").map(|(_, value)| &value.data);
        if !matches!(description, None | Some(Data::Null | Data::Text(_))) {
            return Err(wrong("the description of the step is not a string".to_owned())
                .hint("put it in quotes")
                .into());
        }
        Ok(StepText { mixin: mixin.text.clone(), start: node.place.start, end })
    }
}

impl Parameter {
    /// The environment variable that holds the value (`ParamToEnvVar` in Porter's `pkg/manifest`); none when a file
    /// does.
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        let default = || self.path.is_none().then(|| self.name.to_uppercase().replace(['-', '.'], "_"));
        self.env.clone().or_else(default)
    }
}

/// Whether something that applies to these actions applies to `action`. An empty list is all of them.
#[must_use]
pub fn applies(to: &[String], action: &str) -> bool {
    to.is_empty() || to.iter().any(|one| one == action)
}

/// The settings in a declaration of this mixin.
fn settings(declaration: &Node) -> Option<&Node> {
    let Data::Map(entries) = &declaration.data else { return None };
    entries.iter().find(|(key, _)| key.text.split('@').next() == Some(MIXIN)).map(|(_, settings)| settings)
}

/// A list of mappings that is not one of Porter's own keys is a custom action.
fn is_action(key: &str, value: &Node) -> bool {
    const OTHERS: [&str; 8] =
        ["mixins", "parameters", "credentials", "outputs", "state", "maintainers", "required", "files"];
    let is_list = matches!(value.data, Data::List(_) | Data::Null);
    is_list && !OTHERS.contains(&key) && (CORE_ACTIONS.contains(&key) || matches!(value.data, Data::List(_)))
}

fn yes() -> bool {
    true
}
