//! The command line: types, no logic.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use clap_complete::Shell;

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
    /// Read the input from a file instead of stdin
    #[arg(short, long, global = true, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The form of the answer; `json` where a verb has one
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub output: Option<String>,
    /// The custom action that `invoke` is for
    #[arg(long, global = true, value_name = "ACTION")]
    pub action: Option<String>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
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
        /// The folder of the bundle. Default: the steps on stdin, or on a terminal the folder that you are in
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Print the JSON schema of the steps
    Schema,
    /// Print the version
    Version,

    // The toolkit's own: for people who write and operate bundles.
    /// Fetch what a bundle's lock pins into its assets
    Vendor(VendorArgs),
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
    /// Look for what is wrong with an Argo CD, whoever has installed it; nothing is changed
    Doctor(DoctorArgs),
    /// Print the resource definitions that a hub ships
    Crds,
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
}

/// What can be done with a bundle.
#[derive(Debug, Subcommand)]
pub enum BundleVerb {
    /// Play an action of a bundle as Porter would, without Docker, registry or database
    Run(BundleRun),
    /// Print the `images` of a hub or bead bundle for its porter.yaml, so that they are copied along with it
    Images(BundleSource),
}

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

/// What can be done with a bead without a hub.
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
}

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

/// Which Argo CD is looked at, and for what. `--output json` prints everything.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The kubeconfig. Default: as kubectl finds it
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig. Default: its current one
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// The namespace of Argo CD
    #[arg(long, value_name = "NAME", default_value = "argocd")]
    pub namespace: String,
    /// End with exit code 1 when something of harm 2 or 3 is found, or could not be looked at
    #[arg(long)]
    pub strict: bool,
    /// Only what has these codes, of docs/doctor.md
    #[arg(long, value_name = "CODE", value_delimiter = ',', num_args = 1..)]
    pub only: Vec<String>,
    /// Also ask git whether it takes a push by Argo CD's credentials; nothing is pushed
    #[arg(long)]
    pub ask_git: bool,
}

/// What can be done with the Secrets of a hub. `--output json` tells everything by name.
#[derive(Debug, Subcommand)]
pub enum SecretsVerb {
    /// Write the Secrets that git does not hold to a file, encrypted to recipients of age
    Export(SecretsExport),
    /// Bring the Secrets of such a file to a cluster; what is there with another value stays
    Import(SecretsImport),
}

/// From which hub, to which file.
#[derive(Debug, Args)]
pub struct SecretsExport {
    /// The kubeconfig of the hub. Default: as in a step without one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Who may open the file: a recipient of age
    #[arg(long, value_name = "age1…", required = true)]
    pub recipient: Vec<String>,
    /// The file to write, for its owner alone
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Overwrite the file that is there, unless it has far more in it
    #[arg(long)]
    pub force: bool,
    /// Open the file that is there to compare what is in it; without one its size is compared
    #[arg(long, value_name = "FILE", requires = "force")]
    pub identity: Option<PathBuf>,
    /// Export although the hub is not as git has it
    #[arg(long)]
    pub unsynced: bool,
}

/// From which file, to which cluster.
#[derive(Debug, Args)]
pub struct SecretsImport {
    /// The file that an export wrote
    #[arg(value_name = "EXPORT")]
    pub export: PathBuf,
    /// The identity of age that belongs to a recipient of the export
    #[arg(long, value_name = "FILE")]
    pub identity: PathBuf,
    /// The kubeconfig of the cluster. Default: as in a step without one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// A Secret that gets the values of the export although it has others
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub replace: Vec<String>,
}

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

/// The arguments of `backstack vendor`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("logins").args(["mirror_login", "netrc_file"]).multiple(true)))]
pub struct VendorArgs {
    /// The folder of the bundle
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Only these downloads, by their names in lock.yaml
    pub names: Vec<String>,
    /// A folder to look in first: laid out as `assets/`, as a Go module cache, or as a mirror of providers; a program and a
    /// provider may stand in it under the name that they are published by
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Download from `URL/<host>/<path>` instead of from the upstream address
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
    /// The login for the mirror, `USER:PASSWORD`: the name of an environment variable that holds it, or else the path of a file
    #[arg(long, value_name = "ENV|PATH", requires = "mirror")]
    pub mirror_login: Option<String>,
    /// Logins by host, as curl and git read them from `.netrc`
    #[arg(long, value_name = "FILE")]
    pub netrc_file: Option<PathBuf>,
    /// Let a login be sent to another machine over HTTP without TLS
    #[arg(long, requires = "logins")]
    pub allow_insecure: bool,
    /// Only verify what is there; no network, nothing is written
    #[arg(long, conflicts_with_all = ["from", "mirror", "mirror_login", "netrc_file"])]
    pub check: bool,
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
    /// A credential: the name of an environment variable that holds it, or else the path of a file
    #[arg(long = "cred", value_name = "NAME=ENV|PATH")]
    pub credentials: Vec<String>,
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

/// Reads a command line, the name of the program first. It may be any: Porter runs a copy as `backstack-runtime`.
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line)
}
