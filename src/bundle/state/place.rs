//! A folder for one user and one run at a time, in which a file is the old one or the new one, whatever happens.

use std::fs::{self, DirBuilder, DirEntry, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::input::bytes_of;
use crate::process::write_private;
use crate::report::{Failure, Outcome};

/// The file that is locked, and that says by whom.
pub(super) const LOCK: &str = "lock";

/// The folder that is named, also when it is not there yet. Not in the bundle, which is copied for each run and into its image.
pub(super) fn found(path: &Path, bundle: &Path) -> Outcome<PathBuf> {
    let failed = |error| Failure::failed(format!("failed to find {}: {error}", path.display()));
    let place = to_be(path).map_err(failed)?;
    if fs::canonicalize(bundle).is_ok_and(|bundle| place.starts_with(bundle)) {
        return Err(Failure::usage(format!("--state {} is in the bundle itself; nothing was started", path.display()))
            .hint("name a folder beside the bundle: what is in it is part of its image"));
    }
    Ok(place)
}

/// Makes the folder, or makes it private.
pub(super) fn make_private(place: &Path) -> Outcome<()> {
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(place)?;
        fs::set_permissions(place, Permissions::from_mode(0o700))
    };
    make().map_err(|error| Failure::failed(format!("failed to make the folder {} for state: {error}", place.display())))
}

/// Where a path leads, also one that is not there yet.
fn to_be(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let found = absolute.ancestors().find_map(|it| Some((it, fs::canonicalize(it).ok()?)));
    Ok(found.map_or(absolute.clone(), |(above, real)| match absolute.strip_prefix(above) {
        Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
        _ => real,
    }))
}

/// Locks a file of the folder, which the kernel undoes when the last process is gone that has it open. `None` when another one
/// holds it.
pub(super) fn locked(folder: &Path, name: &str) -> Outcome<Option<File>> {
    let path = folder.join(name);
    let failed = |error| {
        Failure::failed(format!("failed to lock {}: {error}", path.display())).hint("name a folder of a local disk")
    };
    let mut options = OpenOptions::new();
    let lock = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Says in the lock who holds it.
pub(super) fn sign(mut lock: &File, holder: &str) -> Outcome<()> {
    let sign = lock.set_len(0).and_then(|()| writeln!(lock, "{holder}"));
    sign.map_err(|error| Failure::failed(format!("failed to write {LOCK}: {error}")))
}

/// From now on all that this run starts holds the lock, too.
pub(super) fn hold_by_children(lock: &File) -> Outcome<()> {
    fcntl_setfd(lock, FdFlags::empty())
        .map_err(|error| Failure::failed(format!("failed to hand a lock to what the run starts: {error}")))
}

/// Writes a file of the folder for its owner only.
pub(super) fn write(folder: &Path, name: &str, bytes: &[u8]) -> Outcome<()> {
    let file = folder.join(name);
    write_private(&file, bytes).map_err(|error| Failure::failed(format!("failed to write {}: {error}", file.display())))
}

/// The bytes of a file of the folder. `None` when there is no such file.
pub(super) fn read(folder: &Path, name: &str) -> Outcome<Option<Vec<u8>>> {
    match bytes_of(&folder.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("failed to read {}: {error}", folder.join(name).display()))),
    }
}

/// The names of what is in the folder: nothing, where it is not there yet.
pub(super) fn names(folder: &Path) -> Outcome<Vec<String>> {
    let name = |entry: io::Result<DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    match fs::read_dir(folder).and_then(|entries| entries.map(name).collect()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(|error| Failure::failed(format!("failed to read {}: {error}", folder.display()))),
    }
}
