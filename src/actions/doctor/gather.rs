//! All lists that the checks rest on, each read once.

use jiff::Timestamp;
use serde_json::Value;

use super::live::installed;
use super::look::Look;
use super::objects::objects;
use super::secrets::secret;
use super::{ask_git, slim};
use crate::doctor::code::{
    ADMIN_ENABLED, COMPARISON_BLIND, CONVERSION_WEBHOOK_DEAD, DEAD_CLUSTER, DEFINITIONS_PRUNABLE, FOREIGN_FIELDS, HELD,
    HOOK_STUCK, LEGACY_KINDS, OPERATION_STUCK, ORPHANS, OTHER_INSTALLER, PENDING_CASCADE, PROJECT_ALLOWS_ALL,
    PROJECT_MISSING, RECOVERY_LEFT, SECRET_EMPTY, SELF_CASCADES, SELF_CLIENT_SIDE, SET_EATS, SHARED_OBJECT,
    STORED_VERSION_DOOMED, SYNC_NEVER_RETRIED, TRACKER_MISSING, VERSION_GAP, WAVES_UNHEEDED, WEBHOOK_LEFT,
    WRITE_CREDENTIAL,
};
use crate::doctor::{Code, Facts, composition, instance_name, is_part, version};
use crate::engine::Cluster;
use crate::hub::{left_narrow, left_stopped};
use crate::object::{ObjectRef, annotation, items, name, str_at};
use crate::report::Outcome;
use crate::schema::matches;
use crate::upgrade::GOING;
use crate::words::argo;
use crate::words::crossplane::COMPOSITIONS;

/// Where Argo CD may act besides its own namespace, by that name.
const NAMESPACES: &str = "application.namespaces";
/// What is found in Applications, or only where these are known.
const OF_APPLICATIONS: &[Code] = &[
    PENDING_CASCADE,
    SELF_CASCADES,
    OTHER_INSTALLER,
    PROJECT_ALLOWS_ALL,
    COMPARISON_BLIND,
    SYNC_NEVER_RETRIED,
    OPERATION_STUCK,
    HELD,
    RECOVERY_LEFT,
    FOREIGN_FIELDS,
    DEAD_CLUSTER,
    SHARED_OBJECT,
    TRACKER_MISSING,
    HOOK_STUCK,
    ORPHANS,
    PROJECT_MISSING,
    SELF_CLIENT_SIDE,
    DEFINITIONS_PRUNABLE,
    WAVES_UNHEEDED,
];

/// Reads all of it. Lists alone, in pages, and of each object only what a check asks for.
pub async fn gather(cluster: &Cluster, namespace: &str, ask_git: bool) -> Outcome<Facts> {
    let mut facts = Facts {
        namespace: namespace.to_owned(),
        kubernetes: cluster.facts().version.clone(),
        now: Timestamp::now(),
        ..Facts::default()
    };
    let mut look = Look::default();
    of_argocd(cluster, &mut facts, &mut look).await?;
    of_cluster(cluster, &mut facts, &mut look).await?;
    going(cluster, &mut facts, &mut look).await?;
    objects(cluster, &mut facts, &mut look).await?;
    if ask_git {
        ask_git::ask(cluster, &mut facts, &mut look).await?;
    } else {
        ask_git::unasked(&facts, &mut look);
    }
    if facts.workloads.is_some() && version(&facts).is_none() {
        look.miss("the version of Argo CD", "no image of it has a tag that is one", &[VERSION_GAP]);
    }
    facts.unread = look.unread;
    Ok(facts)
}

