//! `backstack secrets`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be done with the Secrets of a hub. `--output json` tells everything by name.
#[derive(Debug, Subcommand)]
pub enum SecretsVerb {
    /// Write the Secrets that git does not hold to a file, encrypted to recipients of age
    Export(SecretsExport),
    /// Bring the Secrets of such a file to a cluster; what is there with another value stays
    Import(SecretsImport),
}

/// From which hub, to which file.
#[derive(Debug, Args)]
pub struct SecretsExport {
    /// The kubeconfig of the hub. Default: as in a step without one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Who may open the file: a recipient of age
    #[arg(long, value_name = "age1…", required = true)]
    pub recipient: Vec<String>,
    /// The file to write, for its owner alone
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Overwrite the file that is there, unless it has far more in it
    #[arg(long)]
    pub force: bool,
    /// Open the file that is there to compare what is in it; without one its size is compared
    #[arg(long, value_name = "FILE", requires = "force")]
    pub identity: Option<PathBuf>,
    /// Export although the hub is not as git has it
    #[arg(long)]
    pub unsynced: bool,
}

/// From which file, to which cluster.
#[derive(Debug, Args)]
pub struct SecretsImport {
    /// The file that an export wrote
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,
    /// The identity of age that belongs to a recipient of the export
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// The kubeconfig of the cluster. Default: as in a step without one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// A Secret that gets the values of the export although it has others
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub replace: Vec<String>,
}
