//! `backstack bead`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{BundleSource, ClusterArgs};

/// What can be done with beads outside of a bundle.
#[derive(Debug, Subcommand)]
pub enum BeadVerb {
    /// Write a bead bundle to start from
    New {
        /// The name of the bead
        #[arg(value_name = "NAME")]
        bead: String,
        /// The folder to write into. Default: the name of the bead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Check what can be looked at without a hub, and say what cannot
    Check(BundleSource),
    /// Print the files as the hub repository would hold them
    Render {
        /// The bead
        #[command(flatten)]
        source: BundleSource,
        /// Write the files below this folder instead
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// List the beads of a hub: version, parts, how they are, and what needs them
    List(ClusterArgs),
}
