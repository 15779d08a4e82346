//! The files of the state where a run has them.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::bag::Kept;
use super::record::Places;
use crate::bundle::inside;
use crate::bundle::stage::{Stage, in_root};
use crate::input::bytes_from;
use crate::report::{Failure, Outcome};

/// Puts the files of a bag where the bundle finds them.
pub(super) fn put(files: &[Kept], places: &Places, stage: &Stage) -> Outcome<()> {
    for (name, path) in places {
        if stage.place(path).is_dir() {
            return Err(Failure::usage(format!("the state `{name}` is a folder of the bundle: {path}"))
                .hint("a state is one file: declare each"));
        }
    }
    for file in files {
        let Some(path) = places.get(&file.name) else {
            return Err(Failure::refused(format!(
                "the state holds `{}`, which the bundle does not declare; nothing was started",
                file.name
            ))
            .hint("declare it again in porter.yaml: Porter runs no bundle without it"));
        };
        stage.put(path, &file.bytes)?;
        let owners = Permissions::from_mode(file.mode & 0o700);
        fs::set_permissions(stage.place(path), owners)
            .map_err(|error| Failure::failed(format!("failed to write {path} of the bundle's image: {error}")))?;
    }
    Ok(())
}

/// The files as they are now below the folder that stands for `/`. What is not there is no part of the state.
pub(super) fn taken(root: &Path, places: &Places) -> Result<Vec<Kept>, Vec<String>> {
    let (mut files, mut mistakes) = (Vec::new(), Vec::new());
    for (name, path) in places {
        let read = opened(root, path).and_then(|file| file.map(|file| kept(name, file)).transpose());
        match read {
            Ok(file) => files.extend(file),
            Err(error) => mistakes.push(format!("the state `{name}` at {path}: {error}")),
        }
    }
    if mistakes.is_empty() { Ok(files) } else { Err(mistakes) }
}

/// A link is followed, as Porter does, unless it leads out.
fn opened(root: &Path, path: &str) -> io::Result<Option<File>> {
    let root = fs::canonicalize(root)?;
    let found = match fs::canonicalize(root.join(in_root(path))) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let within = found.strip_prefix(&root).map_err(|_| io::Error::other("it leads out of the bundle's image"))?;
    inside::open(&root, within)
}

fn kept(name: &str, file: File) -> io::Result<Kept> {
    let about = file.metadata()?;
    let (mode, modified) = (about.mode() & 0o7777, u64::try_from(about.mtime()).unwrap_or_default());
    Ok(Kept { name: name.to_owned(), bytes: bytes_from(file)?, mode, modified })
}
