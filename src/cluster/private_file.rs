//! Files that nobody else may read, and that are there whole or not at all.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::input::bytes_of;
use crate::process::write_private_below;
use crate::report::{Failure, Outcome};

/// Writes a file with the mode 0600, in the place of whatever was there. Folders above it that are not there are made private.
pub fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    write_private_below(path, bytes).map_err(|error| {
        Failure::failed(format!("failed to write {}: {error}", path.display()))
            .hint("the user of the bundle, uid 65532 in Porter's image, must be able to write to its folder")
    })
}

/// The bytes of a file; `None` where there is none, or nothing in it.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match bytes_of(path) {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| !bytes.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_written_is_private_and_takes_the_place_of_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("below/file");
        assert_eq!(read(&file).expect("looked"), None);
        write(&file, b"one").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("ours");
        write(&file, b"two").expect("written");
        assert_eq!(read(&file).expect("read").as_deref(), Some(&b"two"[..]));
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(file.parent().expect("a folder")).expect("listed").count(), 1);
    }
}
