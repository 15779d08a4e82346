//! The actions of a spoke step.

use crate::actions::known::{Action, Noun};

/// An action that a spoke step knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `install` and `upgrade`: one path.
    Install,
    /// `uninstall`.
    Uninstall,
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
    Action { name: "help", verb: Verb::Help, does: "prints this table", changes: "nothing" },
];
