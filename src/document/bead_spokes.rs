//! The part of a Bead document that comes to spokes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bead_application::{ApplicationPart, Permissions};

/// The wave of all spokes that are in none of the bead's, and the only one where a bead has none.
pub const REST: &str = "rest";

/// What a bead brings to spokes: to all of them, or to those with its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpokesPart {
    /// Labels that a spoke must have, all of them. Default: none, so the bead comes to every spoke.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The application that comes to each of them.
    pub application: ApplicationPart,
    /// What the bead may write on a spoke. Becomes its AppProject of spokes; content beyond it is refused.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub permissions: Permissions,
    /// The waves in which a new version comes to the spokes. Default: to all of them at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<SpokeWaves>,
}

/// The order in which a new version comes to spokes. A wave has to be well before the next one begins. Only where the
/// application is made of manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpokeWaves {
    /// The key of the label of spokes by which they are in a wave.
    pub label: String,
    /// Values of that label, in the order of the waves. Spokes with none of them come last.
    #[schemars(extend("items" = serde_json::json!({"type": "string", "format": "dns-label"})))]
    pub order: Vec<String>,
}

impl SpokesPart {
    /// The waves by name, in their order, the last one for all other spokes.
    pub fn wave_names(&self) -> impl Iterator<Item = &str> {
        let named = self.waves.iter().flat_map(|it| &it.order).map(String::as_str);
        named.chain([REST])
    }

    /// The wave of a spoke with these labels.
    #[must_use]
    pub fn wave_of(&self, labels: &BTreeMap<String, String>) -> &str {
        let own = self.waves.as_ref().and_then(|it| labels.get(&it.label));
        self.wave_names().find(|wave| own.is_some_and(|it| it == wave)).unwrap_or(REST)
    }
}
