//! Beads in Backstage's catalog: one file each, which the static glob location of Backstage's configuration finds.

use serde_json::{Value, json};

use crate::document::{BackstagePart, Bead};

/// The entry that every hub has. No bead can be called so.
pub const STAYS: &str = "_hub";
/// The Location that is in it.
pub const STAYS_LOCATION: &str = "beads";
/// The file of a bead's own entities that everything else hangs on.
pub const ENTRY: &str = "catalog-info.yaml";

/// An entity without content. Backstage drops what is gone from a location only while it finds something there, so
/// without this file it would list the last bead for ever.
#[must_use]
pub fn stays() -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {
            "name": STAYS_LOCATION,
            "description": "Keeps this location from being empty: Backstage would go on listing the last bead that left it",
        },
        "spec": {},
    })
}

/// The Location entity of a bead.
pub fn location(bead: &Bead, part: &BackstagePart) -> Value {
    let own = part.entities.iter().map(|_| format!("./{}/{ENTRY}", bead.metadata.name));
    let targets: Vec<String> = own.chain(part.locations.iter().cloned()).collect();
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {
            "name": bead.application_name(),
            "description": bead.spec.description.clone().unwrap_or_else(|| format!("The bead {}", bead.metadata.name)),
        },
        "spec": {"type": "url", "targets": targets},
    })
}
