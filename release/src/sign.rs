//! The signature of a release: minisign's, over the digests of all its files.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The program, which asks for the password of the key itself, so that neither comes near this process.
const PROGRAM: &str = "minisign";

/// Signs a file with a secret key, into a file beside it that `minisign -V` reads, and answers that file. The comment is
/// signed along; it holds no time of day, so that the same key signs the same release in the same way.
pub fn sign(file: &Path, key: &Path, comment: &str) -> Result<PathBuf> {
    let mut signature = file.as_os_str().to_owned();
    signature.push(".minisig");
    let mut minisign = Command::new(PROGRAM);
    minisign.args(["-S", "-s"]).arg(key).arg("-m").arg(file).arg("-x").arg(&signature).args(["-t", comment]);
    let status = minisign
        .status()
        .with_context(|| format!("failed to start {PROGRAM}\nhint: it is a package of Debian and of Homebrew"))?;
    ensure!(status.success(), "{PROGRAM} did not sign {} with {}", file.display(), key.display());
    Ok(signature.into())
}
