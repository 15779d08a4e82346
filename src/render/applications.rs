//! The Applications of the hub: the root, Argo CD itself, one per component.
//!
//! Every field is one of the Application CRD of Argo CD 3.6.1 (`manifests/crds/application-crd.yaml`); what the
//! sync options do is told in its `docs/user-guide/sync-options.md`.

use serde_json::{Value, json};

use crate::document::{Chart, Component, IgnoredDifference, Resolved};
use crate::hub_repository::layout::{self, RepoFile};
use crate::words::argo;

/// The Application that syncs all others, itself included. It has no finalizer: removing it removes nothing else.
pub fn root(hub: &Resolved) -> Value {
    let mut root = application(argo::ROOT, argo::ROOT_WAVE, argo::HUB, argo::NAMESPACE, &[]);
    root["spec"]["source"] = json!({
        "repoURL": hub.repository,
        "targetRevision": hub.branch,
        "path": layout::ROOT,
        "directory": {"recurse": true},
    });
    root
}

/// The Application by which Argo CD manages itself. It has no finalizer: Argo CD would delete itself half-way.
pub fn argocd(hub: &Resolved) -> Value {
    // Argo CD's manual, "Manage Argo CD Using Argo CD": server-side apply is a must, its CRDs are too long
    // for the annotation of client-side apply. What a version drops goes when the rest of it is there and healthy ("Prune
    // Last"), since it is the one before that works until then. The other option is for differences that settings ignore: a
    // sync would set these fields all the same.
    let options = ["PruneLast=true", "RespectIgnoreDifferences=true"];
    let mut argocd = application(argo::ARGOCD, argo::ARGOCD_WAVE, argo::HUB, argo::NAMESPACE, &options);
    argocd["spec"]["source"] = in_hub_repository(hub, layout::ARGOCD);
    argocd
}

/// The Application of a component.
pub fn component(component: &Component, hub: &Resolved) -> Value {
    let Component { name, namespace, project, wave, chart, .. } = component;
    let mut object = application(name, *wave, project, namespace, &["CreateNamespace=true"]);
    object["metadata"]["finalizers"] = json!([argo::CASCADE]);
    let placed =
        PlacedChart { release: name, values: &RepoFile::Values(name).path(), folder: &chart_folder(component) };
    deploy_chart(&mut object, chart, &placed, hub);
    leave_alone(&mut object["spec"], &component.ignore_differences);
    if let Some(metadata) = &component.namespace_metadata {
        object["spec"]["syncPolicy"]["managedNamespaceMetadata"] = json!(metadata);
    }
    if !component.hooks.is_empty() {
        beside(&mut object, in_hub_repository(hub, &layout::hooks_of_component(name)));
    }
    object
}

/// Leaves differences alone, in comparisons and in syncs: without the option a sync would set the fields all the same.
pub(super) fn leave_alone(spec: &mut Value, ignored: &[IgnoredDifference]) {
    if ignored.is_empty() {
        return;
    }
    spec["ignoreDifferences"] = json!(ignored);
    if let Some(options) = spec["syncPolicy"]["syncOptions"].as_array_mut() {
        options.push("RespectIgnoreDifferences=true".into());
    }
}

/// Puts a further source beside those of an Application. The first one stays the chart.
pub(super) fn beside(object: &mut Value, source: Value) {
    let spec = &mut object["spec"];
    let mut sources = spec["sources"].as_array().cloned().unwrap_or_default();
    if let Some(only) = spec.as_object_mut().and_then(|spec| spec.remove("source")) {
        sources.push(only);
    }
    sources.push(source);
    spec["sources"] = sources.into();
}

/// Where a chart and its values are in the hub repository, and what its release is called.
pub(super) struct PlacedChart<'a> {
    pub release: &'a str,
    pub values: &'a str,
    pub folder: &'a str,
}

