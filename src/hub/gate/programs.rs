//! The versions of programs before an upgrade and after it, and what their steps mean to the objects that are there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::next::Next;
use super::unread::{PATIENCE, or_told};
use crate::document::{VersionStep, fits};
use crate::engine::Cluster;
use crate::hub::{crossplane, version_of};
use crate::object::{ObjectRef, kind};
use crate::publish::{Transition, Versions};
use crate::report::Outcome;
use crate::upgrade::{Plan, Step, crds, findings_by, findings_of_step, legacy, untested};
use crate::words::crossplane::{CLAIMS, COMPOSITES};

const ARGOCD: &str = "argocd";

/// The steps that programs take, held against what upstream allows. What runs is asked of the cluster, and what comes of the
/// rendered charts; of files where these say nothing.
pub async fn look(
    transition: &Transition<'_>,
    rows: &[VersionStep],
    next: &Next,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Outcome<Vec<Step>> {
    let versions = changed_versions(transition, next)?;
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let deployments = cluster.patient_for(PATIENCE).list(&ObjectRef::new("apps/v1", "Deployment", None, "")).await;
    let deployments = or_told(deployments, "which versions run", cluster, plan)?.unwrap_or_default();
    let mut steps = Vec::new();
    for (program, Versions { from, to, .. }) in versions {
        let from = if program == ARGOCD { from } else { version_of(&program, &deployments, from.as_deref()).or(from) };
        let (Some(from), Some(to)) = (from, to) else {
            plan.not_looked_at.push(format!("which version of {program} comes: nothing of it here says so"));
            continue;
        };
        if program == ARGOCD {
            plan.findings.extend(untested(&to, &cluster.facts().version));
        }
        let step = Step::of(&program, &from, &to);
        if step.is_none() && number(&from) != number(&to) {
            plan.not_looked_at
                .push(format!("what it means that {program} goes from {from} to {to}: these are no versions"));
        }
        steps.extend(step);
    }
    plan.findings.extend(steps.iter().flat_map(findings_of_step));
    plan.findings.extend(steps.iter().flat_map(|step| findings_by(rows, step)));
    for step in steps.iter().filter(|step| step.program == crossplane::PROGRAM && !step.is_patch()) {
        plan.not_looked_at.push(format!(
            "the definitions that Crossplane {} makes at its start: they come with its image, and no chart has them",
            step.to
        ));
    }
    Ok(steps)
}

/// The programs whose version the commit changes.
fn changed_versions(transition: &Transition<'_>, next: &Next) -> Outcome<BTreeMap<String, Versions>> {
    let rendered: Vec<Value> =
        next.objects.iter().filter(|it| kind(&it.object) == "Deployment").map(|it| it.object.clone()).collect();
    let mut versions = transition.programs()?;
    // Argo CD's own objects have images of other programs among them, and the document names its version.
    for (program, versions) in versions.iter_mut().filter(|(program, _)| *program != ARGOCD) {
        if let Some(version) =
            version_of(program, &rendered, versions.to.as_deref()).filter(|it| fits(it, "*").is_some())
        {
            versions.to = Some(version);
        }
    }
    // Where no file tells a version, a chart that changes may bring another one.
    versions.retain(|_, it| it.from != it.to || (it.from.is_none() && it.has_new_chart));
    Ok(versions)
}

/// What the steps leave unused, frozen, or stored in versions that go, by name.
pub async fn legacy(steps: &[Step], next: &Next, cluster: &Cluster, plan: &mut Plan) -> Outcome<()> {
    for step in steps {
        let mut kinds = legacy::kinds(step);
        if legacy::wants_composites(step) {
            let composites = cluster.patient_for(PATIENCE).kinds_in(&[COMPOSITES, CLAIMS]).await;
            kinds
                .extend(or_told(composites, "which composite resources there are", cluster, plan)?.unwrap_or_default());
        }
        let mut objects = Vec::new();
        for kind in kinds {
            let found = cluster.patient_for(PATIENCE).list(&kind).await;
            let of = format!("{} that {} leaves unused", kind.kind, step.program);
            let found = or_told(found, of, cluster, plan)?.unwrap_or_default();
            objects.extend(found.into_iter().map(|it| of_kind(it, &kind)));
        }
        objects.extend(
            next.objects
                .iter()
                .map(|it| it.object.clone())
                .filter(|it| {
                    let name = ObjectRef::of(it);
                    legacy::kinds(step).iter().any(|kind| kind.is_kind_of(&name))
                        && !objects.iter().any(|live| ObjectRef::of(live) == name)
                })
                .collect::<Vec<_>>(),
        );
        plan.findings.extend(legacy::findings(step, &objects));
        plan.findings.extend(next.objects.iter().filter_map(|it| legacy::gone_arguments(step, &it.object)));
        for (definition, versions) in legacy::definitions(step) {
            let live = cluster.patient_for(PATIENCE).get(&ObjectRef::crd(definition)).await;
            let live = or_told(live, format!("what is stored of {definition}"), cluster, plan)?;
            let Some(live) = live.flatten() else { continue };
            let stays: BTreeSet<&str> = versions.iter().copied().collect();
            plan.findings.extend(crds::stored_in_others(&live, &stays));
            plan.migrations.extend(crds::migration_to(&live, &stays));
        }
    }
    Ok(())
}

/// A version without the letter before it.
fn number(version: &str) -> &str {
    version.strip_prefix('v').unwrap_or(version)
}

/// The object of a list, which may not say its kind.
fn of_kind(mut object: Value, of: &ObjectRef) -> Value {
    if kind(&object).is_empty() {
        object["apiVersion"] = of.api_version().into();
        object["kind"] = of.kind.clone().into();
    }
    object
}
