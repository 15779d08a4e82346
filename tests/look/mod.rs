//! What looks at a cluster and changes nothing: `check`, `bead list`, `tree`, `open`, `logs`.

mod before;
mod hub;
mod usage;

use std::path::Path;

use backstack::actions::answer_schemas;
use serde_json::Value;

use crate::support::{Mixin, Run, assert_file};

/// Runs a verb against a cluster.
pub fn look(line: &str, kubeconfig: &Path) -> Run {
    Mixin::new(line).arg("--kubeconfig").arg(kubeconfig).run()
}

/// What it answers in JSON, which is as its schema says.
#[track_caller]
pub fn document(run: &Run, schema: &str) -> Value {
    let document = run.json();
    let all = answer_schemas();
    let (_, schema) = all.iter().find(|(name, _)| *name == schema).expect("a schema");
    let validator = jsonschema::draft202012::new(schema).expect("a schema");
    let mistakes: Vec<String> = validator.iter_errors(&document).map(|it| it.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}\n{document:#}");
    document
}

#[test]
fn the_schemas_of_the_answers_are_those_of_the_types() {
    for (name, schema) in answer_schemas() {
        assert_file(&format!("docs/schemas/{name}.schema.json"), &format!("{schema:#}\n"));
    }
}
