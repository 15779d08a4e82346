//! Values, put where the bundle finds them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::manifest::{Header, applies};
use super::seen::Seen;
use super::stage::Stage;
use super::values::Given;
use crate::report::Outcome;

/// Whether the paths in a value are moved: a parameter may name a file of the image, a secret is left as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    Parameter,
    Credential,
}

/// Puts the values where the bundle finds them. Returns them as templates see them: those only in files by their path,
/// objects by their parts, everything else as text (`resolveParameter` in Porter's `pkg/runtime`).
pub(super) fn deliver(
    values: &[Given],
    stage: &Stage,
    environment: &mut BTreeMap<String, String>,
    secrecy: Secrecy,
) -> Outcome<Seen> {
    let mut seen = Vec::new();
    for value in values {
        if let (Some(path), Some(bytes)) = (&value.file, &value.bytes) {
            stage.put(path, bytes)?;
        }
        let shown = match &value.variable {
            None => value.file.as_deref().unwrap_or_default().into(),
            Some(variable) => {
                let text = value.text();
                if let Some(text) = &text {
                    let moved = if secrecy == Secrecy::Parameter { stage.moved(text) } else { text.clone() };
                    environment.insert(variable.clone(), moved);
                }
                let text = text.unwrap_or_default();
                match serde_json::from_str(&text) {
                    Ok(object) if value.kind == "object" => Seen::of_json(&object).into_object(),
                    _ => text.into(),
                }
            }
        };
        seen.push((value.name.as_str(), shown));
    }
    Ok(Seen::map(seen))
}

/// The files of the stage that hold credentials.
pub(super) fn files_of(credentials: &[Given], stage: &Stage) -> String {
    let given = credentials.iter().filter(|it| it.bytes.is_some()).filter_map(|it| it.file.as_deref());
    given.map(|file| stage.place(file).to_string_lossy().into_owned()).collect::<Value>().to_string()
}

/// With the parameters that have no value yet, since it would come from an output: they are empty.
pub(super) fn with_those_not_given(given: &Seen, header: &Header, action: &str) -> Seen {
    let all = header.parameters.iter().filter(|it| applies(&it.apply_to, action));
    Seen::map(all.map(|it| {
        let value = given.get(&it.name).cloned().unwrap_or_else(|| it.path.clone().unwrap_or_default().into());
        (it.name.as_str(), value)
    }))
}
