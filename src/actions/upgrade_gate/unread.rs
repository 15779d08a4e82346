//! What the cluster does not tell: said in the plan, and no failure of the run.

use std::fmt::Display;
use std::time::Duration;

use crate::engine::{Cluster, Fault, FaultKind};
use crate::upgrade::Plan;

/// How long a list may take that nobody needs: while a conversion fails, every list of its kind does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether an answer only leaves something unseen. Where the server is away, or knows us no more, nothing can be asked of it, and
/// when the time of the step is over, nothing can be done any more.
pub fn is_unseen(fault: &Fault, cluster: &Cluster) -> bool {
    let is_of_all = match fault.kind {
        FaultKind::Unauthorized | FaultKind::Client | FaultKind::Foreign => true,
        FaultKind::Unreachable => !fault.is_silence(),
        _ => false,
    };
    !is_of_all && !cluster.deadline().passed()
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
