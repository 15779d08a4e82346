//! A version of a bead as far as the spokes up to one of its waves get it: the folders of later waves stay as they are. Pure.
//!
//! Waves are commits, since Argo CD's own (`RollingSync`) begins the next one only when every Application of this one is Healthy and
//! Synced, without an end: one cluster that does not answer would hold up all that come after it (argo-cd 3.6.1).

use super::lock::BeadLock;
use crate::document::{Bead, REST, SpokesPart};
use crate::files::{Snapshot, Tree};
use crate::hub_repository::layout::{BeadFile, RepoFile, folder_on_spokes, is_below};
use crate::report::Outcome;

/// Whether the spokes of this wave of a bead get the file at this path: those of a chart all get.
#[must_use]
pub fn is_for_wave(path: &str, bead: &str, wave: &str) -> bool {
    match RepoFile::of(path) {
        Some(RepoFile::Bead(of, BeadFile::OnSpokes(its, _))) => (of, its) == (bead, wave),
        Some(RepoFile::Bead(of, BeadFile::SpokeChart(_) | BeadFile::SpokeValues)) => of == bead,
        _ => false,
    }
}

/// The files of that commit. What people have changed in the folders of later waves stays as well, and the lock goes on saying
/// what was rendered there, so that the commit of their wave finds it as any other would.
pub fn up_to_wave(there: &Snapshot, bead: &Bead, files: &Tree, wave: &str) -> Outcome<Tree> {
    let name = &bead.metadata.name;
    let waves = bead.spec.spokes.iter().flat_map(SpokesPart::wave_names).skip_while(|it| *it != wave).skip(1);
    let folders: Vec<String> = waves.map(|wave| format!("{}/{wave}", folder_on_spokes(name))).collect();
    let is_later = |path: &str| folders.iter().any(|folder| is_below(folder, path));
    let lock_path = BeadLock::path(name);
    let Some(lock) = BeadLock::in_files(name, files)?.filter(|_| !folders.is_empty()) else { return Ok(files.clone()) };
    let lock_before = BeadLock::of_bead(name, there)?;
    let (rendered_before, executable_before) =
        lock_before.map(|lock| (lock.files, lock.executable)).unwrap_or_default();
    let mut tree = Tree::default();
    for (path, bytes) in files.iter().filter(|(path, _)| !is_later(path) && *path != lock_path) {
        tree.insert(path, bytes)?;
    }
    for path in rendered_before.keys().filter(|path| is_later(path)) {
        if let Some(Some(bytes)) = there.get(path) {
            tree.insert(path.as_str(), bytes)?;
        }
    }
    // A wave that is new begins with what its spokes have now: those that no wave names have the folder of the rest.
    let rest = format!("{}/{REST}", folder_on_spokes(name));
    let is_new = |folder: &&String| !rendered_before.keys().any(|path| is_below(folder, path));
    for folder in folders.iter().filter(is_new) {
        for path in rendered_before.keys().filter(|path| is_below(&rest, path)) {
            if let Some(Some(bytes)) = there.get(path) {
                tree.insert(path.replacen(&rest, folder, 1), bytes)?;
            }
        }
    }
    let mut held = BeadLock::of(&tree, lock.images, lock.revision);
    held.files.retain(|path, _| !is_later(path) || !there.contains_key(path));
    held.files.extend(rendered_before.into_iter().filter(|(path, _)| is_later(path)));
    held.executable.retain(|path| !is_later(path) || !there.contains_key(path));
    held.executable.extend(executable_before.into_iter().filter(|path| is_later(path)));
    tree.insert_yaml(lock_path, &held)?;
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::document::read_bead;
    use crate::files::Merged;
    use crate::publish::bead::edit;

    const BEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: web}\nspec:\n  version: 0.1.0\n  \
                        application: {namespace: web, manifests: app}\n  spokes:\n    application: {namespace: web, manifests: \
                        spoke}\n    waves: {label: ring, order: [canary, early]}\n";

    fn bead() -> Bead {
        read_bead("bead.yaml", BEAD).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    fn render(version: &str) -> Tree {
        let mut tree = Tree::default();
        for path in ["application/a.yaml", "spokes/canary/a.yaml", "spokes/early/a.yaml", "spokes/rest/a.yaml"] {
            tree.insert(format!("beads/web/{path}"), version).expect("free");
        }
        let lock = BeadLock::of(&tree, BTreeMap::default(), 2);
        tree.insert_yaml(BeadLock::path("web"), &lock).expect("free");
        tree
    }

    fn commit(there: &mut Snapshot, files: &Tree) -> Vec<String> {
        let Merged { changes, tree } = edit(there, "web", files).expect("merged").expect("no conflict");
        for change in &changes {
            there.remove(&change.path);
        }
        there.extend(tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))));
        changes.into_iter().map(|it| it.path.trim_start_matches("beads/web/").to_owned()).collect()
    }

    #[test]
    fn each_wave_is_a_commit_and_the_last_brings_all() {
        let mut there = Snapshot::new();
        let up_to = |there: &Snapshot, version: &str, wave: &str| {
            up_to_wave(there, &bead(), &render(version), wave).unwrap_or_else(|failure| panic!("{}", failure.render()))
        };
        let first = up_to(&there, "1", "canary");
        assert_eq!(commit(&mut there, &first), ["application/a.yaml", "lock.yaml", "spokes/canary/a.yaml"]);
        for (wave, file) in [("early", "spokes/early/a.yaml"), ("rest", "spokes/rest/a.yaml")] {
            let next = up_to(&there, "1", wave);
            assert_eq!(commit(&mut there, &next), ["lock.yaml", file]);
        }
        assert_eq!(commit(&mut there, &render("1")), [""; 0], "that was all of it");
        let again = up_to(&there, "1", "canary");
        assert_eq!(commit(&mut there, &again), [""; 0], "a run that changes nothing makes no commit");
        let second = up_to(&there, "2", "canary");
        assert_eq!(commit(&mut there, &second), ["application/a.yaml", "lock.yaml", "spokes/canary/a.yaml"]);
        assert_eq!(there["beads/web/spokes/early/a.yaml"].as_deref(), Some(b"1".as_slice()));
    }

    #[test]
    fn a_wave_that_is_new_begins_with_what_its_spokes_have() {
        let mut there = Snapshot::new();
        let mut before = Tree::default();
        before.insert("beads/web/spokes/rest/a.yaml", "1").expect("free");
        before.insert_yaml(BeadLock::path("web"), &BeadLock::of(&before, BTreeMap::default(), 2)).expect("free");
        commit(&mut there, &before);
        let first = up_to_wave(&there, &bead(), &render("2"), "canary").expect("held");
        let changed = ["application/a.yaml", "lock.yaml", "spokes/canary/a.yaml", "spokes/early/a.yaml"];
        assert_eq!(commit(&mut there, &first), changed);
        assert_eq!(there["beads/web/spokes/early/a.yaml"].as_deref(), Some(b"1".as_slice()));
        let next = up_to_wave(&there, &bead(), &render("2"), "early").expect("held");
        assert_eq!(commit(&mut there, &next), ["lock.yaml", "spokes/early/a.yaml"]);
        assert_eq!(commit(&mut there, &render("2")), ["lock.yaml", "spokes/rest/a.yaml"]);
    }

    #[test]
    fn an_edit_in_a_later_wave_stays_an_edit() {
        let mut there = Snapshot::new();
        commit(&mut there, &render("1"));
        there.insert("beads/web/spokes/rest/a.yaml".to_owned(), Some("mine".into()));
        there.remove("beads/web/spokes/early/a.yaml");
        let first = up_to_wave(&there, &bead(), &render("2"), "canary").expect("held");
        commit(&mut there, &first);
        let conflicts = edit(&there, "web", &render("2")).expect("merged").expect_err("both were edited");
        let paths: Vec<&str> = conflicts.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["beads/web/spokes/early/a.yaml", "beads/web/spokes/rest/a.yaml"]);
    }
}
