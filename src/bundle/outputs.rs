//! The outputs of a run: what the steps hand back, and what of it belongs to the bundle.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::manifest::{Header, Output, applies};
use super::seen::Seen;
use super::stage::Stage;
use crate::document::{has_kind, scalar_text};
use crate::porter::OUTPUTS_DIR;
use crate::report::{Failure, Outcome, remember_secret};

/// The shortest undeclared output that is taken for a secret. Porter itself masks each of them wherever it stands later, also `1`
/// and `true` (`pkg/runtime/runtime_manifest.go`; porter #855, #1516).
const SHORTEST_SECRET: usize = 12;

/// An output of the bundle that a run has produced.
#[derive(Debug, Clone, PartialEq)]
pub struct Produced {
    /// The name.
    pub name: String,
    /// The value, byte for byte.
    pub bytes: Vec<u8>,
    /// Its type in `porter.yaml`.
    pub kind: String,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// The outputs handed back so far; a later step wins.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    of_steps: BTreeMap<String, Vec<u8>>,
    /// Whether a step has ended. Until then there is no such map to templates.
    is_taken: bool,
}

impl Outputs {
    /// Takes what the step left in the folder. Every regular file is an output, and is removed once it is read
    /// (`readMixinOutputs` in Porter's `pkg/runtime`).
    pub fn take(&mut self, stage: &Stage, header: &Header) -> Outcome<()> {
        self.is_taken = true;
        let folder = stage.place(OUTPUTS_DIR);
        let failed = |error| Failure::failed(format!("failed to read the outputs of the step: {error}"));
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(bytes) = stage.get(&format!("{OUTPUTS_DIR}/{name}"))? else { continue };
            fs::remove_file(entry.path()).map_err(failed)?;
            // Porter hides every output that the bundle does not declare as harmless. A short one that the bundle does
            // not declare at all is no secret, but a word that would be hidden everywhere else.
            let declared = header.outputs.iter().find(|it| it.name == name);
            if declared.map_or(bytes.len() >= SHORTEST_SECRET, |output| output.sensitive) {
                remember_secret(&bytes);
            }
            self.of_steps.insert(name, bytes);
        }
        Ok(())
    }

    /// The outputs as `bundle.outputs` in templates.
    pub fn for_templates(&self) -> Seen {
        let texts =
            self.of_steps.iter().map(|(name, bytes)| (name, String::from_utf8_lossy(bytes).into_owned().into()));
        if self.is_taken { Seen::map(texts) } else { Seen::NoMap }
    }

    /// The outputs of the bundle for `action`: from the steps, else from the file that the output names, else its
    /// default. With them comes what is missing or of the wrong type.
    pub fn of_bundle(&self, header: &Header, action: &str, stage: &Stage) -> (Vec<Produced>, Vec<String>) {
        let (mut produced, mut mistakes) = (Vec::new(), Vec::new());
        for output in header.outputs.iter().filter(|output| applies(&output.apply_to, action)) {
            let bytes = match self.value_of(output, stage) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    mistakes.push(format!("required output {} is missing and has no default", output.name));
                    continue;
                }
                Err(failure) => {
                    mistakes.push(format!("output {}: {failure}", output.name));
                    continue;
                }
            };
            if output.sensitive {
                remember_secret(&bytes);
            }
            let output = Produced {
                name: output.name.clone(),
                bytes,
                kind: output.shape.kind().to_owned(),
                sensitive: output.sensitive,
            };
            if !output.is_of_its_kind() {
                mistakes.push(format!("output {} is no valid JSON of type {}", output.name, output.kind));
            }
            produced.push(output);
        }
        (produced, mistakes)
    }

    fn value_of(&self, output: &Output, stage: &Stage) -> Outcome<Option<Vec<u8>>> {
        if let Some(bytes) = self.of_steps.get(&output.name) {
            return Ok(Some(bytes.clone()));
        }
        let filed = output.path.as_ref().map(|path| stage.get(path)).transpose()?.flatten();
        let default = || output.shape.default.as_ref().map(|default| scalar_text(default).into_bytes());
        Ok(filed.or_else(default))
    }
}

impl Produced {
    /// The value as JSON: strings and files are text, everything else is what it says.
    #[must_use]
    pub fn value(&self) -> Value {
        let text = || String::from_utf8_lossy(&self.bytes).into_owned().into();
        if self.is_text() { text() } else { serde_json::from_slice(&self.bytes).unwrap_or_else(|_| text()) }
    }

    fn is_text(&self) -> bool {
        matches!(self.kind.as_str(), "string" | "file" | "any")
    }

    /// `isTypeOk` in cnab-go's `action` package.
    fn is_of_its_kind(&self) -> bool {
        self.is_text() || serde_json::from_slice(&self.bytes).is_ok_and(|value: Value| has_kind(&value, &self.kind))
    }
}
