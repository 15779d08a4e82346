//! The commit that the branch of a hub is at, asked of the git host itself.

use std::time::Duration;

use crate::actions::current::Current;
use crate::publish;
use crate::report::{Failure, Outcome};

/// How long the git host may take to say it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for it. A branch that is not there is a failure.
pub async fn head(current: &Current) -> Outcome<String> {
    let access = current.git()?;
    let head = publish::head(access, current.cluster.deadline().at_most(PATIENCE).end()).await?;
    head.ok_or_else(|| {
        Failure::failed(format!("there is no branch {} in {}", access.branch, access.shown()))
            .hint("push it again, or put back what Application argocd/root follows")
    })
}
