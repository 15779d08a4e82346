//! What the hub in a repository is called. Pure.

use super::hub_lock::HubLock;
use super::layout::HUB_FILE;
use crate::files::{Base, Tree, sha256};
use crate::{object, yaml};

/// The name in the document, as long as that is the one which was rendered: nothing is read out of an edit.
#[must_use]
pub fn hub_name(there: &Tree) -> Option<String> {
    let base = HubLock::in_tree(there).ok()?.rendered();
    name_as_rendered(there.get(HUB_FILE)?, &base)
}

/// The same, by what was rendered last.
pub(crate) fn name_as_rendered(document: &[u8], base: &Base) -> Option<String> {
    let is_rendered = base.files.get(HUB_FILE) == Some(&sha256(document));
    is_rendered.then(|| name_in(document)).flatten()
}

/// The name in a document.
pub(crate) fn name_in(document: &[u8]) -> Option<String> {
    let all = yaml::manifests(HUB_FILE, std::str::from_utf8(document).ok()?).ok()?;
    all.first().map(|it| object::name(it).to_owned()).filter(|it| !it.is_empty())
}
