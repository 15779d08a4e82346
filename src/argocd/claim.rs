//! What the proof of a handover is about, and what it says of each point.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::canary::Heal;

/// What is to be proved.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The commit.
    pub revision: &'a str,
    /// The URL of the hub repository, as Argo CD reads it.
    pub repository: &'a str,
    /// The Applications of the hub: `root`, `argocd`, the components.
    pub applications: &'a [String],
    /// The objects that were handed over, as git holds them at the commit.
    pub objects: &'a [Value],
    /// The field managers before the release, from [`managers`](super::managers).
    pub managers_before: BTreeMap<String, usize>,
    /// The drift canary: what it found already, or whether to ask it.
    pub drift: Drift,
    /// What left with the commit, by name.
    pub left: &'a [String],
}

/// How the proof comes by the drift canary, which writes to the cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// It is asked as the last item.
    Probe,
    /// It was asked before.
    Found(Heal),
    /// It is left alone: the run has changed nothing.
    Leave,
}

/// One condition of the proof.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// A stable name for machines.
    pub id: &'static str,
    /// What it says, for people.
    pub title: &'static str,
    /// Whether it holds.
    pub state: State,
    /// A short finding: what was counted, or what is wrong first.
    pub detail: String,
    /// Everything that is wrong, by object.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

/// The state of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It was not asked for in this run.
    NotProbed,
}
