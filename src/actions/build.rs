//! `build`: the Dockerfile lines that the bundle's image needs.

use std::path::Path;

use crate::input;
use crate::porter::{BuildInput, dockerfile_lines};
use crate::report::{Outcome, answer};

/// Answers with the lines for the steps in `input`, of the bundle in the folder of the process. Their mistakes are the business of
/// `lint`.
pub fn run(input: &str) -> Outcome<()> {
    answer(&dockerfile_lines(&BuildInput::read(input)?, &pinned()))
}

/// The programs and providers that the bundle pins, where its lock is at hand: Porter can build a file elsewhere.
fn pinned() -> Vec<String> {
    let text = input::text_of(Path::new("lock.yaml")).unwrap_or_default();
    let assets = crate::document::read_lock("lock.yaml", &text).map_or_else(|_| Vec::new(), |lock| lock.assets);
    let platform = |it: &Option<String>| it.clone().unwrap_or_default();
    let run = assets.iter().filter(|asset| asset.form.is_run());
    run.map(|it| format!("{} {} for {}", it.name, it.version, platform(&it.platform))).collect()
}
