//! `version`: who is speaking.

use serde::Serialize;

use crate::env;
use crate::porter::MIXIN;
use crate::report::{Failure, Outcome, OutputForm, answer};

/// The forms of the answer.
pub const FORMS: &[OutputForm] = &[OutputForm::Table, OutputForm::Json];

/// What Porter stamps into a bundle (`Metadata` and `VersionInfo` in Porter's `pkg/pkgmgmt`, flat).
#[derive(Serialize)]
struct Metadata {
    name: &'static str,
    version: &'static str,
    commit: &'static str,
    author: &'static str,
}

const METADATA: Metadata = Metadata {
    name: MIXIN,
    version: concat!("v", env!("CARGO_PKG_VERSION")),
    commit: env::COMMIT,
    author: "The BACK Stack",
};

/// Answers with the version, for Porter as JSON and for people as a line.
pub fn run(form: OutputForm) -> Outcome<()> {
    let line = if form == OutputForm::Json {
        serde_json::to_string(&METADATA).map_err(|error| Failure::failed(error.to_string()))?
    } else {
        format!("{} {} ({})", METADATA.name, METADATA.version, METADATA.commit)
    };
    answer(&format!("{line}\n"))
}
