//! What looks at a cluster and changes nothing: `check`, `bead list`, `tree`, `open`, `logs`.

mod before;
mod hub;
mod pods;
mod usage;

use std::path::Path;

use backstack::actions::answer_schemas;

use crate::support::{Mixin, Run, assert_file};

/// Runs a verb against a cluster.
pub fn look(line: &str, kubeconfig: &Path) -> Run {
    Mixin::new(line).with_path().arg("--kubeconfig").arg(kubeconfig).run()
}

#[test]
fn the_schemas_of_the_answers_are_those_of_the_types() {
    for (name, schema) in answer_schemas() {
        assert_file(&format!("docs/schemas/{name}.schema.json"), &format!("{schema:#}\n"));
    }
}
