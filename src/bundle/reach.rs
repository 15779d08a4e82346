//! What a step of this mixin reads on this machine: files of the bundle, and no others.
//!
//! In an image every path is one of the image. Here an absolute one would be of this machine, and a bundle must not get at
//! the kubeconfig or the keys of whoever tries it, unless they are named on the command line.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::stage::Stage;
use crate::env;
use crate::report::{Failure, Outcome};

/// The fields of a step that name a file.
pub const FILES: [&str; 2] = ["file", "kubeconfig"];

/// The same of a cluster that is made, by their places: the names are common.
const OF_CLUSTER: [&str; 3] = ["/cluster/state", "/cluster/opentofu/module", "/cluster/kind/config"];
/// Values for a module, which it reads as it likes.
const VARIABLES: &str = "variables";

/// What a bundle may name.
#[derive(Debug)]
pub(super) struct Reach<'r> {
    /// Where the bundle is played.
    pub stage: &'r Stage,
    /// The values that were given on the command line.
    pub given: &'r [String],
}

impl Reach<'_> {
    /// Demands that the step, and the variable by which it finds a kubeconfig, name no other files.
    pub fn demand(&self, step: &Value, environment: &BTreeMap<String, String>) -> Outcome<()> {
        let mut outside = Vec::new();
        self.collect(step, &mut outside);
        self.collect_of_cluster(step, &mut outside);
        if let Some(listed) = environment.get(env::KUBECONFIG).filter(|listed| !self.given.contains(listed)) {
            let paths = std::env::split_paths(listed).filter(|path| !self.has(path));
            outside.extend(paths.map(|path| format!("{}: {}", env::KUBECONFIG, path.display())));
        }
        if outside.is_empty() {
            return Ok(());
        }
        Err(Failure::usage("the step names files of this machine, which a bundle is not given")
            .details(outside)
            .hint("declare a credential with a `path`, name that path, and give the file by --cred NAME=PATH"))
    }

    fn collect(&self, value: &Value, outside: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, outside)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
                Value::String(path) if FILES.contains(&key.as_str()) && !self.has(Path::new(path)) => {
                    outside.push(format!("{key}: {path}"));
                }
                _ if key == VARIABLES => {}
                other => self.collect(other, outside),
            }),
            _ => {}
        }
    }

    /// What is read or written where a cluster is made.
    fn collect_of_cluster(&self, step: &Value, outside: &mut Vec<String>) {
        for place in OF_CLUSTER {
            let path = step.pointer(place).and_then(Value::as_str).filter(|path| !self.has(Path::new(path)));
            outside.extend(path.map(|path| format!("{}: {path}", place.trim_start_matches('/').replace('/', "."))));
        }
    }

    fn has(&self, path: &Path) -> bool {
        self.stage.has(path) || self.given.iter().any(|given| Path::new(given) == path)
    }
}
