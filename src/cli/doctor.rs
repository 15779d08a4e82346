//! `backstack doctor`.

use clap::Args;

use super::ClusterArgs;

/// Which Argo CD is looked at, and for what. `--output json` prints everything.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The namespace of Argo CD
    #[arg(long, value_name = "NAME", default_value = "argocd")]
    pub namespace: String,
    /// End with exit code 1 when something of harm 2 or 3 is found, or could not be looked at
    #[arg(long)]
    pub strict: bool,
    /// Only what has these codes, of docs/doctor.md
    #[arg(long, value_name = "CODE", value_delimiter = ',', num_args = 1..)]
    pub only: Vec<String>,
    /// Also ask git whether it takes a push by Argo CD's credentials; nothing is pushed
    #[arg(long)]
    pub ask_git: bool,
}