/// What is in Argo CD's own namespace, and its own kinds.
async fn of_argocd(cluster: &Cluster, facts: &mut Facts, look: &mut Look) -> Outcome<()> {
    let here = |kind: &str| ObjectRef { namespace: Some(facts.namespace.clone()), ..ObjectRef::of_kind(kind) };
    let is_setting = |it: &Value| [argo::SETTINGS, argo::PARAMS].contains(&name(it));
    let read = cluster.list_with(&here("v1/ConfigMap"), |it| is_setting(&it).then(|| slim::plain(it))).await;
    let settings = look.at("ConfigMaps of Argo CD", &[ADMIN_ENABLED, WAVES_UNHEEDED, OPERATION_STUCK], read)?;

    let mut workloads = Vec::new();
    let mut marked = Vec::new();
    let mut is_whole = true;
    for kind in ["apps/v1/Deployment", "apps/v1/StatefulSet"] {
        let read = cluster.list_with(&here(kind), |it| Some((installed(&it), slim::plain(it)))).await;
        let codes = [
            SELF_CASCADES,
            SELF_CLIENT_SIDE,
            OTHER_INSTALLER,
            VERSION_GAP,
            ORPHANS,
            DEFINITIONS_PRUNABLE,
            RECOVERY_LEFT,
        ];
        let seen = look.at(&format!("{}s of Argo CD", &kind[8..]), &codes, read)?;
        is_whole &= seen.is_some();
        for (by, workload) in seen.into_iter().flatten() {
            if is_part(&workload) {
                marked.extend(by);
            }
            workloads.push(workload);
        }
    }
    let names: Vec<String> = workloads.iter().filter(|it| is_part(it)).map(|it| name(it).to_owned()).collect();
    let read = cluster.list_with(&here("v1/Secret"), |it| Some(secret(it, &names))).await;
    let codes = [WRITE_CREDENTIAL, SECRET_EMPTY, ADMIN_ENABLED, DEAD_CLUSTER, HELD, OTHER_INSTALLER];
    facts.secrets = look.at("Secrets of Argo CD", &codes, read)?;
    facts.settings = settings;
    facts.workloads = is_whole.then_some(workloads);
    facts.installed = marked;

    let acts_in = facts.setting(NAMESPACES).unwrap_or_default().to_owned();
    let is_ours = |it: &Value| acts_on(&acts_in, &facts.namespace, str_at(it, "/metadata/namespace"));
    if facts.settings.is_none() {
        look.miss("Applications of other namespaces", "the setting that names these is not known", OF_APPLICATIONS);
    }
    let with_names = |it: Value| {
        let names = [instance_name(&it, ""), name(&it).to_owned()];
        Some((names, is_ours(&it).then(|| slim::application(it))))
    };
    let read = cluster.list_with(&argo::every(argo::APPLICATION), with_names).await;
    let all = look.at("Applications", OF_APPLICATIONS, read)?;
    facts.applications = all.map(|all| {
        let (names, ours): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        facts.names = names.into_iter().flatten().collect();
        ours.into_iter().flatten().collect()
    });
    for (kind, codes) in
        [(argo::APPLICATION_SET, &[SET_EATS][..]), (argo::PROJECT, &[PROJECT_ALLOWS_ALL, PROJECT_MISSING])]
    {
        if !cluster.serves(argo::API, kind).await? {
            look.miss(format!("{kind}s"), "the cluster does not serve this kind", codes);
            continue;
        }
        let read = cluster.list_with(&argo::every(kind), |it| is_ours(&it).then(|| slim::set(it))).await;
        let seen = look.at(&format!("{kind}s"), codes, read)?;
        if kind == argo::PROJECT { facts.projects = seen } else { facts.sets = seen }
    }
    Ok(())
}

/// Whether Argo CD acts on what is in a namespace: its own, and those that a setting names, patterns among them.
fn acts_on(setting: &str, own: &str, namespace: &str) -> bool {
    namespace == own
        || setting.split(',').map(str::trim).any(|pattern| !pattern.is_empty() && matches(pattern, namespace))
}

