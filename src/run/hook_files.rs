//! The manifests that the hooks of a Hub document name, read into the document: what is committed needs no other file.

use std::path::Path;

use serde_json::{Map, Value};

use super::text::text_of;
use crate::document::{Hub, job_mistakes};
use crate::report::{Diagnostic, Failure, Outcome};
use crate::schema::plain;
use crate::yaml::{self, Reader};

/// Where such a file is to be.
const BESIDE: &str = "`manifest` of a hook is a file beside hub.yaml";

/// The document with the Jobs of its hooks in it; `folder` is where it lies.
pub fn with_hooks(mut hub: Hub, folder: &Path) -> Outcome<Hub> {
    for hook in hub.spec.components.iter_mut().flat_map(|it| &mut it.hooks) {
        if let Some(file) = hook.manifest.take() {
            hook.job = Some(job(&file, &text_of(&folder.join(&file), BESIDE)?)?);
        }
    }
    Ok(hub)
}

/// The Job in a file. Fails with every mistake, each with its place.
fn job(file: &str, text: &str) -> Outcome<Map<String, Value>> {
    let document =
        yaml::parse(file, text, Reader::Kubernetes).map_err(|mistake| Failure::document(file, vec![*mistake]))?;
    let job = plain(&document.root).as_object().cloned().unwrap_or_default();
    let told = |(field, message, hint): (&str, String, &str)| {
        Diagnostic::error(field, message).at(&document.source, document.root.nearest(field).place).hint(hint)
    };
    let mistakes: Vec<Diagnostic> = job_mistakes(&job).into_iter().map(told).collect();
    if mistakes.is_empty() { Ok(job) } else { Err(Failure::document(file, mistakes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_one_job_or_its_mistakes_have_places() {
        let text = "apiVersion: batch/v1\nkind: Job\nspec:\n  ttlSecondsAfterFinished: 3\n  template: {spec: {containers: [{name: a}]}}\n";
        let failure = job("hooks/a.yaml", text).expect_err("a trap");
        let said = failure.diagnostics[0].to_string();
        assert!(said.starts_with("hooks/a.yaml:4:"), "{said}");
        assert!(job("hooks/a.yaml", &text.replace("  ttlSecondsAfterFinished: 3\n", "")).is_ok());
        assert!(job("hooks/a.yaml", "a: [").is_err());
    }
}
