//! `porter.yaml`, as far as playing it needs.
//!
//! The format is Porter's (`pkg/manifest` in Porter), so keys that are not known here are left alone.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::schema_version::SchemaVersion;
use crate::document::Shape;
use crate::input;
use crate::porter::{BuildInput, CORE_ACTIONS, MIXIN};
use crate::report::{Diagnostic, Failure, Outcome};
use crate::schema::{Scalars, conform, schema_of};
use crate::yaml::{self, Data, Document, Key, Node, Reader};

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
    /// The version of the format. Porter takes no bundle without one.
    #[serde(default)]
    pub schema_version: String,
    /// The name of the bundle.
    pub name: String,
    /// Where the bundle is published, without its name.
    #[serde(default)]
    pub registry: String,
    /// Where the bundle is published.
    #[serde(default)]
    pub reference: String,
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
    /// The files that are kept from run to run.
    #[serde(default)]
    pub state: Vec<StateFile>,
    /// What the custom actions are, by their names.
    #[serde(default)]
    pub custom_actions: BTreeMap<String, CustomAction>,
    /// What whoever runs the bundle has to let it have: `docker`.
    #[serde(default)]
    pub required: Vec<Value>,
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

/// A file that a bundle keeps from run to run (`StateVariable` in Porter's `pkg/manifest`).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub struct StateFile {
    /// The name.
    pub name: String,
    /// Where it is.
    pub path: Option<String>,
}

/// What a custom action is declared as. Porter takes one that is declared without either for an action that changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct CustomAction {
    /// Whether it changes what is installed.
    #[serde(default)]
    pub modifies: bool,
    /// Whether it needs nothing of the installation.
    #[serde(default)]
    pub stateless: bool,
}

impl Manifest {
    /// Reads the one in the folder of a bundle.
    pub fn in_folder(folder: &Path) -> Outcome<Self> {
        let path = folder.join(FILE);
        let text = input::text_of(&path).map_err(|error| {
            Failure::usage(format!("failed to read {}: {error}", path.display())).hint("name the folder of a bundle")
        })?;
        Self::read(&text)
    }

    /// Reads `porter.yaml`. Fails with all mistakes, each with its place.
    pub fn read(text: &str) -> Outcome<Self> {
        let wrong = |mistakes| Failure::document(FILE, mistakes);
        let document = yaml::parse(FILE, text, Reader::Porter).map_err(|mistake| wrong(vec![*mistake]))?;
        let value = conform(&document, &schema_of::<Header>(), Scalars::Lenient).map_err(wrong)?;
        let header = serde_json::from_value(value)
            .map_err(|error| wrong(vec![Diagnostic::error("", format!("{FILE} is no bundle: {error}"))]))?;
        Ok(Self { header, document })
    }

    /// The version of the format.
    pub(super) fn schema_version(&self) -> SchemaVersion {
        SchemaVersion::read(&self.header.schema_version)
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
        for (key, value) in self.entries() {
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
        self.entries().iter().any(|(it, _)| it.text == key)
    }

    /// The names of the actions.
    pub fn action_names(&self) -> impl Iterator<Item = &str> {
        self.actions().map(|(key, _)| key.text.as_str())
    }

    /// Every action in the text, with what stands under it.
    pub(super) fn actions(&self) -> impl Iterator<Item = (&Key, &Node)> {
        self.entries().iter().filter(|(key, value)| is_action(&key.text, value)).map(|(key, value)| (key, value))
    }

    /// What stands at the root of the text.
    pub(super) fn entries(&self) -> &[(Key, Node)] {
        self.document.root.entries()
    }

    /// Every key and every string of the text.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        collect(&self.document.root, &mut texts);
        texts
    }

    /// The same mistake, at its dotted path in the text.
    #[must_use]
    pub fn place(&self, mistake: Diagnostic) -> Diagnostic {
        let place = self.document.root.nearest(&mistake.path).place;
        mistake.at(&self.document.source, place)
    }
}

impl Header {
    /// The files that the bundle declares, by their paths in the image or in its folder.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let parameters = self.parameters.iter().map(|it| &it.path);
        let credentials = self.credentials.iter().map(|it| &it.path);
        let outputs = self.outputs.iter().map(|it| &it.path);
        let state = self.state.iter().map(|it| &it.path);
        parameters.chain(credentials).chain(outputs).chain(state).filter_map(|path| path.as_deref())
    }

    /// Whether it declares a parameter of this name that must not be shown.
    #[must_use]
    pub fn is_sensitive(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|it| it.name == parameter && it.sensitive)
    }

    /// The name under which the bundle's image is published. Porter knows its digest too, which a run without an image
    /// has not.
    #[must_use]
    pub fn published_image(&self) -> String {
        let named = [self.registry.as_str(), self.name.as_str()].join("/");
        let reference = if self.reference.is_empty() { named } else { self.reference.clone() };
        let has_tag = reference.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        if has_tag { reference } else { format!("{reference}:v{}", self.version.trim_start_matches('v')) }
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

fn collect<'n>(node: &'n Node, texts: &mut Vec<&'n str>) {
    texts.extend(node.text());
    node.items().iter().for_each(|it| collect(it, texts));
    for (key, value) in node.entries() {
        texts.push(&key.text);
        collect(value, texts);
    }
}

fn yes() -> bool {
    true
}
