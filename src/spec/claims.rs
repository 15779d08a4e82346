//! The claims repository of a hub, in which people order what the beads offer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::matches;

/// The claims repository, and where in the cluster its claims may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubClaims {
    /// The repository.
    pub repository: ClaimsRepository,
    /// The namespaces in which claims may be, with `*` for any characters. They belong to nobody else: not to the hub, a
    /// component or a bead. Nobody makes them here.
    #[schemars(length(min = 1))]
    pub namespaces: Vec<String>,
}

/// The git repository that holds claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimsRepository {
    /// The address, as Argo CD in the cluster reaches it.
    pub url: String,
    /// The branch that Argo CD follows. Default `main`.
    #[serde(default = "default_branch")]
    pub branch: String,
    /// The folder with the claims; those below it count. Default `.`, the whole repository.
    #[serde(default = "default_path")]
    #[schemars(extend("format" = "relative-path"))]
    pub path: String,
}

impl HubClaims {
    /// The pattern by which claims may be in a namespace.
    #[must_use]
    pub fn reach(&self, namespace: &str) -> Option<&str> {
        self.namespaces.iter().map(String::as_str).find(|pattern| matches(pattern, namespace))
    }
}

fn default_branch() -> String {
    "main".to_owned()
}

fn default_path() -> String {
    ".".to_owned()
}
