//! A step of a bundle, for every action.

use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Failure, Outcome};

/// Does the step.
pub fn run(_input: &StepInput, _outputs: &Outputs, _console: &Console) -> Outcome<()> {
    Err(Failure::failed("not built yet"))
}
