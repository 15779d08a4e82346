//! Claims to storage, wherever an object has them.

use serde_json::Value;

use super::own::Own;
use crate::object::{items, str_at};
use crate::render::bead::Piece;
use crate::render::bead::pods::pod_of;

/// What claims get that is there already, and so may be of others.
pub fn claims(piece: &Piece, own: Own<'_>) -> Vec<String> {
    claims_of(piece).into_iter().flat_map(|claim| of_others(claim, piece, own)).collect()
}

/// The specs of the claims of an object.
fn claims_of(piece: &Piece) -> Vec<&Value> {
    let own = piece.object.get("spec").filter(|_| piece.text("/kind") == "PersistentVolumeClaim");
    let of_set = items(&piece.object, "/spec/volumeClaimTemplates").filter_map(|it| it.get("spec"));
    let volumes = pod_of(piece).into_iter().flat_map(|(pod, _)| items(pod, "/spec/volumes"));
    let of_pod = volumes.filter_map(|it| it.pointer("/ephemeral/volumeClaimTemplate/spec"));
    own.into_iter().chain(of_set).chain(of_pod).collect()
}

fn of_others(claim: &Value, piece: &Piece, own: Own<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let volume = str_at(claim, "/volumeName");
    let picks = claim.get("selector").is_some_and(|it| !it.is_null());
    // Without a class nothing is made for the claim.
    let has_no_class = claim.get("storageClassName").is_some_and(|it| it == "");
    if volume.is_empty() {
        if picks || has_no_class {
            found.push("gets a PersistentVolume that is there already, with what is on it".to_owned());
        }
    } else if !own.brings(("", "PersistentVolume"), None, volume) {
        found.push(format!("gets PersistentVolume {volume} with what is on it"));
    }
    let source = |field: &str| str_at(claim, &format!("/dataSourceRef/{field}"));
    if ![own.namespace_of(piece), ""].contains(&source("namespace")) {
        found.push(format!("gets what is in {} {}/{}", source("kind"), source("namespace"), source("name")));
    }
    found
}
