//! What the cluster does not tell: said in the plan, and no failure of the run.

use std::fmt::Display;
use std::time::Duration;

use crate::engine::{Cluster, Fault, FaultKind};
use crate::upgrade::Plan;

/// How long a list may take that nobody needs: while a conversion fails, every list of its kind does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether an answer only leaves something unseen. When the time of the step is over, nothing can be done any more.
pub fn is_unseen(fault: &Fault, cluster: &Cluster) -> bool {
    !is_of_all(fault) && !cluster.deadline().passed()
}

/// Whether nothing can be asked of the server: it is away, has not proven who it is, or knows us no more.
fn is_of_all(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Unauthorized | FaultKind::Login | FaultKind::Client | FaultKind::Untrusted | FaultKind::Foreign => {
            true
        }
        FaultKind::Unreachable => !fault.is_silence(),
        _ => false,
    }
}

/// What was read; where it cannot be, the plan says of what that is not looked at.
pub fn or_told<T>(
    answer: Result<T, Fault>,
    of: impl Display,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Result<Option<T>, Fault> {
    match answer {
        Err(fault) if is_unseen(&fault, cluster) => {
            plan.not_looked_at.push(format!("{of}: {fault}"));
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_server_leaves_no_single_list_unseen() {
        for (kind, expected) in [
            (FaultKind::Untrusted, true),
            (FaultKind::Login, true),
            (FaultKind::Unreachable, true),
            (FaultKind::Busy, false),
            (FaultKind::Forbidden, false),
        ] {
            assert_eq!(is_of_all(&Fault::new(kind, "list", "why")), expected, "{kind:?}");
        }
        assert!(!is_of_all(&Fault::no_answer("list", 40)));
    }
}
