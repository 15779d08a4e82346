//! `hub new`: a hub bundle that works, to start from. It is the bundle `hubs/existing` under another name.

use std::path::PathBuf;

use crate::document::read_hub;
use crate::report::{Console, Outcome};
use crate::run::scaffold::{self, File, IGNORED, IMAGE};

const DOCUMENT: &str = "hub.yaml";
const HUB: &str = include_str!("../../bundles/hubs/existing/hub.yaml");

/// What a name is.
const LABEL: &str = "lower-case letters, digits and `-`, at most 63, with a letter or a digit at both ends";

/// The files of the bundle.
const FILES: &[File] = &[
    (DOCUMENT, HUB),
    ("lock.yaml", include_str!("../../bundles/hubs/existing/lock.yaml")),
    ("porter.yaml", include_str!("../../bundles/hubs/existing/porter.yaml")),
    ("README.md", include_str!("../../bundles/hubs/existing/README.md")),
    IGNORED,
    IMAGE[0],
    IMAGE[1],
];

/// Writes the bundle into a folder, which may not hold any of its files.
pub fn new(name: &str, folder: Option<PathBuf>, console: &Console) -> Outcome<()> {
    let folder = folder.unwrap_or_else(|| PathBuf::from(name));
    let named = |text: &str| renamed(text, name);
    let reads = |name: &str| read_hub(DOCUMENT, &renamed(HUB, name)).is_ok_and(|hub| hub.metadata.name == name);
    scaffold::demand_name(name, "hub", LABEL, reads)?;
    scaffold::write(FILES, named, &folder, console)?;
    let folder = folder.display();
    console.say(format!("next: backstack vendor {folder} && backstack lint {folder}"));
    Ok(())
}

/// The version of Argo CD that a hub begins with.
pub fn first_version_of_argocd() -> Outcome<String> {
    Ok(read_hub(DOCUMENT, HUB)?.spec.argocd.version)
}

/// A file of the bundle with another name: of the bundle in `porter.yaml` and README, of the hub in `hub.yaml`. Links
/// into this repository lead there from anywhere.
fn renamed(text: &str, name: &str) -> String {
    text.replace("hub-existing", name)
        .replace("metadata:\n  name: hub\n", &format!("metadata:\n  name: {name}\n"))
        .replace("](../../../", &format!("]({}/blob/main/", env!("CARGO_PKG_REPOSITORY")))
}
