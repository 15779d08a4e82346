//! `backstack pin` and `backstack outdated`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::servers::Servers;

/// What is pinned anew, and in which folder.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(subcommand_precedence_over_arg = true)]
pub struct PinArgs {
    /// What lock.yaml or a document pins, and the version that it is to have; with `--upgrade` the names alone
    #[arg(value_name = "NAME@VERSION")]
    pub names: Vec<String>,
    /// Take the newest version: of the patches, or as `--minor` and `--major` say
    #[arg(long)]
    pub upgrade: bool,
    /// Upgrade everything that is pinned
    #[arg(long, requires = "upgrade", conflicts_with = "names")]
    pub all: bool,
    /// Go to the newest minor version that upstream allows in one step
    #[arg(long, requires = "upgrade")]
    pub minor: bool,
    /// Go to the newest version that upstream allows in one step, whatever it is
    #[arg(long, requires = "upgrade", conflicts_with = "minor")]
    pub major: bool,
    /// How upstream is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// Charts, images and packages, by where they come from.
    #[command(subcommand)]
    pub verb: Option<PinVerb>,
}

/// What is pinned by where it comes from.
#[derive(Debug, Clone, Subcommand)]
pub enum PinVerb {
    /// Pin a chart of a Helm repository or of a registry
    Chart {
        /// The name of the chart
        name: String,
        /// The repository: `https://…`, or `oci://registry/path` without the name of the chart
        #[arg(long, value_name = "URL")]
        repository: String,
        /// The version
        #[arg(long, value_name = "VERSION")]
        version: String,
    },
    /// Pin an image by the digest that its registry has for its tag
    Image {
        /// The image with its tag
        reference: String,
    },
    /// Pin a Crossplane package by the digest that its registry has for its tag
    Package {
        /// The package with its tag
        reference: String,
    },
}

/// The folder, and how upstream is reached: as `vendor` does it.
#[derive(Debug, Clone, Default, Args)]
pub struct Reach {
    /// The folder with lock.yaml and the documents
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".", global = true)]
    pub dir: PathBuf,
    /// A folder to look in first, as `vendor --from` has it
    #[arg(long, value_name = "DIR", global = true)]
    pub from: Vec<PathBuf>,
    /// Who is asked, and who asks.
    #[command(flatten)]
    pub servers: Servers,
    /// Pin what upstream has now where it has other content than is pinned under the same version
    #[arg(long, global = true)]
    pub repin: bool,
}

/// Which pins are looked at. `--output` is one of table, json, yaml and name.
#[derive(Debug, Clone, Default, Args)]
pub struct OutdatedArgs {
    /// The folder with lock.yaml and the documents. Default: the one that you are in
    #[arg(value_name = "DIR")]
    place: Option<PathBuf>,
    /// The same folder, as `pin` has it
    #[arg(short = 'C', long, value_name = "DIR", conflicts_with = "place")]
    dir: Option<PathBuf>,
    /// End with exit code 5 when something is outdated
    #[arg(long)]
    pub exit_code: bool,
    /// Who is asked, and who asks.
    #[command(flatten)]
    pub servers: Servers,
}

impl OutdatedArgs {
    /// The same in the words of `pin`.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let dir = self.dir.as_ref().or(self.place.as_ref()).cloned().unwrap_or_else(|| PathBuf::from("."));
        Reach { dir, servers: self.servers.clone(), ..Reach::default() }
    }
}
