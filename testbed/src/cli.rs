//! The command line: types only.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand};

use crate::{report, with};

/// The real peers of backstack on this machine, on loopback only.
#[derive(Debug, Parser)]
#[command(name = "testbed", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The directory of a testbed.
#[derive(Args, Clone, Debug)]
pub struct Dir {
    /// Where the testbed keeps its files [default: $XDG_STATE_HOME/backstack-testbed]
    #[arg(long, env = "BACKSTACK_TESTBED_DIR")]
    pub dir: Option<PathBuf>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Build what is missing in the cache
    Build {
        /// Only the control plane and Argo CD with what it needs
        #[arg(long)]
        hub_only: bool,
        /// Also older versions of Crossplane and Kyverno, for the tests of upgrades
        #[arg(long, conflicts_with = "hub_only")]
        older: bool,
    },
    /// Start the testbed in the background and wait until it is up
    ///
    /// Builds the control plane and Argo CD first when they are missing. Pods of programs that are not built are
    /// played by kwok. Where `porter` is on PATH, its store and its configuration are set up as well.
    Up {
        /// How many clusters
        #[arg(long, default_value_t = 1)]
        clusters: usize,
        #[command(flatten)]
        dir: Dir,
    },
    /// Stop the testbed with everything it runs
    Down {
        #[command(flatten)]
        dir: Dir,
    },
    /// Put a cluster back to its first minute
    Reset {
        /// The cluster's number
        #[arg(long, default_value_t = 1)]
        cluster: usize,
        #[command(flatten)]
        dir: Dir,
    },
    /// Make many objects on a cluster, as a hub of a large company stands beside
    ///
    /// Those that are there already are left.
    Crowd {
        /// `ConfigMaps`, a thousand in each namespace
        #[arg(long, default_value_t = 100_000)]
        objects: usize,
        /// Applications, as Argo CD leaves them; its definitions have to be there
        #[arg(long, default_value_t = 5000)]
        applications: usize,
        /// Definitions of kinds, each with a few objects
        #[arg(long, default_value_t = 300)]
        definitions: usize,
        /// The cluster's number
        #[arg(long, default_value_t = 1)]
        cluster: usize,
        #[command(flatten)]
        dir: Dir,
    },
    /// Tell what runs
    Status {
        #[command(flatten)]
        dir: Dir,
    },
    /// Print the log of one server
    Logs {
        /// The server, such as kube-apiserver or argocd-repo-server
        name: String,
        /// The cluster's number
        #[arg(long, default_value_t = 1)]
        cluster: usize,
        #[command(flatten)]
        dir: Dir,
    },
    /// Print the shell variables of a running testbed: eval "$(testbed env)"
    Env {
        /// The cluster's number
        #[arg(long, default_value_t = 1)]
        cluster: usize,
        #[command(flatten)]
        dir: Dir,
    },
    /// Run a command, such as a whole run of the tests, with a testbed that ends with it
    ///
    /// The command finds the testbed by `BACKSTACK_TESTBED_DIR`. Where that names one already, this one is used, and stays.
    With {
        /// How many clusters [default: as many as memory carries, up to four]
        #[arg(long, env = with::CLUSTERS, value_parser = RangedU64ValueParser::<usize>::new().range(1..=99))]
        clusters: Option<usize>,
        /// The command with its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// Start a cluster that ends when it is asked to, and print where its kubeconfig is
    #[command(hide = true)]
    ClusterUp {
        /// Its name
        name: String,
        /// With a node and pods; else it is an API server alone
        #[arg(long)]
        whole: bool,
        #[command(flatten)]
        dir: Dir,
    },
    /// End it, with its data
    #[command(hide = true)]
    ClusterDown {
        /// Its name
        name: String,
        #[command(flatten)]
        dir: Dir,
    },
    /// Print what a run of the tests has cost
    #[command(hide = true)]
    Report(report::Run),
    /// Run a program inside of a pod
    #[command(hide = true)]
    Inside {
        /// A port of the outside that the program reaches
        #[arg(long)]
        reach: Vec<u16>,
        /// The socket that leads outside
        #[arg(long)]
        out: PathBuf,
        /// The socket by which the outside reaches the program
        #[arg(long)]
        own: PathBuf,
        /// The program with its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Run the testbed in the foreground
    #[command(hide = true)]
    Serve {
        /// How many clusters
        #[arg(long, default_value_t = 1)]
        clusters: usize,
        /// End when stdin reaches its end
        #[arg(long)]
        until_eof: bool,
        /// Remove the directory at the end
        #[arg(long)]
        temporary: bool,
        /// Also run what the real Porter needs
        #[arg(long)]
        porter: bool,
        /// Build only the control plane and Argo CD with what it needs
        #[arg(long)]
        hub_only: bool,
        #[command(flatten)]
        dir: Dir,
    },
}
