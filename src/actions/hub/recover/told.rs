//! What a recovery answers.

use serde::Serialize;

use crate::argocd::Proof;
use crate::argocd::proven::Proven;

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
