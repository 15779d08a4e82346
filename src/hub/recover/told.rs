//! What a recovery answers.

use serde::Serialize;

use crate::argocd::Proof;
use crate::argocd::proven::Proven;
use crate::report::Outcome;

/// What was found and done, for machines.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The proven commit that the hub is brought back to.
    pub proven: String,
    /// What was not as that commit has it, a line each.
    pub broken: Vec<String>,
    /// The commit that the branch is at, where the hub goes on from it.
    pub revision: Option<String>,
    /// Whether root and argocd are still held: then the work is unfinished.
    pub held: bool,
    /// Fields that others had set and the proven commit holds.
    pub taken: Vec<String>,
    /// The webhook configurations that were out of the way.
    pub past: Vec<String>,
    /// The items of the proof that could not be looked at, each with the reason.
    pub not_looked_at: Vec<String>,
    /// The proof.
    pub proof: Option<Proof>,
}

impl Told {
    /// Nothing was found yet.
    pub fn of(proven: &Proven) -> Self {
        Self {
            proven: proven.revision.clone(),
            broken: Vec::new(),
            revision: None,
            held: false,
            taken: Vec::new(),
            past: Vec::new(),
            not_looked_at: Vec::new(),
            proof: None,
        }
    }
}

/// Two pieces of work that were both tried: where both have failed, the second failure is told with the first.
pub fn both(first: Outcome<()>, second: Outcome<()>) -> Outcome<()> {
    match (first, second) {
        (Err(first), Err(second)) => {
            let also = [format!("also: {}", second.message)].into_iter().chain(second.details);
            let remedy = second.hint.map(|it| format!("to do about it: {it}"));
            Err(first.details(also.chain(remedy)))
        }
        (first, second) => first.and(second),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Exit, Failure};

    #[test]
    fn no_failure_is_dropped_for_another() {
        let one = || Err(Failure::refused("one").hint("first"));
        let other = || Err(Failure::failed("other").details(["why"]).hint("second"));
        let told = both(one(), other()).expect_err("both have failed");
        assert_eq!((told.exit, told.message.as_str(), told.hint.as_deref()), (Exit::Refused, "one", Some("first")));
        assert_eq!(told.details, ["also: other", "why", "to do about it: second"]);
        assert_eq!(both(Ok(()), other()), other());
        assert_eq!(both(one(), Ok(())), one());
        assert_eq!(both(Ok(()), Ok(())), Ok(()));
    }
}
