//! The actions of a hub step.

use crate::run::{Action, Noun};

/// An action that a hub step knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The installation, the first or another one.
    Install,
    /// The same with what this version renders besides.
    Upgrade,
    /// What an installation would change.
    Diff,
    /// How the hub is.
    Status,
    /// The proof again.
    Verify,
    /// The way back of an Argo CD that does not work any more.
    Recover,
    /// What its pods say.
    Logs,
    /// This table.
    Help,
    /// The removal.
    Uninstall,
}

/// The noun `hub`.
pub const HUB: Noun<Verb> = Noun { name: "hub", actions: ACTIONS };

const ACTIONS: &[Action<Verb>] = &[
    Action {
        name: "install",
        verb: Verb::Install,
        does: "renders the hub, commits it, bootstraps Argo CD, hands the hub over and proves it",
        changes: "one commit; bootstrap objects that Argo CD does not own yet",
    },
    Action {
        name: "upgrade",
        verb: Verb::Upgrade,
        does: "the same with a newer bundle, of a hub that is installed",
        changes: "one commit; Argo CD does the rest",
    },
    Action {
        name: "diff",
        verb: Verb::Diff,
        does: "tells what install or upgrade would change, in git and on the cluster",
        changes: "nothing",
    },
    Action {
        name: "status",
        verb: Verb::Status,
        does: "tells how each Application of the hub is, and what is known of its spokes",
        changes: "nothing",
    },
    Action {
        name: "verify",
        verb: Verb::Verify,
        does: "proves again that Argo CD owns the hub, and comes to its spokes",
        changes: "one key of ConfigMap backstack-canary, which Argo CD puts back; ConfigMap backstack-proven, when a commit is proven \
                  that is not in it; the time on Secrets of spokes",
    },
    Action {
        name: "recover",
        verb: Verb::Recover,
        does: "brings an Argo CD that a commit has broken back to the last proven commit, by the Kubernetes API alone",
        changes: "the objects of Argo CD, root and argocd; one commit where git can be reached",
    },
    Action {
        name: "logs",
        verb: Verb::Logs,
        does: "shows the logs of Argo CD and of component pods that are not ready",
        changes: "nothing",
    },
    Action { name: "help", verb: Verb::Help, does: "prints this table", changes: "nothing" },
    Action {
        name: "uninstall",
        verb: Verb::Uninstall,
        does: "removes the hub in order; refuses while something would be lost that you did not name",
        changes: "the cluster, never git",
    },
];
