//! The look that a cluster is gone, after it was destroyed: whoever is asked for that says it, not who did it.

use std::time::Duration;

use crate::document::Existing;
use crate::engine::{Cluster, Deadline, FaultKind, Poll, Unreached};
use crate::report::{Console, Outcome};

/// How long an API server may answer after its cluster was destroyed: an address can lead there for a while.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long it is asked each time.
const LOOK: Duration = Duration::from_secs(3);

/// Waits until no API server answers there any more as the cluster with this UID. Answers what came instead.
pub async fn until_gone(existing: &Existing, uid: &str, deadline: Deadline, console: &Console) -> Outcome<String> {
    let deadline = deadline.at_most(PATIENCE);
    let look = async || {
        let seen = look(existing, uid, deadline).await?;
        if let Poll::Blocked(why) = &seen {
            deadline.tell(console, "gone", why);
        }
        Ok(seen)
    };
    deadline.poll_patiently("the end of the cluster", look).await.map_err(|failure| {
        failure.hint("what made the cluster says that it is gone: look there for it; run again to look again")
    })
}

async fn look(existing: &Existing, uid: &str, deadline: Deadline) -> Outcome<Poll<String>> {
    // The last look has the time of any other: without, it would see nothing.
    let deadline = Deadline::after(LOOK.max(deadline.left()));
    Ok(match Cluster::reach(existing, deadline, LOOK).await? {
        Ok(cluster) if cluster.facts().uid == uid => {
            let facts = cluster.facts();
            Poll::Blocked(format!("{} still answers as the cluster with the uid {uid}", facts.server))
        }
        Ok(cluster) => Poll::Done(format!("another cluster answers there (uid {})", cluster.facts().uid)),
        Err(unreached) => of_fault(&unreached),
    })
}

/// Who refuses our credential, or is overloaded, may still be that cluster. Who does not prove to be it is somebody else, such as a
/// balancer with a certificate of its own.
fn of_fault(Unreached { server, fault }: &Unreached) -> Poll<String> {
    match fault.kind {
        FaultKind::Unreachable | FaultKind::Untrusted | FaultKind::Foreign => {
            Poll::Done(format!("{server}: {}", fault.message))
        }
        _ => Poll::Blocked(format!("{server} still answers: {}", fault.message)),
    }
}

/// Whether nobody who could be the cluster has answered.
pub fn is_no_answer(unreached: &Unreached) -> bool {
    let kind = unreached.fault.kind;
    matches!(kind, FaultKind::Unreachable | FaultKind::Untrusted | FaultKind::Foreign | FaultKind::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Fault;

    #[test]
    fn a_server_that_refuses_is_still_there() {
        let unreached = |kind| Unreached { server: "https://a".to_owned(), fault: Fault::new(kind, "look", "why") };
        for gone in [FaultKind::Unreachable, FaultKind::Untrusted, FaultKind::Foreign] {
            assert!(matches!(of_fault(&unreached(gone)), Poll::Done(_)), "{gone:?}");
            assert!(is_no_answer(&unreached(gone)), "{gone:?}");
        }
        for there in [FaultKind::Unauthorized, FaultKind::Forbidden, FaultKind::Busy, FaultKind::Login] {
            assert!(matches!(of_fault(&unreached(there)), Poll::Blocked(_)), "{there:?}");
        }
        assert!(!is_no_answer(&unreached(FaultKind::Unauthorized)));
    }
}
