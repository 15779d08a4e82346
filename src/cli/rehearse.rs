//! `backstack rehearse`.

use std::path::PathBuf;

use clap::Args;

/// The hub, and the cluster to try it on.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// The kubeconfig of the hub. Default: as in a step without one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig of an empty cluster that nobody needs; it is left as it is then
    #[arg(long, value_name = "FILE")]
    pub scratch: String,
    /// The export to bring there. Default: one that is made now, and kept nowhere
    #[arg(long, value_name = "EXPORT", requires = "identity")]
    pub secrets: Option<PathBuf>,
    /// The identity of age that opens it
    #[arg(long, value_name = "FILE", requires = "secrets")]
    pub identity: Option<PathBuf>,
    /// A Secret that is brought, too; without it only those by which Argo CD reads git are
    #[arg(long, value_name = "NAMESPACE/NAME", value_delimiter = ',')]
    pub bring: Vec<String>,
    /// How many minutes the installation may take
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub timeout: u16,
}
