//! `backstack vendor`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

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
