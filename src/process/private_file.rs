//! Files for their owner alone, of which a kill, or a machine that stops, leaves the old one or the new one.

use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// How the name of a file begins that is not in its place yet.
pub const UNFINISHED: &str = ".new-";

/// Writes a file with the mode 0600 into a folder that is there, in the place of whatever has its name.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, file) = written_beside(path, bytes)?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}

/// The same in a folder that may not be there yet: those above the file that are not are made private.
pub fn write_private_below(path: &Path, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    write_private(path, bytes)
}

/// As [`write_private`] where nothing has its name. What somebody has put there meanwhile stays, and is an error.
pub fn write_new_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, file) = written_beside(path, bytes)?;
    file.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

/// A file for its owner alone with this content, beside the one whose place it may take, and the folder of both.
pub fn written_beside<'p>(path: &'p Path, bytes: &[u8]) -> io::Result<(&'p Path, NamedTempFile)> {
    let folder = folder_of(path);
    let mut file = Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok((folder, file))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_written_is_private_and_takes_the_place_of_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        write_private(&file, b"one").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
        write_private(&file, b"two").expect("written");
        assert_eq!(fs::read(&file).expect("read"), b"two");
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
    #[test]
    fn what_is_there_stays_where_a_new_file_is_wanted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        write_new_private(&file, b"one").expect("written");
        let refused = write_new_private(&file, b"two").expect_err("it is there");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).expect("read"), b"one");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}
