//! `backstack explain` and `backstack schema`.

use clap::{Args, ValueEnum};

/// What is explained.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code of lint or doctor, a field such as `bead.application.chart` or by its name alone, an exit code, or `exit-codes`.
    /// Default: a list of what there is
    #[arg(value_name = "CODE|FIELD")]
    pub what: Option<String>,
    /// Every field below
    #[arg(long, requires = "what")]
    pub recursive: bool,
}

/// What there is a schema of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// `hub.yaml`
    Hub,
    /// `bead.yaml`
    Bead,
    /// `lock.yaml`
    Lock,
    /// What stands under `backstack:` in a step
    Step,
}
