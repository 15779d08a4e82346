//! How a run comes to the spoke: by the kubeconfig of the step, or with what Argo CD logs in with.

use std::path::Path;
use std::time::Duration;

use crate::argocd::ClusterConfig;
use crate::document::SpokeStep;
use crate::engine::{Cluster, Deadline, Given, Unreached};
use crate::report::Outcome;
use crate::run::secrets::look_up;

/// How long a spoke may take to say who it is.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The kubeconfig of the step. `None` where the step has none, or the one that it names is not there: Porter leaves an optional
/// credential out.
pub fn given(step: &SpokeStep) -> Outcome<Option<Given>> {
    let Some(reference) = &step.kubeconfig else { return Ok(None) };
    if let Some(file) = reference.file.as_deref().map(Path::new) {
        return if file.is_file() { Given::in_file(file).map(Some) } else { Ok(None) };
    }
    let shown = format!("in {}", reference.env.as_deref().unwrap_or_default());
    Ok(look_up(reference)?.map(|text| Given { shown, file: None, text }))
}

/// The spoke by this kubeconfig, in the context of the step.
pub async fn by(given: &Given, step: &SpokeStep, deadline: Deadline) -> Outcome<Result<Cluster, Unreached>> {
    let context = step.context.as_deref().filter(|it| !it.is_empty());
    Cluster::reach_by(given, context, step.allow_insecure, deadline, PATIENCE.min(deadline.left())).await
}

/// The spoke at an address with what Argo CD logs in with; `None` for a program, which only the image of Argo CD has.
pub async fn as_argocd(
    config: &ClusterConfig,
    server: &str,
    step: &SpokeStep,
    deadline: Deadline,
) -> Outcome<Option<Result<Cluster, Unreached>>> {
    let Some(text) = config.kubeconfig(server) else { return Ok(None) };
    let given = Given { shown: "that Argo CD has of the spoke".to_owned(), file: None, text };
    let reached = Cluster::reach_by(&given, None, step.allow_insecure, deadline, PATIENCE.min(deadline.left()));
    reached.await.map(Some)
}

/// The UID of the cluster that answers at an address to what Argo CD logs in with; or why it could not be looked at from here.
pub async fn uid_at(
    server: &str,
    config: &ClusterConfig,
    step: &SpokeStep,
    deadline: Deadline,
) -> Outcome<Result<String, String>> {
    let why = match as_argocd(config, server, step, deadline).await? {
        Some(Ok(cluster)) => return Ok(Ok(cluster.facts().uid.clone())),
        Some(Err(unreached)) => unreached.fault.to_string(),
        None => "a program logs in, which only the image of Argo CD has".to_owned(),
    };
    Ok(Err(format!("which cluster answers at {server} was not looked at from here: {why}")))
}