/// Makes a chart the source of an Application: from where it is published, with the values of the hub repository
/// beside it, or from the hub repository.
pub(super) fn deploy_chart(object: &mut Value, chart: &Chart, placed: &PlacedChart<'_>, hub: &Resolved) {
    let PlacedChart { release, values, folder } = placed;
    if let Some(repository) = chart_repository(chart) {
        // `ref` gives the chart's source the files of the hub repository (docs/user-guide/multiple_sources.md)
        let ours = json!({"repoURL": hub.repository, "targetRevision": hub.branch, "ref": "values"});
        let mut source = json!({
            "repoURL": repository,
            "targetRevision": revision(chart),
            "helm": {"releaseName": release, "valueFiles": [format!("$values/{values}")]},
        });
        match &chart.oci {
            // docs/user-guide/oci.md: the path of a chart is always `.`
            Some(_) => source["path"] = ".".into(),
            None => source["chart"] = json!(chart.name),
        }
        object["spec"]["sources"] = json!([source, ours]);
        return;
    }
    let mut source = in_hub_repository(hub, folder);
    // a leading `/` is the root of the repository
    source["helm"] = json!({"releaseName": release, "valueFiles": [format!("/{values}")]});
    object["spec"]["source"] = source;
}

/// A folder of the hub repository as the source of an Application.
pub(super) fn in_hub_repository(hub: &Resolved, folder: &str) -> Value {
    json!({"repoURL": hub.repository, "targetRevision": hub.branch, "path": folder})
}

/// The URL that Argo CD fetches a chart from; `None` for one in the hub repository.
pub fn chart_repository(chart: &Chart) -> Option<String> {
    let in_registry = |registry: &String| {
        let name = chart.name.as_deref().unwrap_or_default();
        format!("{}/{name}", registry.trim_end_matches('/'))
    };
    chart.repository.clone().or_else(|| chart.oci.as_ref().map(in_registry))
}

/// What Argo CD asks a registry or repository for. A tag cannot hold the `+` of a version, for which Helm writes `_`; Argo
/// CD 3.6.1 asks a registry for what is written here (`util/oci/client.go`).
fn revision(chart: &Chart) -> Option<String> {
    let is_tag = |version: &String| chart.oci.is_some() && semver::Version::parse(version).is_ok();
    let tag = |version: &String| if is_tag(version) { version.replace('+', "_") } else { version.clone() };
    chart.digest.clone().or_else(|| chart.version.as_ref().map(tag))
}

/// The folder of a component's chart in the hub repository.
pub fn chart_folder(component: &Component) -> String {
    own_folder(&component.chart).unwrap_or_else(|| layout::chart_of_component(&component.name))
}

/// The folder of a chart that somebody else keeps in the hub repository.
pub(super) fn own_folder(chart: &Chart) -> Option<String> {
    chart.path.as_ref().map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned())
}

/// An Application without its source. Every one is synced by itself, by server-side apply, and leaves alone what another
/// Application holds: it would take it over, and delete it when it goes itself. Nothing is synced from a source that came to
/// nothing at all (`allowEmpty`): that is a mistake in git, and would prune everything.
pub(super) fn application(name: &str, wave: i32, project: &str, namespace: &str, options: &[&str]) -> Value {
    let options: Vec<&str> =
        ["ServerSideApply=true", "FailOnSharedResource=true"].iter().chain(options).copied().collect();
    json!({
        "apiVersion": argo::API,
        "kind": argo::APPLICATION,
        "metadata": {
            "name": name,
            "namespace": argo::NAMESPACE,
            "annotations": {
                // With server-side apply alone, Argo CD compares by a strategy that its manual calls discontinued
                // (docs/user-guide/diff-strategies.md). Since 3.6 it does so by itself.
                argo::COMPARE_OPTIONS: "ServerSideDiff=true",
                argo::SYNC_WAVE: wave.to_string(),
            },
        },
        "spec": {
            "project": project,
            "destination": {"server": argo::IN_CLUSTER, "namespace": namespace},
            "syncPolicy": {
                "automated": {"enabled": true, "prune": true, "selfHeal": true, "allowEmpty": false},
                // A sync that failed is not tried again at the same commit but by this, not even by self-heal (argo-cd 3.6.1
                // `controller/appcontroller.go`, seen), and a retry must see the commit that mends it. Five tries are five
                // minutes; each runs all hooks anew.
                "retry": {
                    "limit": 5,
                    "refresh": true,
                    "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"},
                },
                "syncOptions": options,
            },
        },
    })
}
