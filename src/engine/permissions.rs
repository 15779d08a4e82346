//! May we do all this? Asked before anything is written, so that a missing role changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::fault::{Fault, FaultKind};
use super::needs::{self, Need, Permission};
use super::rules::Rules;
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// Which of these verbs the user lacks in the whole cluster.
pub async fn lacking(cluster: &Cluster, verbs: &[Permission<'_>]) -> Result<Vec<String>, Fault> {
    missing(cluster, verbs.iter().map(|it| Need::of(*it, "")).collect()).await
}

/// Which of the permissions of server-side apply of these objects the user lacks.
pub async fn lacking_to_apply(cluster: &Cluster, objects: &[Value]) -> Result<Vec<String>, Fault> {
    missing(cluster, needs::to_apply(&named(cluster, objects).await?)).await
}

/// Which of those of an installation that applies these objects.
pub async fn lacking_to_install(cluster: &Cluster, objects: &[Value]) -> Result<Vec<String>, Fault> {
    missing(cluster, needs::to_install(&named(cluster, objects).await?)).await
}

/// What the objects are called, each with the plural of its kind.
async fn named(cluster: &Cluster, objects: &[Value]) -> Result<Vec<(ObjectRef, String)>, Fault> {
    let mut named = Vec::new();
    for name in objects.iter().map(ObjectRef::of) {
        let plural = cluster.plural(&name).await?;
        named.push((name, plural));
    }
    Ok(named)
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
    .hint("bind a role with these verbs (cluster-admin has them all; see docs/rbac.md) to the user, then run again"))
}

/// What the rules of the user permit is not asked for one by one, and not in a namespace what they permit everywhere.
async fn missing(cluster: &Cluster, mut needs: BTreeSet<Need>) -> Result<Vec<String>, Fault> {
    let everywhere = rules(cluster, "").await?;
    needs.retain(|need| !everywhere.permit(need));
    let namespaces: BTreeSet<String> =
        needs.iter().map(|it| it.namespace.clone()).filter(|it| !it.is_empty()).collect();
    let asked = namespaces.into_iter().map(|namespace| async move {
        let rules = rules(cluster, &namespace).await?;
        Ok::<_, Fault>((namespace, rules))
    });
    let asked: BTreeMap<_, _> = futures::stream::iter(asked).buffer_unordered(AT_ONCE).try_collect().await?;
    let is_open = |need: &Need| asked.get(&need.namespace).is_none_or(|rules| !rules.permit(need));
    let answers = futures::stream::iter(needs.into_iter().filter(is_open)).map(|need| async move {
        let allowed = is_allowed(cluster, &need).await?;
        Ok::<_, Fault>((!allowed).then(|| need.to_string()))
    });
    let missing: Vec<Option<String>> = answers.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut missing: Vec<String> = missing.into_iter().flatten().collect();
    missing.sort();
    Ok(missing)
}

/// The rules of the user in a namespace, or those that hold everywhere.
async fn rules(cluster: &Cluster, namespace: &str) -> Result<Rules, Fault> {
    match cluster.review(&Rules::question(namespace), RULES).await {
        Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound) => Ok(Rules::of(Value::Null)),
        answer => answer.map(Rules::of),
    }
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
