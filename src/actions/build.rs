//! `build`: the Dockerfile lines that the bundle's image needs.

use crate::porter::{BuildInput, dockerfile_lines};
use crate::report::{Outcome, answer};

/// Answers with the lines for the steps in `input`. Their mistakes are the business of `lint`.
pub fn run(input: &str) -> Outcome<()> {
    answer(dockerfile_lines(&BuildInput::read(input)?))
}
