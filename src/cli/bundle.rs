//! `backstack bundle`, and the bundle that other verbs are given.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be done with a bundle.
#[derive(Debug, Subcommand)]
pub enum BundleVerb {
    /// Play an action of a bundle as Porter would, without Docker, registry or database
    Run(Box<BundleRun>),
    /// Print the `images` of a hub or bead bundle for its porter.yaml, so that they are copied along with it
    Images(BundleSource),
}

/// A bundle, and the parameters for its bead.
#[derive(Debug, Args)]
pub struct BundleSource {
    /// The folder of the bundle
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// A parameter of the bead
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

/// How to play a bundle.
#[derive(Debug, Args)]
pub struct BundleRun {
    /// The action: install, upgrade, uninstall, or a custom action of the bundle
    #[arg(value_name = "ACTION")]
    pub bundle_action: String,
    /// The folder of the bundle
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// A parameter. One of type `file` is given as the path of a file
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Parameters: YAML or JSON, `NAME: VALUE`, or a parameter set of Porter. `--param` wins
    #[arg(long = "param-file", value_name = "FILE")]
    pub parameter_files: Vec<PathBuf>,
    /// A credential: the name of an environment variable that holds it, or else the path of a file. `kubeconfig` alone is the
    /// current one, cut down to one context
    #[arg(long = "cred", value_name = "NAME=ENV|PATH")]
    pub credentials: Vec<String>,
    /// Credentials by reference: YAML or JSON, `NAME: {env: VARIABLE}` or `{path: FILE}`, or a credential set of Porter. `--cred` wins
    #[arg(long = "cred-file", value_name = "FILE")]
    pub credential_files: Vec<PathBuf>,
    /// The context for `--cred kubeconfig`. Default: the current one
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Remember what is given for later runs of this installation, but no secret
    #[arg(long)]
    pub save: bool,
    /// Take the values of the last run for all that is not given
    #[arg(long)]
    pub reuse_values: bool,
    /// The name of the installation. Default: the name of the bundle
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where the images of the bundle are, as Porter has it for a bundle that was copied
    #[arg(long, value_name = "FILE")]
    pub relocation_mapping: Option<PathBuf>,
    /// The folder that keeps the `state` of the installation from run to run; for a bundle that declares one
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Write each output to a file in this folder
    #[arg(long, value_name = "DIR")]
    pub outputs_dir: Option<PathBuf>,
}
