//! What looks at a cluster and changes nothing: `check`, `tree`, `open`, `logs`.

use std::path::PathBuf;

use clap::Args;

use super::ClusterArgs;

/// What is asked of a cluster that is to become a hub.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The folder of a hub bundle: then each of its objects is asked for and tried, not what every hub has alone
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Before an installation: may this cluster become a hub? Nothing is written
    #[arg(long)]
    pub pre: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Which Applications are drawn, and how far down.
#[derive(Debug, Args)]
pub struct TreeArgs {
    /// Only what is below this Application, or below a bead by its name. Default: root, and then those that nothing else brings
    #[arg(value_name = "APPLICATION")]
    pub application: Option<String>,
    /// Also each object that is as it should be
    #[arg(long)]
    pub all: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// How Argo CD is reached.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Also print the first password, where stdout is a terminal
    #[arg(long)]
    pub show_password: bool,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Whose logs are printed, and which of their lines.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// A part of Argo CD, such as `repo-server`. Default: all of them
    #[arg(value_name = "PART")]
    pub parts: Vec<String>,
    /// Go on with what comes, until Ctrl-C or until all of these pods have ended
    #[arg(long)]
    pub follow: bool,
    /// Only what is not older than this, such as `10m`
    #[arg(long, value_name = "DURATION")]
    pub since: Option<String>,
    /// The last lines of each container
    #[arg(long, value_name = "LINES", default_value_t = 100)]
    pub tail: u32,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}
