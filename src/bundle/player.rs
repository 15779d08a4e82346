//! The run itself: resolve, start the mixin, read its outputs; stop at the first error, and collect in any case
//! (`PorterRuntime.Execute` in Porter's `pkg/runtime`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::environment::environment;
use super::images;
use super::manifest::{FILE, Header, Manifest, StepText};
use super::mixin::Call;
use super::outputs::{Outputs, Produced};
use super::stage::{APP, Stage};
use super::step;
use super::values::{self, Destination, Given};
use crate::porter::{OUTPUTS_DIR, RELOCATION_MAPPING, read_relocation_map};
use crate::process::Signals;
use crate::report::{Console, Failure, Outcome};
use crate::spec::ImageMap;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Request {
    /// The action.
    pub action: String,
    /// The folder with `porter.yaml`.
    pub folder: PathBuf,
    /// Parameters as `NAME=VALUE`.
    pub parameters: Vec<String>,
    /// Credentials as `NAME=ENV|PATH`.
    pub credentials: Vec<String>,
    /// The name of the installation; that of the bundle when there is none.
    pub installation: Option<String>,
    /// The relocation map, where there is one.
    pub relocation_mapping: Option<PathBuf>,
}

/// How a run went. Outputs are there also when it failed.
#[derive(Debug)]
pub struct Played {
    /// Why it failed, if it did.
    pub outcome: Outcome<()>,
    /// The outputs of the bundle.
    pub outputs: Vec<Produced>,
}

/// Plays a bundle. Fails when nothing was started.
pub async fn play(request: &Request, console: &Console) -> Outcome<Played> {
    let mut signals = Signals::listen()?;
    let run = Run::prepare(request)?;
    console.say(format!(
        "executing {} action from {} (installation: {}); no record of it is kept",
        run.action, run.manifest.header.name, run.installation
    ));
    Ok(run.play(console, &mut signals).await)
}

/// A run that is ready to start.
struct Run {
    manifest: Manifest,
    action: String,
    installation: String,
    steps: Vec<StepText>,
    stage: Stage,
    environment: BTreeMap<String, String>,
    given: Map<String, Value>,
    images: Map<String, Value>,
}

impl Run {
    fn prepare(request: &Request) -> Outcome<Self> {
        let manifest = read(&request.folder)?;
        let (header, action) = (&manifest.header, request.action.clone());
        let steps = manifest.steps(&action)?;
        let parameters = values::parameters(header, &action, &request.parameters)?;
        let credentials = values::credentials(header, &action, &request.credentials)?;
        let stage = Stage::set(&request.folder, paths_of(header))?;
        for step in &steps {
            stage.install(&step.mixin)?;
        }
        stage.make_folder(OUTPUTS_DIR)?;
        let images = match &request.relocation_mapping {
            Some(file) => images::relocated(&header.images, &copy_map(file, &stage)?),
            None => images::relocated(&header.images, &ImageMap::default()),
        };
        let installation = request.installation.clone().unwrap_or_else(|| header.name.clone());
        let mut environment = environment(&stage, header, &action, &installation);
        let given = Map::from_iter([
            ("parameters".to_owned(), hand_over(&parameters, &stage, &mut environment, Secrecy::Parameter)?),
            ("credentials".to_owned(), hand_over(&credentials, &stage, &mut environment, Secrecy::Credential)?),
        ]);
        Ok(Self { manifest, action, installation, steps, stage, environment, given, images })
    }

    async fn play(self, console: &Console, signals: &mut Signals) -> Played {
        let mut outputs = Outputs::default();
        let mut outcome = Ok(());
        for index in 0..self.steps.len() {
            outcome = self.play_step(index, &mut outputs, console, signals).await;
            if outcome.is_err() {
                break;
            }
        }
        let (produced, mistakes) = outputs.of_bundle(&self.manifest.header, &self.action, &self.stage);
        // A failed step says more than the outputs that it did not come to.
        if outcome.is_ok() && !mistakes.is_empty() {
            outcome = Err(Failure::failed(mistakes.join("; ")));
        }
        Played { outcome, outputs: produced }
    }

