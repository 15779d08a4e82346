//! `doctor`: what is wrong with an Argo CD, whoever has installed it.

mod hub;
mod page;
mod reader;
mod states;
mod usage;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{Mixin, Run};

/// Runs it against a cluster, for its answer in JSON.
pub fn doctor(kubeconfig: &Path, namespace: &str, options: &str) -> Run {
    let line = format!("doctor --output json --namespace {namespace} {options} --kubeconfig");
    Mixin::new(&line).arg(kubeconfig).run()
}

/// What it has answered.
#[track_caller]
pub fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", run.stdout, run.stderr))
}

/// The findings, as code, object and harm.
pub fn findings(document: &Value) -> BTreeSet<(String, String, u64)> {
    let text = |it: &Value| it.as_str().expect("text").to_owned();
    let all = document["findings"].as_array().expect("findings").iter();
    all.map(|it| (text(&it["code"]), text(&it["object"]), it["harm"].as_u64().expect("a number"))).collect()
}
