//! Deleting named objects and seeing them go.

use std::time::Duration;

use futures::StreamExt as _;

use super::cluster::Cluster;
use super::deadline::Deadline;
use super::fault::Fault;
use crate::object::{ObjectRef, finalizers, is_being_deleted, str_at};
use crate::report::{Console, Failure, Outcome};

const AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(250);

/// Deletes these objects and waits until they are gone, that is until the name is free or belongs to another UID.
/// Answers how many there were. At the deadline says which object stands, and which finalizers hold it; it never
/// strips one.
pub async fn remove(cluster: &Cluster, console: &Console, objects: &[ObjectRef], deadline: Deadline) -> Outcome<usize> {
    let answers: Vec<Result<Option<(ObjectRef, String)>, Fault>> = futures::stream::iter(objects)
        .map(|object| async move {
            let Some(live) = cluster.metadata(object).await? else { return Ok(None) };
            let uid = str_at(&live, "/metadata/uid").to_owned();
            // A second request could be of another propagation, and take along what the first leaves.
            if !is_being_deleted(&live) {
                cluster.delete(object, &uid).await?;
            }
            Ok(Some((object.clone(), uid)))
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut going = Vec::new();
    for answer in answers {
        going.extend(answer?);
    }
    let count = going.len();
    loop {
        let mut standing = Vec::new();
        for (object, uid) in going {
            let live = cluster.metadata(&object).await?;
            if let Some(live) = live.filter(|live| str_at(live, "/metadata/uid") == uid) {
                standing.push((object, uid, finalizers(&live).join(", ")));
            }
        }
        let Some((first, _, held_by)) = standing.first() else { return Ok(count) };
        let held_by = if held_by.is_empty() { "no finalizer".to_owned() } else { format!("finalizers {held_by}") };
        if deadline.passed() {
            return Err(Failure::deadline(format!(
                "{first} is still being deleted after {} s",
                deadline.total().as_secs()
            ))
            .details(standing.iter().map(|(object, _, held)| format!("{object} [{held}]")))
            .hint(format!("it is held by {held_by}; let its controller finish, then run again: the work resumes")));
        }
        let more = if standing.len() > 1 { format!(" and {} more", standing.len() - 1) } else { String::new() };
        console.waiting("remove", format!("{first}{more} to go ({held_by})"), deadline.waited(), deadline.total());
        going = standing.into_iter().map(|(object, uid, _)| (object, uid)).collect();
        deadline.pause(PAUSE).await;
    }
}
