//! What the chart of an Application is made from, as the files have it. Pure.

use serde_json::Value;

use crate::files::Snapshot;
use crate::object::{items, name, str_at};
use crate::render::{HelmRelease, hooks};

/// Everything whose change is another chart, or the same one elsewhere.
#[derive(PartialEq, Eq)]
pub(super) struct MadeFrom {
    sources: Vec<Value>,
    destination: Option<Value>,
    /// The chart, where the files have it; else why they do not.
    pub release: Result<HelmRelease, &'static str>,
    values: Option<Vec<u8>>,
}

impl MadeFrom {
    /// That of an Application in these files.
    pub fn of(application: &Value, files: &Snapshot) -> Self {
        Self {
            sources: sources_but_hooks(application),
            destination: application.pointer("/spec/destination").cloned(),
            release: HelmRelease::of(application, files),
            values: HelmRelease::values_of(application, files),
        }
    }
}

/// Whether an Application deploys a chart.
pub(super) fn deploys_chart(application: &Value) -> bool {
    application.pointer("/spec/sources").is_some() || application.pointer("/spec/source/helm").is_some()
}

/// The sources of an Application but for the hooks that we put beside its chart: what is in that folder is told file by file.
fn sources_but_hooks(application: &Value) -> Vec<Value> {
    let one = application.pointer("/spec/source").into_iter();
    let all = one.chain(items(application, "/spec/sources"));
    let folder = hooks::folder(name(application));
    all.filter(|it| str_at(it, "/path") != folder).cloned().collect()
}
