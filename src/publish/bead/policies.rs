//! The policies of installed beads, as far as they have a word on what people order. Pure.

use serde_json::Value;

use crate::files::Snapshot;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::object::{group, kind};
use crate::render::bead::Part;
use crate::report::{Failure, Outcome};
use crate::words::kyverno::{
    CLUSTER_POLICY, EXCEPTION, GROUP, IMAGE_VALIDATING, MUTATING, POLICIES, POLICY, VALIDATING, plain,
};
use crate::yaml;

/// Whether [`policies`] reads the file at a path.
#[must_use]
pub fn tells(path: &str) -> bool {
    bead_with_policies(path).is_some()
}

/// The policies of the beads whose documents are among these files of a hub repository, and the exceptions from them.
pub fn policies(files: &Snapshot) -> Outcome<Vec<Value>> {
    let mut found = Vec::new();
    for (path, bytes) in files {
        let (Some(bead), Some(bytes)) = (bead_with_policies(path), bytes) else { continue };
        if !files.contains_key(&RepoFile::Bead(bead, BeadFile::Document).path()) {
            continue;
        }
        let objects = yaml::manifests(path, &String::from_utf8_lossy(bytes)).map_err(|failure| {
            Failure { message: format!("{path} of the hub repository cannot be read"), ..failure }
                .hint("it has policies for what may be claimed: restore it from the history")
        })?;
        found.extend(objects.into_iter().filter(judges));
    }
    Ok(found)
}

fn bead_with_policies(path: &str) -> Option<&str> {
    match RepoFile::of(path)? {
        RepoFile::Bead(bead, BeadFile::Manifest(part, _)) if part == Part::Policies.name() => Some(bead),
        _ => None,
    }
}

/// Whether an object is a policy that judges what comes, changes it before others judge it, or excepts it.
fn judges(object: &Value) -> bool {
    let kind = plain(kind(object));
    match group(object) {
        GROUP => [CLUSTER_POLICY, POLICY, EXCEPTION].contains(&kind),
        POLICIES => [VALIDATING, MUTATING, IMAGE_VALIDATING, EXCEPTION].contains(&kind),
        _ => false,
    }
}
