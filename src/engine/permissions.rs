//! May we do all this? Asked before anything is written, so that a missing role changes nothing.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::fault::Fault;
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/apply.rs`).
const AT_ONCE: usize = 8;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// A verb on a kind in a namespace (or cluster-wide).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    verb: &'static str,
    group: String,
    /// The plural, and after a slash what of it, such as `deployments/status`.
    resource: String,
    namespace: String,
}

/// Which of these verbs on resources of these groups (`deployments`, or a part of one such as `deployments/status`) the user
/// lacks in the whole cluster.
pub async fn lacking(cluster: &Cluster, verbs: &[(&'static str, &str, &str)]) -> Result<Vec<String>, Fault> {
    lacking_in(cluster, "", verbs).await
}

/// The same in one namespace.
pub async fn lacking_in(
    cluster: &Cluster,
    namespace: &str,
    verbs: &[(&'static str, &str, &str)],
) -> Result<Vec<String>, Fault> {
    let need = |(verb, group, resource): &(&'static str, &str, &str)| Need {
        verb,
        group: (*group).to_owned(),
        resource: (*resource).to_owned(),
        namespace: namespace.to_owned(),
    };
    missing(cluster, verbs.iter().map(need).collect()).await
}

/// Which of the permissions of server-side apply of these objects the user lacks: `patch` and, for new objects, `create`, and
/// `get` to read them back.
pub async fn lacking_to_apply(cluster: &Cluster, objects: &[Value]) -> Result<Vec<String>, Fault> {
    let mut needs = BTreeSet::new();
    for object in objects {
        let name = ObjectRef::of(object);
        let resource = cluster.plural(&name).await?;
        for verb in ["get", "create", "patch"] {
            needs.insert(Need {
                verb,
                group: name.group.clone(),
                resource: resource.clone(),
                namespace: name.namespace.clone().unwrap_or_default(),
            });
        }
    }
    missing(cluster, needs).await
}

/// Fails with every permission that server-side apply of these objects lacks.
pub async fn check_apply(cluster: &Cluster, objects: &[Value]) -> Outcome<()> {
    let missing = lacking_to_apply(cluster, objects).await?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the user of {} lacks {} permissions; nothing was changed",
        cluster.found(),
        missing.len()
    ))
    .details(missing)
    .hint("bind a role with these verbs (cluster-admin has them all) to the user, then run again"))
}

async fn missing(cluster: &Cluster, needs: BTreeSet<Need>) -> Result<Vec<String>, Fault> {
    let answers = futures::stream::iter(needs).map(|need| async move {
        let allowed = is_allowed(cluster, &need).await?;
        Ok::<_, Fault>((!allowed).then(|| describe(&need)))
    });
    let missing: Vec<Option<String>> = answers.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut missing: Vec<String> = missing.into_iter().flatten().collect();
    missing.sort();
    Ok(missing)
}

async fn is_allowed(cluster: &Cluster, need: &Need) -> Result<bool, Fault> {
    let (resource, part) = need.resource.split_once('/').unwrap_or((&need.resource, ""));
    let question = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": need.verb, "group": need.group, "resource": resource,
            "subresource": part, "namespace": need.namespace}},
    });
    let answer = cluster.review(&question, REVIEWS).await?;
    Ok(answer.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or_default())
}

fn describe(need: &Need) -> String {
    let group = if need.group.is_empty() { String::new() } else { format!(".{}", need.group) };
    let scope =
        if need.namespace.is_empty() { "cluster-wide".to_owned() } else { format!("in namespace {}", need.namespace) };
    let (resource, part) = need.resource.split_once('/').unwrap_or((&need.resource, ""));
    let part = if part.is_empty() { String::new() } else { format!("/{part}") };
    format!("{} {resource}{group}{part} {scope}", need.verb)
}
