//! Deleting objects by their identity, and seeing them go.

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::cluster::Cluster;
use super::deadline::{Deadline, growing_pauses};
use super::fault::{Fault, absent};
use crate::object::{Identity, ObjectRef, finalizers, is_being_deleted};
use crate::report::{Console, Failure, Outcome};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// A list of what stands that is longer is cut.
const MOST_NAMED: usize = 50;

/// Which of these names are taken, and by what. For whoever knows no more than a name: as late as the plan, and never after.
pub async fn identify(cluster: &Cluster, names: &[ObjectRef]) -> Result<Vec<Identity>, Fault> {
    let found = names.iter().cloned().map(|name| async move {
        let live = absent(cluster.metadata(&name).await)?.flatten();
        Ok::<_, Fault>(live.map(|live| Identity::under(&name, &live)))
    });
    let found: Vec<Option<Identity>> = futures::stream::iter(found).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Deletes exactly these objects and waits until they are gone: what was made anew under a name stays. Answers how many
/// there were. At the deadline says what stands, and which finalizers hold it; it never strips one.
pub async fn remove(cluster: &Cluster, console: &Console, objects: &[Identity], deadline: Deadline) -> Outcome<usize> {
    let asked = objects.iter().cloned().map(|object| async move {
        let Some(live) = standing(cluster, &object).await? else { return Ok::<_, Fault>(None) };
        // A second request could be of another propagation, and take along what the first leaves.
        if !is_being_deleted(&live) {
            cluster.delete(&object.object, &object.uid).await?;
        }
        Ok(Some(object))
    });
    let going: Vec<Option<Identity>> = futures::stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
    let going: Vec<Identity> = going.into_iter().flatten().collect();
    let count = going.len();
    until_gone(cluster, console, &going, deadline).await?;
    Ok(count)
}

/// Waits until each of these objects is gone. One that stands is followed at a time, less and less often, so that a wait
/// costs next to nothing, however many there are; the others are looked for when it is gone.
pub async fn until_gone(cluster: &Cluster, console: &Console, objects: &[Identity], deadline: Deadline) -> Outcome<()> {
    for (index, object) in objects.iter().enumerate() {
        let left = &objects[index..];
        let mut pauses = growing_pauses();
        while let Some(live) = standing(cluster, object).await? {
            if deadline.passed() {
                return Err(still_there(cluster, left, deadline).await?);
            }
            let more = if left.len() > 1 { format!(", then {} more", left.len() - 1) } else { String::new() };
            let line = format!("{object} to go ({}){more}", held_by(&live));
            deadline.tell(console, "remove", line);
            deadline.pause(pauses.next().unwrap_or_default()).await;
        }
    }
    Ok(())
}

/// What is there of this object: neither another one of its name nor one whose kind is gone, too.
async fn standing(cluster: &Cluster, object: &Identity) -> Result<Option<Value>, Fault> {
    Ok(absent(cluster.metadata(&object.object).await)?.flatten().filter(|live| object.is(live)))
}

async fn still_there(cluster: &Cluster, left: &[Identity], deadline: Deadline) -> Outcome<Failure> {
    let looked = left.iter().map(|object| async move {
        let live = standing(cluster, object).await?;
        Ok::<_, Fault>(live.map(|live| format!("{object} [{}]", held_by(&live))))
    });
    let standing: Vec<Option<String>> =
        futures::stream::iter(looked).buffered(AT_ONCE).take(MOST_NAMED).try_collect().await?;
    let standing: Vec<String> = standing.into_iter().flatten().collect();
    let first = left.first().map(ToString::to_string).unwrap_or_default();
    Ok(Failure::deadline(format!("{first} is still there after {} s", deadline.total().as_secs()))
        .details(standing)
        .hint("let the controllers of its finalizers finish, then run again: the work resumes"))
}

fn held_by(live: &Value) -> String {
    match finalizers(live).join(", ") {
        _ if !is_being_deleted(live) => "it is not being deleted".to_owned(),
        none if none.is_empty() => "no finalizer".to_owned(),
        some => format!("finalizers {some}"),
    }
}
