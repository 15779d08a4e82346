//! The daily verbs: about the hub of the cluster that the kubeconfig leads to, without a bundle.

use clap::Args;

use super::ClusterArgs;

/// Which hub, and how long everything may take.
#[derive(Debug, Args)]
pub struct HubArgs {
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The address of the hub's repository for this run, when it is another one than Argo CD's
    #[arg(long, value_name = "URL")]
    pub git_url: Option<String>,
    /// How long everything may take, as 90s or 10m. Default: 2m; 5m for verify and diff, 10m for wait
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
}

/// `backstack status`.
#[derive(Debug, Args)]
#[command(
    after_help = "It reads only. A commit that is pushed and not there yet is shown, and is no Ready. Forms: table, json, yaml, name."
)]
pub struct StatusArgs {
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// The repository that the hub should follow; with another one it ends with 3
    #[arg(long, value_name = "URL[@BRANCH]")]
    pub repository: Option<String>,
    /// End with 6 when the hub is not Ready
    #[arg(long)]
    pub exit_code: bool,
}

/// `backstack verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "It changes one key of ConfigMap argocd/backstack-canary, which Argo CD has to put back, and writes down that the commit is
proven. It ends with 1 when something does not hold. Forms: table, json, yaml."
)]
pub struct VerifyArgs {
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
}

/// `backstack diff`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each object is tried on the API server as Argo CD would apply it; nothing is written. What only Argo CD can render, as
charts, is not looked at, and is named. Forms: table, json, yaml, markdown."
)]
pub struct DiffArgs {
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// End with 5 when something differs of what was looked at
    #[arg(long)]
    pub exit_code: bool,
}

/// `backstack wait`.
#[derive(Debug, Args)]
#[command(
    after_help = "Argo CD is asked to look at git. At the deadline it ends with 4, and says what is in the way. What comes to spokes is not
waited for. Forms: table, json, yaml, name."
)]
pub struct WaitArgs {
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Wait for this Application alone, or for that of a bead by its name
    #[arg(long, value_name = "NAME", conflicts_with = "bead")]
    pub application: Option<String>,
    /// Wait for the Applications of this bead alone
    #[arg(long, value_name = "NAME")]
    pub bead: Option<String>,
    /// The commit to wait for, whole. Default: the one that the branch is at
    #[arg(long, value_name = "SHA")]
    pub revision: Option<String>,
}
