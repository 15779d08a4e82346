//! What a bead is rendered from.

use serde_json::{Map, Value};

use super::fill::fill_value;
use super::parameters::Values;
use crate::document::{Bead, HubClaims, ImageMap, Resolved};
use crate::files::Tree;
use crate::report::{Failure, Outcome};
use crate::schema::closest;
use crate::vendor::Assets;

/// Everything that a bead is rendered from.
#[derive(Debug, Clone)]
pub struct BeadInput {
    /// The Bead document.
    pub bead: Bead,
    /// The files of the bundle, for the folders that the document names.
    pub files: Tree,
    /// The downloads that the bundle's lock pins.
    pub assets: Assets,
    /// The parameters that were given.
    pub parameters: Values,
    /// Where the hub is.
    pub hub: Resolved,
    /// The claims of the hub.
    pub claims: Option<HubClaims>,
    /// How many beads have to be there before this one.
    pub depth: usize,
    /// Where its images are, when the bundle was copied.
    pub relocation: Option<ImageMap>,
    /// The revision of the rendering: [`REVISION`](crate::hub_repository::bead::REVISION), or that of the files which are to stay as they are.
    pub revision: u32,
}

impl BeadInput {
    /// The files of a chart that the lock pins.
    pub(super) fn chart(&self, locked: &str) -> Outcome<&Tree> {
        self.assets.chart(locked).ok_or_else(|| {
            let charts: Vec<&str> = self.assets.charts().collect();
            let best = closest(locked, &charts).map_or(String::new(), |best| format!("did you mean `{best}`? "));
            Failure::usage(format!("the chart `{locked}` is not among the bundle's assets"))
                .hint(format!("{best}pin it in lock.yaml and run `backstack vendor`"))
        })
    }
}

/// The Helm values of the application, with its parameters in them; `path` is where the document has them.
pub(super) fn filled_values(bead: &Bead, path: &str, values: &Values) -> Outcome<Map<String, Value>> {
    let written = Value::Object(bead.spec.application.values.clone());
    match fill_value(&written, path, values) {
        Ok(Value::Object(filled)) => Ok(filled),
        Ok(_) => Ok(Map::new()),
        Err(message) => Err(Failure::usage(format!("bead.yaml: {message}"))),
    }
}