    async fn play_step(
        &self,
        index: usize,
        outputs: &mut Outputs,
        console: &Console,
        signals: &mut Signals,
    ) -> Outcome<()> {
        let text = &self.steps[index];
        let resolved = step::resolve(&self.manifest, &self.action, index, text, &self.data(outputs))?;
        let resolved = self.stage.moved_value(&resolved);
        if let Some(description) = step::description(&resolved, &text.mixin) {
            console.say(description);
        }
        let call = Call {
            mixin: text.mixin.clone(),
            runtime: self.stage.install(&text.mixin)?,
            action: self.action.clone(),
            stdin: step::stdin(&self.action, &resolved),
            environment: self.environment.clone(),
            folder: self.stage.place(APP),
        };
        let outcome = call.run(console, signals).await;
        outputs.take(&self.stage.place(OUTPUTS_DIR), &self.manifest.header)?;
        outcome
    }

    /// What templates can name (`buildSourceData` in Porter's `pkg/runtime`).
    fn data(&self, outputs: &Outputs) -> Value {
        let header = &self.manifest.header;
        let mut bundle = self.given.clone();
        for (key, value) in [
            ("name", json!(header.name)),
            ("version", json!(header.version)),
            ("description", json!(header.description)),
            ("custom", json!(header.custom)),
            ("images", json!(self.images)),
            ("outputs", outputs.for_templates()),
        ] {
            bundle.insert(key.to_owned(), value);
        }
        let variable = |name: &str| self.environment.get(name).cloned().unwrap_or_default();
        json!({
            "bundle": bundle,
            "installation": {
                "name": self.installation,
                "namespace": "",
                "id": variable(crate::env::INSTALLATION_ID),
            },
            "env": self.environment,
        })
    }
}

/// Whether the paths in a value are moved: a parameter may name a file of the image, a secret is left as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    Parameter,
    Credential,
}

/// Puts the values where the bundle finds them. Returns them as templates see them: those in files by their path,
/// objects by their parts, everything else as text (`resolveParameter` in Porter's `pkg/runtime`).
fn hand_over(
    values: &[Given],
    stage: &Stage,
    environment: &mut BTreeMap<String, String>,
    secrecy: Secrecy,
) -> Outcome<Value> {
    let mut seen = Map::new();
    for value in values {
        let text = value.bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let shown = match &value.destination {
            Destination::File(path) => {
                if let Some(bytes) = &value.bytes {
                    stage.put(path, bytes)?;
                }
                path.clone().into()
            }
            Destination::Variable(variable) => {
                if let Some(text) = &text {
                    let moved = if secrecy == Secrecy::Parameter { stage.moved(text) } else { text.clone() };
                    environment.insert(variable.clone(), moved);
                }
                let text = text.unwrap_or_default();
                if value.kind == "object" { serde_json::from_str(&text).unwrap_or_default() } else { text.into() }
            }
        };
        seen.insert(value.name.clone(), shown);
    }
    Ok(Value::Object(seen))
}

/// Puts the relocation map where Porter has it.
fn copy_map(file: &Path, stage: &Stage) -> Outcome<ImageMap> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("failed to read {}: {error}", file.display())))?;
    let map = read_relocation_map(&text, "")?;
    stage.put(RELOCATION_MAPPING, text.as_bytes())?;
    Ok(map)
}

fn read(folder: &Path) -> Outcome<Manifest> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path).map_err(|error| {
        Failure::usage(format!("failed to read {}: {error}", path.display())).hint("name the folder of a bundle")
    })?;
    Manifest::read(&text)
}

/// The files that the bundle declares.
fn paths_of(header: &Header) -> Vec<String> {
    let parameters = header.parameters.iter().map(|it| &it.path);
    let credentials = header.credentials.iter().map(|it| &it.path);
    let outputs = header.outputs.iter().map(|it| &it.path);
    parameters.chain(credentials).chain(outputs).flatten().cloned().collect()
}
