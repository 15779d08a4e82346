//! `backstack vendor`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::servers::Servers;

/// The arguments of `backstack vendor`.
#[derive(Debug, Clone, Default, Args)]
pub struct VendorArgs {
    /// The folder of the bundle. Default: the one that you are in
    #[arg(value_name = "DIR")]
    pub place: Option<PathBuf>,
    /// Only these downloads, by their names in lock.yaml
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// The folder of the bundle; then all that is named besides are downloads
    #[arg(short = 'C', long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// A folder to look in first: laid out as `assets/`, as a Go module cache, or as a mirror of providers; a program and a
    /// provider may stand in it under the name that they are published by
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Who is asked, and who asks.
    #[command(flatten)]
    pub servers: Servers,
    /// Only verify what is there; no network, nothing is written
    #[arg(long, conflicts_with_all = ["from", "mirror", "mirror_login", "netrc_file"])]
    pub check: bool,
}

impl VendorArgs {
    /// The folder of the bundle.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.dir.as_deref().or(self.place.as_deref()).unwrap_or(Path::new("."))
    }

    /// The downloads that are meant; all of them where none is named.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let first = self.place.iter().filter(|_| self.dir.is_some()).map(|it| it.to_string_lossy().into_owned());
        first.chain(self.names.iter().cloned()).collect()
    }
}
