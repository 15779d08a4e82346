//! A bead in Backstage's catalog: one file, which the static glob location of Backstage's configuration finds.

use serde_json::{Value, json};

use crate::spec::{BackstagePart, Bead};

/// The folder of the catalog in the hub repository; its `*.yaml` are read by Backstage, folders below are not.
pub const CATALOG: &str = "backstage/beads";
/// The file of a bead's own entities that everything else hangs on.
pub const ENTRY: &str = "catalog-info.yaml";

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
