//! `backstack claims`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// What can be done with a claims repository.
#[derive(Debug, Subcommand)]
pub enum ClaimsVerb {
    /// Check the claims in a checkout, as a pull request has it, against what the hub offers
    Check(ClaimsCheck),
}

/// What is checked, and against which hub. `--output` takes `json`, `github` (annotations) and `gitlab` (code quality).
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["hub", "live", "kubeconfig", "context"]).required(true).multiple(true)))]
pub struct ClaimsCheck {
    /// The checkout of the claims repository
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// The hub repository: a checkout of it, or its address. Default for BRANCH: main
    #[arg(long, value_name = "DIR|URL[@BRANCH]", conflicts_with_all = ["live", "kubeconfig", "context"])]
    pub hub: Option<String>,
    /// The login for this address, `USER:PASSWORD`: the name of an environment variable that holds it, or else the path of a file
    #[arg(long, value_name = "ENV|PATH", requires = "hub")]
    pub hub_login: Option<String>,
    /// Ask the hub itself, by the current kubeconfig; every claim is tried on it, and nothing is changed
    #[arg(long)]
    pub live: bool,
    /// The same, by this kubeconfig
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The same, by this context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// What looks like a secret and is none: a file, or a value in it
    #[arg(long, value_name = "FILE[:FIELD]")]
    pub not_secret: Vec<String>,
}
