//! What goes with an Application that is deleted: all that it has deployed, one wave after the other, and then itself.

use anyhow::Result;
use serde_json::{Value, json};

use super::server::Server;
use super::world::{World, annotation, has_option, is_going, strings, text, wave};

/// What the finalizers begin with by which it deletes.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// The approval that is waited for where an option says so.
const APPROVED: &str = "argocd.argoproj.io/deletion-approved";

/// Goes on with the deletion of an Application.
pub async fn go_on(server: &Server, world: &World, application: &Value) -> Result<()> {
    let Some(finalizer) = strings(application, "/metadata/finalizers").find(|it| it.starts_with(FINALIZER)) else {
        return Ok(());
    };
    let project = text(application, "/spec/project");
    if !world.own("AppProject").any(|it| text(it, "/metadata/name") == project) {
        return Ok(()); // Without its project an Application never goes (argo-cd #1329).
    }
    let deployed = world.tracked(application).map(|(_, live)| live);
    let deployed: Vec<&Value> = deployed
        .filter(|it| !has_option(it, "Delete=false") && annotation(it, "helm.sh/resource-policy") != "keep")
        .collect();
    if deployed.is_empty() {
        let kept: Vec<&str> = strings(application, "/metadata/finalizers").filter(|it| *it != finalizer).collect();
        let version = &application["metadata"]["resourceVersion"];
        return server.patch(application, &json!({"metadata": {"finalizers": kept, "resourceVersion": version}})).await;
    }
    let asks = has_option(application, "Delete=confirm") || deployed.iter().any(|it| has_option(it, "Delete=confirm"));
    if asks && annotation(application, APPROVED) < text(application, "/metadata/deletionTimestamp") {
        return Ok(());
    }
    let last = deployed.iter().map(|it| wave(it)).max();
    let is_foreground = !finalizer.ends_with("/background");
    for live in deployed.into_iter().filter(|it| Some(wave(it)) == last && !is_going(it)) {
        server.delete(live, is_foreground).await?;
    }
    Ok(())
}
