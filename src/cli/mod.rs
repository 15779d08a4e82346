//! The command line: types, no logic. One file a family of verbs.

mod bead;
mod bundle;
mod claims;
mod cluster;
mod daily;
mod doctor;
mod examples;
mod explain;
mod help;
mod hub;
mod look;
mod pin;
mod rehearse;
mod secrets;
mod servers;
mod vendor;

use std::ffi::OsString;
use std::path::PathBuf;

pub use bead::BeadVerb;
pub use bundle::{BundleRun, BundleSource, BundleVerb};
pub use claims::{ClaimsCheck, ClaimsVerb};
use clap::{Args, ColorChoice, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;
pub use cluster::ClusterArgs;
pub use daily::{DiffArgs, HubArgs, StatusArgs, VerifyArgs, WaitArgs};
pub use doctor::DoctorArgs;
pub use examples::EXAMPLES;
pub use explain::{ExplainArgs, SchemaOf};
pub use help::{color_of, command};
pub use hub::HubVerb;
pub use look::{CheckArgs, LogsArgs, OpenArgs, TreeArgs};
pub use pin::{OutdatedArgs, PinArgs, PinVerb, Reach};
pub use rehearse::RehearseArgs;
pub use secrets::{SecretsExport, SecretsImport, SecretsVerb};
pub use servers::Servers;
pub use vendor::VendorArgs;

/// Bootstraps a hub of The BACK Stack, hands it over to Argo CD and proves it.
#[derive(Debug, Parser)]
#[command(name = "backstack", bin_name = "backstack", version, arg_required_else_help = true)]
pub struct Cli {
    /// What Porter's mixin libraries accept everywhere.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Options that every verb accepts, because some caller of mixins gives them to every verb.
#[derive(Debug, Args)]
pub struct Common {
    /// Tell more
    #[arg(long, global = true)]
    pub debug: bool,
    /// Whether there are colours; `auto`: on a terminal, as `NO_COLOR` and `CLICOLOR_FORCE` say
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorChoice,
    /// Read the input from a file instead of stdin
    #[arg(short, long, global = true, value_name = "FILE", hide = true)]
    pub file: Option<PathBuf>,
    /// The form of the answer; `json` where a verb has one
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<String>,
    /// Write down what the run did when, as trace events that Perfetto and `about:tracing` of Chrome draw
    #[arg(long, global = true, value_name = "FILE", hide = true)]
    pub timeline: Option<PathBuf>,
    /// The custom action that `invoke` is for
    #[arg(long, global = true, value_name = "ACTION", hide = true)]
    pub action: Option<String>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    // Every day's: the hub of the cluster that the kubeconfig leads to.
    /// Tell how the hub is; nothing is changed
    Status(StatusArgs),
    /// Prove that Argo CD holds the hub, with the drift canary
    Verify(VerifyArgs),
    /// Tell what git holds and the cluster does not, and the other way round; nothing is changed
    Diff(DiffArgs),
    /// Wait until what is pushed is on the hub
    Wait(WaitArgs),
    /// Show the Applications of a hub, what they bring, and what is wrong with it
    Tree(TreeArgs),
    /// Say how to reach Argo CD and Backstage, and how to log in
    Open(OpenArgs),
    /// Print the logs of Argo CD's parts, each line with its pod
    Logs(LogsArgs),
    /// Before an installation, look whether a cluster may become a hub; nothing is changed
    Check(CheckArgs),
    /// Look for what is wrong with an Argo CD, whoever has installed it; nothing is changed
    Doctor(DoctorArgs),

    // The toolkit's own: for people who write and operate bundles.
    /// Fetch what a bundle's lock pins into its assets
    Vendor(VendorArgs),
    /// Move a version in lock.yaml and in the documents, with its digest
    Pin(PinArgs),
    /// Tell which pins have newer versions upstream
    Outdated(OutdatedArgs),
    /// Play bundles
    #[command(subcommand)]
    Bundle(BundleVerb),

    /// Write hub bundles
    #[command(subcommand)]
    Hub(HubVerb),
    /// Write, check and render beads
    #[command(subcommand)]
    Bead(BeadVerb),
    /// Check what people order from a hub
    #[command(subcommand)]
    Claims(ClaimsVerb),
    /// Print the resource definitions that a hub ships
    Crds,
    /// Say what a code of lint or doctor, a field of a document, or an exit code means
    Explain(ExplainArgs),
    /// Keep the Secrets of a hub, which git does not hold, and bring them back
    #[command(subcommand)]
    Secrets(SecretsVerb),
    /// Try on a scratch cluster what a disaster would cost
    Rehearse(RehearseArgs),

    // The shell's.
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },

    // Porter's: what a mixin must know.
    /// Do the step on stdin for `porter install`
    Install,
    /// Do the step on stdin for `porter upgrade`
    Upgrade,
    /// Do the step on stdin for `porter uninstall`
    Uninstall,
    /// Do the step on stdin for a custom action
    Invoke,
    /// Print the Dockerfile lines for the steps on stdin
    Build,
    /// Check a bundle, or for Porter the steps on stdin
    Lint {
        /// The folders of the bundles. Default: the steps on stdin, or where there are none the folder that you are in
        #[arg(value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// The folder of a bundle, as `pin` has it
        #[arg(short = 'C', long, value_name = "DIR", conflicts_with = "folders")]
        dir: Option<PathBuf>,
    },
    /// Print the JSON schema of the steps, or of a document
    Schema {
        /// Of what. Default: of all steps, as Porter merges it into its own
        of: Option<SchemaOf>,
    },
    /// Print the version
    Version,
}

/// Reads a command line, the name of the program first. It may be any: Porter runs a copy as `backstack-runtime`.
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let line: Vec<OsString> = line.into_iter().collect();
    let mut command = command().color(color_of(&line));
    let matches = command.try_get_matches_from_mut(line)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}
