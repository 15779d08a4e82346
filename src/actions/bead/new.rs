//! `bead new`: a bead bundle that works, to start from.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::DOCUMENT;
use crate::report::{Console, Failure, Outcome};
use crate::spec::read_bead;

/// The word in the scaffold that stands for the name of the bead.
const NAME: &str = "BEAD_NAME";

/// The files of the scaffold.
const FILES: &[(&str, &str)] = &[
    (DOCUMENT, include_str!("scaffold/bead.yaml")),
    ("app/deployment.yaml", include_str!("scaffold/deployment.yaml")),
    ("README.md", include_str!("scaffold/README.md")),
];

/// Writes the scaffold into a folder, which may not hold any of its files.
pub fn new(name: &str, folder: Option<PathBuf>, console: &Console) -> Outcome<()> {
    let folder = folder.unwrap_or_else(|| PathBuf::from(name));
    let files: Vec<(PathBuf, String)> =
        FILES.iter().map(|(path, text)| (folder.join(path), text.replace(NAME, name))).collect();
    read_bead(DOCUMENT, &files[0].1).map_err(|failure| Failure {
        message: format!("`{name}` cannot be the name of a bead; nothing was written"),
        ..failure
    })?;
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::usage(format!("{} is there already; nothing was written", path.display()))
            .hint("give another folder: backstack bead new NAME DIR"));
    }
    for (path, text) in &files {
        write(path, text).map_err(|error| Failure::failed(format!("failed to write {}: {error}", path.display())))?;
        console.done("write", path.display().to_string());
    }
    console.say(format!("next: backstack bead check {}", folder.display()));
    Ok(())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, text)
}
