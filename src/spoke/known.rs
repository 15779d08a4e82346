//! The actions of a spoke step.

use crate::run::{Action, Noun};

/// An action that a spoke step knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `install` and `upgrade`: one path.
    Install,
    /// `uninstall`.
    Uninstall,
    /// What the hub has of it.
    Status,
    /// Whether Argo CD comes there, and it is as it was registered.
    Verify,
    /// This table.
    Help,
}

/// The noun `spoke`.
pub const SPOKE: Noun<Verb> = Noun { name: "spoke", actions: ACTIONS };

const ACTIONS: &[Action<Verb>] = &[
    Action {
        name: "install",
        verb: Verb::Install,
        does: "registers the cluster in the hub's Argo CD, and proves that Argo CD comes there",
        changes: "a service account on the spoke; its Secret and its probe on the hub",
    },
    Action {
        name: "upgrade",
        verb: Verb::Install,
        does: "the same with another kubeconfig, other labels or rights, or a token that is old",
        changes: "the same",
    },
    Action {
        name: "uninstall",
        verb: Verb::Uninstall,
        does: "takes the spoke out in order; refuses while beads are on it, unless `onUninstall` says what becomes of them",
        changes: "what beads have brought there, by `onUninstall`; what install has made",
    },
    Action {
        name: "status",
        verb: Verb::Status,
        does: "tells what the hub has of the spoke, and when it was proven last",
        changes: "nothing",
    },
    Action {
        name: "verify",
        verb: Verb::Verify,
        does: "has Argo CD come to the spoke now, and holds cluster, rights, login and labels against what was registered",
        changes: "ConfigMap backstack-probe on the spoke, where it is not as git has it; the time of the proof",
    },
    Action { name: "help", verb: Verb::Help, does: "prints this table", changes: "nothing" },
];
