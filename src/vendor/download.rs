//! A file from a web server, never more than its bound.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use super::web::{By, curl};
use crate::document::Download;
use crate::files::Sha256Of;
use crate::report::{Failure, Outcome};

/// Downloads a file of no more than so many bytes, and tells what it is.
pub async fn download(url: &str, by: By<'_>, file: &Path, most: u64, deadline: Instant) -> Outcome<Download> {
    let failed = |failure: Failure| failure.context(format!("failed to download {url}"));
    let unwritable = |error: io::Error| {
        Failure::failed(format!("failed to write {}: {error}", file.display()))
            .hint("it is for a download on its way; TMPDIR names a folder with more room")
    };
    let curl = curl(url, by)?.args(["--fail", "--", url]);
    let mut written = tokio::fs::File::create_new(file).await.map_err(unwritable)?;
    let (status, said) = curl.bound(most).run_into(&mut written, deadline).await.map_err(failed)?;
    if !status.success() {
        return Err(Failure::failed(format!("failed to download {url}")).details(said.lines()));
    }
    identified(file).map_err(unwritable)
}

/// The digest and the size of a file.
pub(super) fn identified(path: &Path) -> io::Result<Download> {
    copied(File::open(path)?, io::sink())
}

/// The digest and the size of what was copied.
pub(super) fn copied(mut from: impl io::Read, mut to: impl Write) -> io::Result<Download> {
    let (mut digest, mut size, mut piece) = (Sha256Of::default(), 0, vec![0; 1 << 16]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(Download { sha256: digest.told(), size }),
            read => {
                digest.add(&piece[..read]);
                to.write_all(&piece[..read])?;
                size += read as u64;
            }
        }
    }
}
