//! What a bead would write that is there already, and belongs to somebody else.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::holders::Definitions;
use crate::argocd::tracker;
use crate::document::Bead;
use crate::engine::{Cluster, Fault};
use crate::object::ObjectRef;
use crate::words::bead::is_of;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;

/// What a bead claims of what is on the cluster.
#[derive(Debug, Default)]
pub struct Claims {
    /// What another Application holds, a line each.
    pub of_others: Vec<String>,
    /// What no Application holds, a line each: it becomes the bead's.
    pub of_nobody: Vec<String>,
    /// What was not looked at, a line each.
    pub not_looked_at: Vec<String>,
}

/// Looks for the objects that the bead writes, each with the Application that will, for the definitions that it brings, and
/// for those that its permissions name in full: what a chart brings is known by them alone.
pub async fn claims(
    cluster: &Cluster,
    bead: &Bead,
    objects: &[(String, &Value)],
    definitions: &BTreeSet<String>,
) -> Result<Claims, Fault> {
    let (global, namespaced, unseen) = cluster.kinds_in_sight().await?;
    let mut written = Vec::new();
    for (part, object) in objects {
        let mut object = ObjectRef::of(object);
        let has_namespace = namespaced.iter().any(|kind| kind.is_kind_of(&object));
        if has_namespace {
            object.namespace.get_or_insert_with(|| bead.spec.application.namespace.clone());
        }
        if has_namespace || global.iter().any(|kind| kind.is_kind_of(&object)) {
            written.push((object, part.clone()));
        }
    }
    let named = bead.spec.permissions.cluster_resources.iter().filter(|it| !it.name.contains('*')).filter_map(|it| {
        let kind = global.iter().find(|kind| (&kind.group, &kind.kind) == (&it.group, &it.kind))?;
        Some(ObjectRef { name: it.name.clone(), ..kind.clone() })
    });
    let named: Vec<(ObjectRef, String)> =
        named.filter(|it| !written.iter().any(|(object, _)| object == it)).map(|it| (it, String::new())).collect();

    let Definitions { of_others, of_nobody, not_looked_at } = Definitions::of(cluster, bead, definitions).await?;
    let mut claims = Claims { of_others, of_nobody, not_looked_at };
    let is_written = |group: &str| objects.iter().any(|(_, object)| ObjectRef::of(object).group == group);
    claims.not_looked_at.extend(unseen.iter().filter(|it| is_written(it.group())).map(ToString::to_string));
    for (object, part, live) in live(cluster, written).await? {
        match tracker(&live) {
            Some(holder) if holder == part => {}
            Some(holder) if is_of(holder, &bead.metadata.name) => claims.of_others.push(format!(
                "{object} would move from {holder} to {part}, which deletes it in between: leave it there"
            )),
            Some(holder) => claims.of_others.push(format!("{object} belongs to the Application {holder}")),
            None if object.is_crd() || object.kind == "Namespace" => {} // see `holders`; a namespace stays
            None => claims
                .of_nobody
                .push(format!("{object} is there already: the bead takes it over, and its removal deletes it")),
        }
    }
    for (object, _, live) in live(cluster, named).await? {
        let holder = tracker(&live).filter(|holder| !is_of(holder, &bead.metadata.name));
        claims.of_others.extend(holder.map(|holder| {
            format!("{object} belongs to the Application {holder}, and `permissions` of the bead name it")
        }));
    }
    Ok(claims)
}

/// Those that exist, each with the Application that is to hold it.
async fn live(cluster: &Cluster, objects: Vec<(ObjectRef, String)>) -> Result<Vec<(ObjectRef, String, Value)>, Fault> {
    let asked = objects.into_iter().map(|(object, part)| async move {
        let live = cluster.metadata(&object).await?;
        Ok::<_, Fault>(live.map(|live| (object, part, live)))
    });
    let found: Vec<Option<_>> = futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
