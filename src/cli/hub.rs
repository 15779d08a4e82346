//! `backstack hub`.

use std::path::PathBuf;

use clap::Subcommand;

/// What can be done with a hub without a cluster.
#[derive(Debug, Subcommand)]
pub enum HubVerb {
    /// Write a hub bundle to start from
    New {
        /// The name of the hub and of its bundle
        #[arg(value_name = "NAME")]
        hub: String,
        /// The folder to write into. Default: the name of the hub
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}
