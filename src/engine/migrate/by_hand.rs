//! Writing objects anew ourselves, each by a patch that changes nothing of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::fields;
use super::objects::Stored;
use super::plan::Migration;
use crate::engine::{Cluster, Fault, FaultKind, MIGRATION_MANAGER, absent};
use crate::object::{Identity, str_at};
use crate::report::Console;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// How long one object may be in the way: a webhook that nobody answers for, a conversion that fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often an object is read anew that somebody else changes at the same time.
const TRIES: usize = 5;

/// Writes these objects anew. Answers which of them the API server or a policy does not take as they are, each with the
/// reason; everything else that goes wrong ends it. One that is gone, or that somebody else has written, is done.
///
/// Where the versions differ in their name alone, the owners of fields are said to own them in the version that stays, in the
/// same patch.
pub async fn write_anew(
    cluster: &Cluster,
    migration: &Migration,
    objects: &[Stored],
    console: &Console,
) -> Result<Vec<String>, Fault> {
    let (count, deadline) = (AtomicUsize::new(0), cluster.deadline());
    let answers = objects.iter().map(|it| {
        let count = &count;
        async move {
            let answer = anew(cluster, migration, it).await?;
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            let line = format!("{}: {done} of {} objects are written anew", migration.crd.object.name, objects.len());
            deadline.tell(console, "migrate", line);
            Ok::<_, Fault>(answer)
        }
    });
    let answers: Vec<Option<String>> = futures::stream::iter(answers).buffered(AT_ONCE).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

/// Why this object cannot be written, if it cannot.
async fn anew(cluster: &Cluster, migration: &Migration, stored: &Stored) -> Result<Option<String>, Fault> {
    let cluster = &cluster.patient_for(PATIENCE);
    let object = &stored.object;
    let answer = if stored.has_old_owners && !migration.is_converted {
        with_its_owners(cluster, migration, object).await
    } else {
        // The API server writes what this changes nothing of where the stored bytes differ, as those of an old version do, and
        // leaves everything else alone (apiserver `pkg/storage/etcd3/store.go`).
        cluster.merge_patch_of(object, &json!({}), MIGRATION_MANAGER).await.map(|_| ())
    };
    match answer {
        Ok(()) => Ok(None),
        Err(fault) if matches!(fault.kind, FaultKind::NotFound | FaultKind::Changed) => Ok(None),
        Err(fault) if is_of_the_object(&fault) => Ok(Some(format!("{object}: {}", fault.message))),
        Err(fault) => Err(fault),
    }
}

async fn with_its_owners(cluster: &Cluster, migration: &Migration, object: &Identity) -> Result<(), Fault> {
    let mut tries = 0;
    loop {
        let live = absent(cluster.metadata(&object.object).await)?.flatten().filter(|live| object.is(live));
        let Some(live) = live else { return Ok(()) };
        tries += 1;
        match cluster.merge_patch_of(object, &owners(migration, &live), MIGRATION_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::Changed && tries < TRIES => {}
            answer => return answer.map(|_| ()),
        }
    }
}

/// The patch that says of the version that stays who owns which fields, of exactly what was read.
fn owners(migration: &Migration, live: &Value) -> Value {
    let stays = format!("{}/{}", migration.kind.group, migration.to);
    json!({"metadata": {
        "resourceVersion": str_at(live, "/metadata/resourceVersion"),
        "managedFields": fields::of_version(live, &stays),
    }})
}

/// Whether it is the object that is in the way, and not what the user may do.
fn is_of_the_object(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Invalid => true,
        FaultKind::Forbidden => fault.message.contains("admission webhook") || fault.message.contains("denied request"),
        _ => false,
    }
}
