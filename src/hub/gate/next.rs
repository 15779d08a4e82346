//! What Argo CD will apply after a commit: the objects in files, and what Helm makes of charts where Helm is at hand.

use serde_json::Value;

use crate::claims::orders::definition;
use crate::engine::Cluster;
use crate::object::{ObjectRef, annotation, str_at};
use crate::publish::{ChartChange, DeployedObject, Transition};
use crate::render::Capabilities;
use crate::render::bead::is_xrd;
use crate::report::Outcome;
use crate::run::capabilities;
use crate::upgrade::Plan;
use crate::words::argo;

/// The annotation by which Helm knows a hook.
const HELM_HOOK: &str = "helm.sh/hook";

/// What Argo CD will apply.
pub struct Next {
    /// The objects, each with the Application that brings it.
    pub objects: Vec<DeployedObject>,
    /// The definitions of kinds: those in files and charts, and those that Crossplane makes.
    pub definitions: Vec<NewDefinition>,
}

/// A definition that comes or changes.
pub struct NewDefinition {
    /// As it will be.
    pub crd: Value,
    /// Whether Crossplane makes it: then the scope and the conversion are its own matter.
    pub is_made: bool,
    /// Whether its schema is known, field for field.
    pub has_schema: bool,
}

impl Next {
    /// What comes with a commit. Charts that cannot be rendered here are told as not looked at.
    pub async fn of(transition: &Transition<'_>, cluster: &Cluster, plan: &mut Plan) -> Outcome<Self> {
        let mut objects: Vec<DeployedObject> = transition.objects().into_iter().filter(is_kept).collect();
        let charts = transition.charts();
        let is_any = charts.iter().any(|it| it.release.is_ok());
        let on = if is_any { capabilities(cluster).await } else { Ok(Capabilities::default()) };
        for chart in &charts {
            objects.extend(rendered(chart, on.as_ref(), cluster, plan).await?);
        }
        if transition.touches_spokes() {
            plan.not_looked_at.push("what comes to spokes: nobody asks their API servers before".to_owned());
        }
        let definitions = objects.iter().flat_map(|it| definitions(&it.object)).collect();
        Ok(Self { objects, definitions })
    }
}

/// Hooks are made at a moment of a sync, and never compared. Argo CD takes those of Helm for its own, but for definitions, which
/// Helm of long ago has marked so (argo-cd `gitops-engine/pkg/sync/hook/helm`).
fn is_kept(brought: &DeployedObject) -> bool {
    let is_of_helm = annotation(&brought.object, HELM_HOOK).is_some_and(|it| it != "crd-install");
    annotation(&brought.object, argo::HOOK).is_none() && !is_of_helm
}

async fn rendered(
    chart: &ChartChange,
    on: Result<&Capabilities, &String>,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Outcome<Vec<DeployedObject>> {
    let made = match (&chart.release, on) {
        (Ok(release), Ok(on)) => release.objects(on, cluster.deadline().end()).await?,
        (Err(why), _) => Err((*why).to_owned()),
        (_, Err(why)) => Err(why.clone()),
    };
    match made {
        Ok(objects) => {
            plan.looked_at.push(format!("the chart of Application {}, as `helm` renders it here", chart.application));
            let (application, namespace) = (&chart.application, &chart.namespace);
            let brought =
                |object| DeployedObject { application: application.clone(), namespace: namespace.clone(), object };
            Ok(objects.into_iter().map(brought).filter(is_kept).collect())
        }
        Err(why) => {
            plan.not_looked_at.push(format!("what the chart of Application {} brings: {why}", chart.application));
            Ok(Vec::new())
        }
    }
}

/// The definitions in an object: itself, or those that Crossplane makes of it.
fn definitions(object: &Value) -> Vec<NewDefinition> {
    if ObjectRef::of(object).is_crd() {
        return vec![NewDefinition { crd: object.clone(), is_made: false, has_schema: true }];
    }
    if !is_xrd(object) {
        return Vec::new();
    }
    let kinds = [("names", str_at(object, "/spec/scope") == "Namespaced"), ("claimNames", true)];
    let made = kinds.into_iter().filter_map(|(names, has_schema)| {
        let kind = str_at(object, &format!("/spec/{names}/kind"));
        (!kind.is_empty()).then(|| NewDefinition { crd: definition(object, kind), is_made: true, has_schema })
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hooks_of_helm_are_hooks_of_argo_cd_but_for_definitions() {
        for (annotations, is_it) in [
            (json!({}), true),
            (json!({argo::HOOK: "PreSync"}), false),
            (json!({HELM_HOOK: "pre-install,pre-upgrade"}), false),
            (json!({HELM_HOOK: "test"}), false),
            (json!({HELM_HOOK: "crd-install"}), true),
            (json!({HELM_HOOK: "crd-install", argo::HOOK: "Sync"}), false),
        ] {
            let object = json!({"kind": "Job", "metadata": {"annotations": annotations}});
            let brought = DeployedObject { application: String::new(), namespace: String::new(), object };
            assert_eq!(is_kept(&brought), is_it, "{annotations}");
        }
    }
}