/// What stands outside of namespaces, or is asked for from outside.
async fn of_cluster(cluster: &Cluster, facts: &mut Facts, look: &mut Look) -> Outcome<()> {
    let every = ObjectRef::of_kind;
    let read = cluster.list_with(&ObjectRef::crd(""), |it| Some(slim::definition(it))).await;
    let codes = [STORED_VERSION_DOOMED, CONVERSION_WEBHOOK_DEAD, LEGACY_KINDS, OTHER_INSTALLER, DEFINITIONS_PRUNABLE];
    facts.definitions = look.at("CustomResourceDefinitions", &codes, read)?;

    let codes = [WEBHOOK_LEFT, CONVERSION_WEBHOOK_DEAD];
    let read = cluster.list_metadata_with(&every("v1/Service"), |it| Some(slim::place(&it))).await;
    facts.services = look.at("Services", &codes, read)?;
    let read = cluster.list_with(&every("discovery.k8s.io/v1/EndpointSlice"), |it| slim::answering(&it)).await;
    facts.answering = look.at("EndpointSlices", &codes, read)?;
    let read = cluster.list_metadata(&every("v1/Namespace")).await;
    facts.namespaces = look.at("Namespaces", &[WEBHOOK_LEFT], read)?;

    let mut webhooks = Vec::new();
    for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        let of = every(&format!("admissionregistration.k8s.io/v1/{kind}"));
        let read = cluster.list_with(&of, |it| Some(slim::webhooks(it))).await;
        webhooks.extend(look.at(&format!("{kind}s"), &[WEBHOOK_LEFT, RECOVERY_LEFT], read)?.into_iter().flatten());
    }
    facts.left = webhooks.iter().filter_map(|it| Some((ObjectRef::of(it), left_narrow(it)?))).collect();
    let stopped = |it: Value| Some((ObjectRef::of(&it), left_stopped(&it)?));
    let read = cluster.list_metadata_with(&every("apps/v1/Deployment"), stopped).await;
    facts.left.extend(look.at("Deployments", &[RECOVERY_LEFT], read)?.into_iter().flatten());
    facts.webhooks = Some(webhooks);
    let is_hook = |it: Value| annotation(&it, argo::HOOK).is_some().then(|| slim::plain(it));
    let read = cluster.list_with(&every("batch/v1/Job"), is_hook).await;
    facts.hook_jobs = look.at("Jobs", &[HOOK_STUCK], read)?;
    Ok(())
}

/// Objects of kinds that are going, as far as the cluster has these kinds, and those that operators go by.
async fn going(cluster: &Cluster, facts: &mut Facts, look: &mut Look) -> Outcome<()> {
    let definitions = facts.definitions.clone().unwrap_or_default();
    let kind = |named: &str| definitions.iter().find(|it| name(it) == named).and_then(served);
    for going in &GOING {
        let named = going.definition();
        let Some(kind) = kind(&named) else { continue };
        let read = cluster.list_metadata_with(&kind, |it| Some(ObjectRef::of(&it))).await;
        let seen = look.at(&named, &[LEGACY_KINDS], read)?;
        facts.legacy.extend(seen.into_iter().flatten().map(|it| (it, going.until)));
    }
    if let Some(kind) = kind(COMPOSITIONS) {
        let read = cluster.list_with(&kind, |it| Some((ObjectRef::of(&it), composition(&it)?))).await;
        facts.legacy.extend(look.at(COMPOSITIONS, &[LEGACY_KINDS], read)?.into_iter().flatten());
    }
    if let Some(kind) = kind(argo::OPERATED_DEFINITION) {
        let read = cluster.list_metadata_with(&kind, |it| Some(ObjectRef::of(&it))).await;
        let seen = look.at(argo::OPERATED_DEFINITION, &[OTHER_INSTALLER], read)?;
        let here = |it: &ObjectRef| it.namespace.as_ref() == Some(&facts.namespace);
        facts.operated = seen.into_iter().flatten().filter(here).collect();
    }
    Ok(())
}

/// The kind of a definition in a version that is served: the one that objects are stored in where it is.
fn served(definition: &Value) -> Option<ObjectRef> {
    let all = || items(definition, "/spec/versions").filter(|it| it["served"] == true);
    let version = all().find(|it| it["storage"] == true).or_else(|| all().next())?;
    let api_version = format!("{}/{}", str_at(definition, "/spec/group"), str_at(version, "/name"));
    Some(ObjectRef::new(&api_version, str_at(definition, "/spec/names/kind"), None, ""))
}
