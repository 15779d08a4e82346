//! The `ApplicationSet` by which a bead comes to spokes: one, which makes an Application for each of them. Pure.
//!
//! Every field is one of the `ApplicationSet` CRD of Argo CD 3.6.1 (`manifests/crds/applicationset-crd.yaml`); its templates
//! are Go's (`docs/operator-manual/applicationset/GoTemplate.md`).

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::namespace::level_labels;
use crate::document::{Bead, REST, Resolved, SpokesPart};
use crate::hub_repository::layout::{BeadFile, CHART, RepoFile, folder_on_spokes};
use crate::render::applications::{PlacedChart, application, deploy_chart, in_hub_repository, leave_alone, own_folder};
use crate::words::spoke::{self, Standing};
use crate::words::{argo, bead};

/// The set comes after the parts of the bead on the hub.
const WAVE: i32 = 50;

/// The set of a bead. `placed` is its side of the spokes, with its chart from where that is.
///
/// It deletes nothing by itself: an Application that it would not make any more stays (`create-update`), and one that goes
/// leaves what it brought (`preserveResourcesOnDeletion`). By default Argo CD deletes whatever a generator does not return, also
/// when it returns nothing at all. With the set itself its Applications go, by their owner, whatever its policy says (argo-cd
/// #18201, #12172), so that has to be approved.
pub fn set(part: &SpokesPart, placed: &Bead, hub: &Resolved) -> Value {
    let bead = &placed.metadata.name;
    let mut made = application("", 0, &spoke::of_bead(bead), "", &["CreateNamespace=true"]);
    let namespace = &placed.spec.application.namespace;
    // By name: the address of a spoke may change.
    made["spec"]["destination"] = json!({"name": "{{ .name }}", "namespace": namespace});
    // Nothing else of the Application may write its namespace, so the level that is enforced there is this one.
    made["spec"]["syncPolicy"]["managedNamespaceMetadata"] =
        json!({"labels": level_labels(placed.spec.permissions.pod_security)});
    leave_alone(&mut made["spec"], &placed.spec.application.ignore_differences);
    made["spec"].get_mut("ignoreDifferences").into_iter().for_each(literal);
    source(&mut made, part, placed, hub);
    let own_name = format!("{{{{ index .metadata.labels \"{}\" }}}}", spoke::SPOKE);
    json!({
        "apiVersion": argo::API,
        "kind": argo::APPLICATION_SET,
        "metadata": {
            "name": spoke::of_bead(bead),
            "namespace": argo::NAMESPACE,
            "annotations": {
                argo::SYNC_OPTIONS: argo::CONFIRM.join(","),
                argo::SYNC_WAVE: WAVE.to_string(),
            },
        },
        "spec": {
            "goTemplate": true,
            // Without it what is missing is written as `<no value>`.
            "goTemplateOptions": ["missingkey=error"],
            // A selector that is there never finds the hub itself, which has no such label.
            "generators": [{"clusters": {"selector": {
                "matchLabels": part.labels,
                "matchExpressions": [{"key": spoke::STATE, "operator": "In", "values": [Standing::Ready.name()]}],
            }}}],
            "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": true},
            "template": {
                "metadata": {
                    "name": spoke::application(&own_name, bead).name,
                    "labels": {spoke::SPOKE: own_name, bead::LABEL: bead},
                    "annotations": {argo::COMPARE_OPTIONS: "ServerSideDiff=true"},
                },
                "spec": made["spec"],
            },
        },
    })
}

/// What the Applications deploy: the folder of the spoke's wave, or the chart.
fn source(made: &mut Value, part: &SpokesPart, placed: &Bead, hub: &Resolved) {
    let bead = &placed.metadata.name;
    let folder = folder_on_spokes(bead);
    if let Some(chart) = &placed.spec.application.chart {
        let values = RepoFile::Bead(bead, BeadFile::SpokeValues).path();
        let chart_folder = own_folder(chart).unwrap_or_else(|| format!("{folder}/{CHART}"));
        deploy_chart(made, chart, &PlacedChart { release: bead, values: &values, folder: &chart_folder }, hub);
        for sources in ["source", "sources"] {
            made["spec"].get_mut(sources).into_iter().for_each(literal);
        }
        return;
    }
    let mut source = in_hub_repository(hub, &folder);
    literal(&mut source);
    let path = format!("{folder}/{}", wave(part));
    source["path"] = path.into();
    made["spec"]["source"] = source;
}

/// The wave of a spoke, as a template: that of its label, where the bead has one of this name. A label that a spoke does not
/// have is an empty text.
fn wave(part: &SpokesPart) -> String {
    let Some(waves) = &part.waves else { return REST.to_owned() };
    let named = waves.order.iter().fold(String::new(), |mut all, name| {
        _ = write!(all, " \"{name}\"");
        all
    });
    format!(
        "{{{{ $wave := index .metadata.labels \"{}\" }}}}{{{{ if has $wave (list{named}) }}}}{{{{ $wave }}}}{{{{ else }}}}{REST}{{{{ end }}}}",
        waves.label
    )
}

/// Texts that are no templates, whatever is in them.
fn literal(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("{{") => *text = text.replace("{{", "{{ \"{{\" }}"),
        Value::Array(items) => items.iter_mut().for_each(literal),
        Value::Object(map) => map.values_mut().for_each(literal),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_of_others_stay_what_they_are() {
        let mut source = json!({"repoURL": "https://x/{{ .name }}", "helm": {"valueFiles": ["a{{b"]}, "n": 1});
        literal(&mut source);
        assert_eq!(
            source,
            json!({"repoURL": "https://x/{{ \"{{\" }} .name }}", "helm": {"valueFiles": ["a{{ \"{{\" }}b"]}, "n": 1})
        );
    }
}
