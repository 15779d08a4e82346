//! What a module is run with.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::report::{Failure, Outcome, remember_secret};

/// The variables by which OpenTofu itself is steered. A workspace, a prefix of arguments or a folder of data from outside
/// would have it work on another state than the one that is meant, and a log would hold what is planned in clear (`TF_WORKSPACE`,
/// `TF_CLI_ARGS`, `TF_DATA_DIR`, `TF_LOG`: none of them says a word of it).
const STEERING: &str = "TF_";
/// Those of them that are for a backend or a registry, and the key by which the state is encrypted.
const PERMITTED: [&str; 3] = ["TF_HTTP_", "TF_TOKEN_", "TF_ENCRYPTION"];

/// What a module is run with.
pub struct Setup {
    /// The program: a path, or a name on `PATH`.
    pub program: PathBuf,
    /// The folder of the root module, which is only read.
    pub module: PathBuf,
    /// A folder with providers (`filesystem_mirror`). With one, providers come from nowhere else.
    pub providers: Option<PathBuf>,
    /// The file of the state, in a folder that is there. Without one, the backend that the module names has the state.
    pub state: Option<PathBuf>,
    /// The values of variables.
    pub variables: Map<String, Value>,
    /// The values of variables that are secrets. The module has to declare these as `sensitive`.
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    /// The environment of providers and of the backend.
    pub environment: BTreeMap<String, Zeroizing<String>>,
}

/// Without the values.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, module, providers, state, .. } = self;
        let mut shown = f.debug_struct("Setup");
        shown.field("program", program).field("module", module).field("providers", providers).field("state", state);
        shown.finish_non_exhaustive()
    }
}

impl Setup {
    /// Refuses what would not do what it says, and has all secrets masked from now on.
    pub(super) fn check(&self) -> Outcome<()> {
        for secret in self.secrets.values().chain(self.environment.values()) {
            remember_secret(secret.as_bytes());
        }
        if let Some(name) = self.secrets.keys().find(|name| self.variables.contains_key(*name)) {
            return Err(Failure::usage(format!("the variable `{name}` has two values, one of them a secret"))
                .hint("give it one of them"));
        }
        if let Some(name) = self.environment.keys().find(|name| steers(name)) {
            return Err(Failure::usage(format!("the variable {name} of the environment would steer OpenTofu itself"))
                .hint("of the names with TF_ only those with TF_HTTP_, TF_TOKEN_ and TF_ENCRYPTION are for backends and registries; \
                       a variable of the module is given as such"));
        }
        Ok(())
    }
}

fn steers(name: &str) -> bool {
    name.starts_with(STEERING) && !PERMITTED.iter().any(|permitted| name.starts_with(permitted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_told_its_password_and_nothing_steers_the_program() {
        for name in ["AWS_PROFILE", "TF_HTTP_PASSWORD", "TF_TOKEN_example_org", "TF_ENCRYPTION", "HOME"] {
            assert!(!steers(name), "{name}");
        }
        for name in ["TF_WORKSPACE", "TF_CLI_ARGS_apply", "TF_VAR_x", "TF_DATA_DIR", "TF_LOG", "TF_CLI_CONFIG_FILE"] {
            assert!(steers(name), "{name}");
        }
    }
}
