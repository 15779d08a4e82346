//! Whether a version of a bead has come to all waves of its spokes. Pure.

use std::collections::BTreeMap;

use super::lock::BeadLock;
use crate::document::{Bead, SpokesPart};
use crate::files::Snapshot;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::report::Outcome;

/// The waves that have something else than the first one, by their names: a version comes there first, and the last commit of
/// it brings the same to all. What was rendered counts, so edits of people are no difference.
pub fn behind(there: &Snapshot, bead: &Bead) -> Outcome<Vec<String>> {
    let name = bead.metadata.name.as_str();
    let Some(lock) = BeadLock::of_bead(name, there)? else { return Ok(Vec::new()) };
    let of = |wave: &str| -> BTreeMap<String, &str> {
        let files = lock.files.iter().filter_map(|(path, digest)| match RepoFile::of(path) {
            Some(RepoFile::Bead(of, BeadFile::OnSpokes(its, file))) if (of, its) == (name, wave) => {
                Some((file.to_owned(), digest.as_str()))
            }
            _ => None,
        });
        files.collect()
    };
    let mut waves = bead.spec.spokes.iter().flat_map(SpokesPart::wave_names);
    let Some(first) = waves.next().map(of) else { return Ok(Vec::new()) };
    Ok(waves.filter(|wave| of(wave) != first).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read_bead;
    use crate::files::Tree;

    const BEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: web}\nspec:\n  version: 0.1.0\n  \
                        application: {namespace: web, manifests: app}\n  spokes:\n    application: {namespace: web, manifests: \
                        spoke}\n    waves: {label: ring, order: [canary, early]}\n";

    /// The waves that are behind where the lock has these files with these contents.
    fn of(files: &[(&str, &str)], document: &str) -> Vec<String> {
        let bead = read_bead("bead.yaml", document).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.insert(format!("beads/web/{path}"), *text).expect("free");
        }
        let lock = BeadLock::of(&tree, BTreeMap::default(), 2);
        tree.insert_yaml(BeadLock::path("web"), &lock).expect("free");
        // What people have made of a file since is not looked at.
        let there = tree.iter().map(|(path, bytes)| {
            let edited = path.ends_with("/edited.yaml").then(|| "mine".into());
            (path.to_owned(), Some(edited.unwrap_or_else(|| bytes.clone())))
        });
        behind(&there.collect(), &bead).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    #[test]
    fn a_wave_is_behind_that_has_something_else_than_the_first() {
        let [canary, early, rest] = ["spokes/canary/a.yaml", "spokes/early/a.yaml", "spokes/rest/a.yaml"];
        assert_eq!(of(&[(canary, "2"), (early, "2"), (rest, "2")], BEAD), [""; 0]);
        assert_eq!(of(&[(canary, "2"), (early, "1"), (rest, "1")], BEAD), ["early", "rest"]);
        assert_eq!(of(&[(canary, "2"), (early, "2"), (rest, "1")], BEAD), ["rest"]);
        assert_eq!(of(&[(canary, "1")], BEAD), ["early", "rest"], "a first version that has come to the first wave");
        let more = [(canary, "1"), (early, "1"), (rest, "1"), ("spokes/rest/b.yaml", "1")];
        assert_eq!(of(&more, BEAD), ["rest"], "the version takes a file away");
        let edited = ["canary", "early", "rest"].map(|wave| format!("spokes/{wave}/edited.yaml"));
        let edited: Vec<(&str, &str)> = edited.iter().map(|path| (path.as_str(), "1")).collect();
        assert_eq!(of(&edited, BEAD), [""; 0]);
    }

    #[test]
    fn without_waves_none_is_behind() {
        let (head, _) = BEAD.split_once("    waves").expect("waves");
        assert_eq!(of(&[("spokes/rest/a.yaml", "1")], head), [""; 0]);
        let (head, _) = BEAD.split_once("  spokes:").expect("spokes");
        assert_eq!(of(&[("application/a.yaml", "1")], head), [""; 0]);
    }
}
