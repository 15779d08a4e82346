//! Folders for files on the way.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::report::{Failure, Outcome};

/// How the names of our folders begin; nobody else's do.
const OURS: &str = "backstack-tmp-";
/// For the user that we run as, and nobody else.
const PRIVATE: u32 = 0o700;
/// How often a folder is made anew that another run has taken away, in the moment between its being made and locked. Each run
/// clears once, so only as many runs as begin at the same time can.
const TRIES: usize = 100;

/// A folder for files on the way, which nobody else can enter; gone when it is dropped.
///
/// It is locked as long as we live (flock(2)), also for `systemd-tmpfiles`. A run that is killed cannot take its folder away,
/// so whichever run makes one next takes those away that are locked by nobody.
#[derive(Debug)]
pub struct TemporaryFolder {
    dir: TempDir,
    lock: Option<File>,
}

impl TemporaryFolder {
    /// Makes one in `TMPDIR`, with a word in its name that says what it is for.
    pub fn new(purpose: &str) -> Outcome<Self> {
        static CLEARED: Once = Once::new();
        let place = std::env::temp_dir();
        CLEARED.call_once(|| clear(&place));
        Self::new_in(&place, purpose).map_err(|error| {
            Failure::failed(format!("cannot make a temporary folder in {}: {error}", place.display()))
                .hint("mount a writable /tmp, or name a writable folder in TMPDIR")
        })
    }

    fn new_in(place: &Path, purpose: &str) -> io::Result<Self> {
        for _ in 0..TRIES {
            let private = Permissions::from_mode(PRIVATE); // from its first moment on: `hold` comes later
            let dir =
                tempfile::Builder::new().prefix(&format!("{OURS}{purpose}-")).permissions(private).tempdir_in(place)?;
            match hold(dir.path()) {
                Ok(lock) => return Ok(Self { dir, lock }),
                // Another run has taken it for a dead one's before it was locked.
                Err(error) if [ErrorKind::NotFound, ErrorKind::WouldBlock].contains(&error.kind()) => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(format!("each of {TRIES} was taken away by other runs")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Nothing to be read, and for whoever has it as stdin the lock: the folder stays there while they do, also without us.
    pub(super) fn hold(&self) -> Stdio {
        self.lock.as_ref().and_then(|lock| lock.try_clone().ok()).map_or_else(Stdio::null, Stdio::from)
    }
}

/// Makes a new folder private and locks it. There is no lock where the system has none: then nobody else gets one either.
fn hold(path: &Path) -> io::Result<Option<File>> {
    fs::set_permissions(path, Permissions::from_mode(PRIVATE))?; // also where the umask takes something of it away
    let lock = File::open(path)?;
    match lock.try_lock() {
        Ok(()) if is_still_at(&lock, path) => Ok(Some(lock)),
        Ok(()) => Err(ErrorKind::NotFound.into()),
        Err(TryLockError::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Takes away what dead runs of this user have left.
fn clear(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(OURS) && is_private(&entry.path()) {
            // What cannot be taken away now, another run can.
            let _ = remove_unlocked(&entry.path());
        }
    }
}

fn is_private(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|about| about.is_dir() && about.uid() == geteuid().as_raw() && about.mode() & 0o7777 == PRIVATE)
}

fn remove_unlocked(path: &Path) -> io::Result<()> {
    let lock = File::open(path)?;
    if lock.try_lock().is_ok() && is_still_at(&lock, path) {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

fn is_still_at(lock: &File, path: &Path) -> bool {
    let identity = |about: fs::Metadata| (about.dev(), about.ino());
    match (lock.metadata(), path.symlink_metadata()) {
        (Ok(locked), Ok(there)) => identity(locked) == identity(there),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let entries = fs::read_dir(place).expect("readable").flatten();
        let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_dead_runs_folder_goes_and_nobody_elses() {
        let place = tempfile::tempdir().expect("a folder");
        let live = TemporaryFolder::new_in(place.path(), "x").expect("made");
        let dead = place.path().join("backstack-tmp-git-dead");
        for (name, mode) in [("backstack-tmp-git-dead", 0o700), ("backstack-tmp-open", 0o755), ("backstack-x", 0o700)] {
            fs::create_dir_all(place.path().join(name).join("objects")).expect("made");
            fs::set_permissions(place.path().join(name), Permissions::from_mode(mode)).expect("ours");
        }
        std::os::unix::fs::symlink(&dead, place.path().join("backstack-tmp-link")).expect("made");
        clear(place.path());
        let live = live.path().file_name().expect("a name").to_string_lossy().into_owned();
        let mut left =
            vec!["backstack-tmp-link".to_owned(), "backstack-tmp-open".to_owned(), live, "backstack-x".to_owned()];
        left.sort();
        assert_eq!(names(place.path()), left);
    }

    #[test]
    fn who_still_works_in_a_dead_runs_folder_keeps_it() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = TemporaryFolder::new_in(place.path(), "x").expect("made");
        let mut worker = std::process::Command::new("sleep").arg("60").stdin(folder.hold()).spawn().expect("starts");
        let TemporaryFolder { dir, lock } = folder;
        drop(lock);
        let path = dir.keep(); // as a killed run leaves it
        clear(place.path());
        assert!(path.exists());
        worker.kill().and_then(|()| worker.wait()).expect("ended");
        clear(place.path());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_is_private_and_gone_in_the_end() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = TemporaryFolder::new_in(place.path(), "x").expect("made");
        assert!(is_private(folder.path()));
        drop(folder);
        assert_eq!(names(place.path()), Vec::<String>::new());
    }

    #[test]
    fn a_folder_that_another_run_has_taken_is_made_anew() {
        let place = tempfile::tempdir().expect("a folder");
        let gone = hold(&place.path().join("gone")).expect_err("taken away");
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        let theirs = TemporaryFolder::new_in(place.path(), "x").expect("made");
        let locked = hold(theirs.path()).expect_err("locked");
        assert_eq!(locked.kind(), ErrorKind::WouldBlock);
        let lost = TemporaryFolder::new_in(&place.path().join("gone"), "x").expect_err("no such place");
        assert_eq!(lost.kind(), ErrorKind::NotFound);
    }

    /// Two runs that begin at once, again and again: neither takes the other's folder away.
    #[test]
    fn a_folder_that_is_made_right_now_is_left() {
        let place = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            let clearing = [0; 4].map(|_| scope.spawn(|| (0..300).for_each(|_| clear(place.path()))));
            for _ in 0..300 {
                let folder = TemporaryFolder::new_in(place.path(), "x").expect("made");
                fs::write(folder.path().join("file"), "x").expect("it is there");
                assert!(folder.path().join("file").exists());
            }
            for it in clearing {
                it.join().expect("cleared");
            }
        });
    }
}
