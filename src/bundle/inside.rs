//! Files below a folder, reached step by step from it: no link is followed on the way, so none leads out, whoever makes one
//! meanwhile.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, mkdirat, openat, unlinkat};
use rustix::io::Errno;

use crate::input::bytes_from;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The bytes of a file below `root`. `None` when there is no such file.
pub(super) fn read(root: &Path, path: &Path) -> io::Result<Option<Vec<u8>>> {
    open(root, path)?.map(bytes_from).transpose()
}

/// A file below `root`, to be read. `None` when there is no such file.
pub(super) fn open(root: &Path, path: &Path) -> io::Result<Option<File>> {
    let opened = folder(root, path, false).and_then(|(parent, name)| {
        Ok(openat(
            &parent,
            name,
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )?)
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(explained(error)),
    };
    if FileType::from_raw_mode(fstat(&file)?.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok(Some(File::from(file)))
}

/// The text of a file in the folder of a bundle, wherever a link of it leads there. One outside is not read.
pub fn text_in(folder: &Path, path: &str) -> io::Result<String> {
    let (folder, found) = (fs::canonicalize(folder)?, fs::canonicalize(folder.join(path))?);
    let inside = found.strip_prefix(&folder).map_err(|_| io::Error::other("it is outside of the bundle's folder"))?;
    let bytes = read(&folder, inside)?.ok_or(ErrorKind::NotFound)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Writes a file below `root`, and the folders on the way, for its owner only. What is in its place is replaced.
pub(super) fn write(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (parent, name) = folder(root, path, true).map_err(explained)?;
    match unlinkat(&parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    File::from(openat(&parent, name, flags, Mode::RUSR | Mode::WUSR)?).write_all(bytes)
}

/// The folder that holds the last part of a path, and that part.
fn folder<'p>(root: &Path, path: &'p Path, make: bool) -> io::Result<(OwnedFd, &'p std::ffi::OsStr)> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(io::Error::other("it leads out of its folder")),
        }
    }
    let Some((last, on_the_way)) = parts.split_last() else { return Err(io::Error::other("it names no file")) };
    let mut folder = openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for name in on_the_way {
        if make {
            match mkdirat(&folder, *name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        folder = openat(&folder, *name, FOLDER, Mode::empty())?;
    }
    Ok((folder, last))
}

/// What the system says of a link that it does not follow is no help.
fn explained(error: io::Error) -> io::Error {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::LOOP | Errno::NOTDIR) => io::Error::other("it leads over a link, or over what is no folder"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn nothing_outside_is_read_or_written() {
        let (root, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(outside.path().join("secret"), "s3cret").expect("written");
        symlink(outside.path(), root.path().join("out")).expect("linked");
        symlink(outside.path().join("secret"), root.path().join("file")).expect("linked");
        for path in ["out/secret", "file", "../secret", "a/../../x", "/", ""] {
            assert!(read(root.path(), Path::new(path)).is_err(), "{path}");
        }
        for path in ["out/new", "../new", "/"] {
            assert!(write(root.path(), Path::new(path), b"x").is_err(), "{path}");
        }
        write(root.path(), Path::new("file"), b"mine").expect("the link is replaced");
        assert_eq!(fs::read(outside.path().join("secret")).expect("there"), b"s3cret");
        assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 1);
        assert_eq!(read(root.path(), Path::new("/file")).expect("read").as_deref(), Some(b"mine".as_slice()));
    }

    #[test]
    fn a_file_is_for_its_owner() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), Path::new("/a/./b"), b"12345").expect("written");
        let mode = fs::metadata(root.path().join("a/b")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read(root.path(), Path::new("a/c")).expect("read"), None);
        assert_eq!(read(root.path(), Path::new("c/c")).expect("read"), None);
        assert!(read(root.path(), Path::new("a")).is_err(), "a folder");
    }
}
