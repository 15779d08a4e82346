//! Which cluster a verb of people is about.

use clap::Args;

/// The way to a cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterArgs {
    /// The kubeconfig. Default: as kubectl finds it
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig. Default: its current one
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}
