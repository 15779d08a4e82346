//! Taking a bead out of a hub repository, in stages. Pure.
//!
//! Each stage is a commit of its own, since Argo CD prunes what one commit removes all at once, and Crossplane's
//! packages have to outlive what was made through them.

use serde_json::Value;

use super::edit::leave;
use crate::document::is_hook_of_removal;
use crate::files::{Conflict, Merged, Snapshot, Tree};
use crate::hub_repository::bead::{BeadLock, Installed};
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::object::kind;
use crate::render::bead::{Part, parent_file};
use crate::report::Outcome;
use crate::words::argo;
use crate::yaml;

/// The parts that packages of Crossplane serve.
const UPPER: [Part; 3] = [Part::Application, Part::Policies, Part::Config];

/// A step of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalStage {
    /// Nothing more comes to spokes: the `ApplicationSet` is left without a generator, and what it has made stays.
    Spokes,
    /// The parts above Crossplane's packages go, and the entry in Backstage's catalog.
    Upper,
    /// The Application of the bead goes, with all that is left of its parts.
    Applications,
    /// Everything else goes: project, document, health checks.
    Rest,
}

impl RemovalStage {
    /// The stages of the removal of a bead that come before [`RemovalStage::Rest`].
    #[must_use]
    pub fn before_the_rest(bead: &Installed) -> Vec<Self> {
        let is_upper = |part: &String| UPPER.iter().any(|upper| upper.name() == part);
        let has_both = bead.parts.iter().any(is_upper) && !bead.parts.iter().all(is_upper);
        let first = has_both.then_some(Self::Upper);
        first.into_iter().chain([Self::Applications]).collect()
    }

    /// The names of the parts that go in the first stage.
    pub fn upper_parts() -> impl Iterator<Item = &'static str> {
        UPPER.iter().map(|part| part.name())
    }

    /// Whether a file of the bead is still there after this stage. `is_read` says that Argo CD reads what the application is
    /// made from once more when it deletes it, for the hooks of its removal.
    fn keeps(self, name: &str, path: &str, is_read: bool) -> bool {
        let file = RepoFile::of(path);
        let application = Part::Application.name();
        let is_in_catalog = matches!(file, Some(RepoFile::Entry(_) | RepoFile::Entities(..)));
        let goes_first = match file {
            Some(RepoFile::Bead(_, BeadFile::Manifest(part, _))) if is_read && part == application => false,
            Some(RepoFile::Bead(_, BeadFile::Chart(_) | BeadFile::Values)) if is_read => false,
            Some(RepoFile::Bead(_, BeadFile::Application(part) | BeadFile::Manifest(part, _))) => {
                Self::upper_parts().any(|upper| upper == part)
            }
            Some(RepoFile::Bead(_, file)) => is_of_application(file),
            _ => false,
        };
        match self {
            Self::Spokes => true,
            Self::Upper => !goes_first && !is_in_catalog,
            // What the parts read stays until they are gone.
            Self::Applications => path != parent_file(name) && !is_in_catalog,
            Self::Rest => false,
        }
    }
}

/// Whether a file belongs to the application, on the hub or on spokes, and to no other part.
fn is_of_application(file: BeadFile<'_>) -> bool {
    use BeadFile::{Chart, OnSpokes, SpokeChart, SpokeSet, SpokeValues, Values};
    matches!(file, Values | Chart(_) | SpokeSet | SpokeValues | SpokeChart(_) | OnSpokes(..))
}

/// What the repository becomes by this stage. Files that people put beside ours stay.
pub fn take_out(there: &Snapshot, name: &str, stage: RemovalStage) -> Outcome<Result<Merged, Vec<Conflict>>> {
    let mut kept = Tree::default();
    let files = BeadLock::of_bead(name, there)?.map(|lock| lock.files).unwrap_or_default();
    let is_read = files.keys().any(|path| has_hook_of_removal(path, there));
    for path in files.keys().filter(|path| stage.keeps(name, path, is_read)) {
        if let Some(Some(bytes)) = there.get(path) {
            kept.insert(path.as_str(), bytes)?;
        }
    }
    let set = RepoFile::Bead(name, BeadFile::SpokeSet).path();
    if let (RemovalStage::Spokes, Ok(text)) = (stage, kept.text(&set)) {
        let stopped = stopped(&set, text)?;
        kept.rewrite(&set, stopped.into_bytes());
    }
    leave(there, name, &kept)
}

/// Whether a file has a hook that runs when its Application is deleted.
fn has_hook_of_removal(path: &str, there: &Snapshot) -> bool {
    let text = there.get(path).and_then(|bytes| std::str::from_utf8(bytes.as_deref()?).ok()).unwrap_or_default();
    text.contains(argo::HOOK) && yaml::manifests(path, text).is_ok_and(|all| all.iter().any(is_hook_of_removal))
}

/// The set without a generator: it makes nothing, and by its policy it deletes nothing. When it goes it has no Application any
/// more, so nobody need approve of that. It is synced ahead of the parts, so that one of them that never gets well does not keep
/// the bead on its spokes.
fn stopped(path: &str, text: &str) -> Outcome<String> {
    let mut sets = yaml::manifests(path, text)?;
    for set in sets.iter_mut().filter(|it| kind(it) == argo::APPLICATION_SET) {
        set["spec"]["generators"] = argo::no_generators();
        if let Some(annotations) = set.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.remove(argo::SYNC_OPTIONS);
            annotations.insert(argo::SYNC_WAVE.to_owned(), (argo::FIRST_PART_WAVE - 1).to_string().into());
        }
    }
    Ok(sets.iter().map(yaml::print).collect::<Vec<_>>().join("---\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_that_is_stopped_keeps_everything_but_its_generator() {
        let text = "kind: ApplicationSet\nmetadata:\n  name: spokes-web\n  annotations:\n    argocd.argoproj.io/sync-options: \
                    Prune=confirm,Delete=confirm\n    argocd.argoproj.io/sync-wave: \"50\"\nspec:\n  generators:\n  - clusters: \
                    {}\n  syncPolicy:\n    applicationsSync: create-update\n  template: {}\n";
        let stopped_once = stopped("spokes.yaml", text).expect("stopped");
        assert_eq!(
            stopped_once,
            "kind: ApplicationSet\nmetadata:\n  annotations:\n    argocd.argoproj.io/sync-wave: \"-1\"\n  name: spokes-web\nspec:\n  \
             generators:\n  - list:\n      elements: []\n  syncPolicy:\n    applicationsSync: create-update\n  template: {}\n"
        );
        assert_eq!(
            stopped("spokes.yaml", &stopped_once).expect("stopped"),
            stopped_once,
            "another run changes nothing"
        );
    }
}
