//! A bead put into a hub repository, changed there, or taken out of it. Pure.

use crate::files::{Base, Conflict, Merged, Snapshot, Tree, merge, sha256};
use crate::hub_repository::bead::BeadLock;
use crate::hub_repository::layout::{BEADS, is_below};
use crate::render::bead::{add_overlay, tells_of_claims};
use crate::report::Outcome;

/// What the repository becomes when the files of the bead `name` are these; none takes the bead out. Edits of people are
/// kept, or are conflicts, as in a render of the hub.
pub fn edit(there: &Snapshot, name: &str, files: &Tree) -> Outcome<Result<Merged, Vec<Conflict>>> {
    replace(&rendered(there, name)?, there, files)
}

/// What the repository becomes when these files of the bead are left of those that it holds; none takes the bead out.
/// Edits of people go with their files: the history has them.
pub fn leave(there: &Snapshot, name: &str, kept: &Tree) -> Outcome<Result<Merged, Vec<Conflict>>> {
    let mut base = rendered(there, name)?;
    for (path, digest) in &mut base.files {
        if let Some(Some(bytes)) = there.get(path) {
            *digest = sha256(bytes);
        }
    }
    let mut ours = kept.clone();
    if let (false, Some(lock)) = (kept.is_empty(), BeadLock::of_bead(name, there)?) {
        ours.insert_yaml(BeadLock::path(name), &BeadLock::of(kept, lock.images, lock.revision))?;
    }
    replace(&base, there, &ours)
}

fn replace(base: &Base, there: &Snapshot, files: &Tree) -> Outcome<Result<Merged, Vec<Conflict>>> {
    let mut merged = match merge(base, there, files) {
        Ok(merged) => merged,
        Err(conflicts) => return Ok(Err(conflicts)),
    };
    let after = after(there, &merged);
    add_overlay(&mut merged, there, &after)?;
    Ok(Ok(merged))
}

/// The last render of the bead, its lock among it.
fn rendered(there: &Snapshot, name: &str) -> Outcome<Base> {
    let lock = BeadLock::of_bead(name, there)?;
    let mut base = lock.map(|lock| Base { files: lock.files, executable: lock.executable }).unwrap_or_default();
    let path = BeadLock::path(name);
    if let Some(Some(bytes)) = there.get(&path) {
        base.files.insert(path.clone(), sha256(bytes));
    }
    Ok(base)
}

/// What tells of beads, after the merge.
fn after(there: &Snapshot, merged: &Merged) -> Snapshot {
    let mut after = there.clone();
    after.retain(|path, _| is_below(BEADS, path));
    for change in &merged.changes {
        after.remove(&change.path);
    }
    for (path, bytes) in merged.tree.iter().filter(|(path, _)| is_below(BEADS, path)) {
        after.insert(path.to_owned(), tells_of_claims(path).then(|| bytes.clone()));
    }
    after
}
