//! `bead new`: a bead bundle that works, to start from.

use std::path::PathBuf;

use super::files::DOCUMENT;
use crate::document::read_bead;
use crate::report::{Console, Outcome};
use crate::run::scaffold::{self, File, IGNORED, IMAGE};

/// The word in the scaffold that stands for the name of the bead.
const NAME: &str = "BEAD_NAME";

const BEAD: &str = include_str!("scaffold/bead.yaml");

/// What a name is.
const LABEL: &str = "lower-case letters, digits and `-`, at most 36, with a letter or a digit at both ends";

/// The files of the scaffold.
const FILES: &[File] = &[
    (DOCUMENT, BEAD),
    ("app/deployment.yaml", include_str!("scaffold/deployment.yaml")),
    ("lock.yaml", include_str!("scaffold/lock.yaml")),
    ("porter.yaml", include_str!("scaffold/porter.yaml")),
    ("README.md", include_str!("scaffold/README.md")),
    IGNORED,
    IMAGE[0],
    IMAGE[1],
];

/// Writes the scaffold into a folder, which may not hold any of its files.
pub fn new(name: &str, folder: Option<PathBuf>, console: &Console) -> Outcome<()> {
    let folder = folder.unwrap_or_else(|| PathBuf::from(name));
    let named = |text: &str| text.replace(NAME, name);
    let reads =
        |name: &str| read_bead(DOCUMENT, &BEAD.replace(NAME, name)).is_ok_and(|bead| bead.metadata.name == name);
    scaffold::demand_name(name, "bead", LABEL, reads)?;
    scaffold::write(FILES, named, &folder, console)?;
    console.say(format!("next: backstack bead check {}", folder.display()));
    Ok(())
}
