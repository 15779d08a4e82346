//! Porter's side of the wire and nothing else: what Porter sends to a mixin, and what it reads back.
//!
//! The contract is Porter 1.6's: `pkg/runtime` (steps and outputs), `pkg/mixin/query` (input of `build` and `lint`),
//! `pkg/linter` (lint results), `pkg/build` (Dockerfile lines) and `pkg/porter/schema.go` (the merged schema).

mod build_input;
mod dockerfile;
mod lint;
mod outputs;
mod relocation;
pub mod schema;
mod step_input;

pub use build_input::{ActionSteps, BuildInput, TemplatedStep};
pub use dockerfile::lines as dockerfile_lines;
pub use lint::{Level, LintResult, Location};
pub use outputs::{OUTPUTS_DIR, Outputs};
pub use relocation::{RELOCATION_MAPPING, read as read_relocation_map, relocation_map};
pub use step_input::StepInput;

/// The name by which Porter knows this mixin: the key of its steps in `porter.yaml`.
pub const MIXIN: &str = "backstack";

/// The actions that every bundle has.
pub const CORE_ACTIONS: [&str; 3] = ["install", "upgrade", "uninstall"];

/// Names of custom actions that Porter takes for commands of the mixin instead of actions of the bundle
/// (`IsCoreMixinCommand` in Porter's `pkg/mixin/mixin.go`), so that their steps never run.
pub const RESERVED_ACTIONS: [&str; 4] = ["build", "lint", "schema", "version"];
