//! The actions of a bead step.

use crate::run::{Action, Noun};

/// An action that a bead step knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The installation, the first or another one.
    Install,
    /// The same of a bead that is there.
    Upgrade,
    /// `uninstall`.
    Uninstall,
    /// What an installation would change.
    Diff,
    /// How the bead is.
    Status,
    /// Whether it runs what git holds, and has what it requires.
    Verify,
    /// This table.
    Help,
}

/// The noun `bead`.
pub const BEAD: Noun<Verb> = Noun { name: "bead", actions: ACTIONS };

const ACTIONS: &[Action<Verb>] = &[
    Action {
        name: "install",
        verb: Verb::Install,
        does: "holds the bead against the hub, commits it, and waits until Argo CD runs it",
        changes: "Secrets that the bead declares; one commit",
    },
    Action {
        name: "upgrade",
        verb: Verb::Upgrade,
        does: "the same with a newer bead, of one that is installed",
        changes: "the same; Argo CD does the rest",
    },
    Action {
        name: "uninstall",
        verb: Verb::Uninstall,
        does: "removes the bead in order; refuses while something depends on it or hangs on its APIs",
        changes: "up to three commits, or four where it has come to spokes; Secrets of the bead; by `cloudResources`, what Crossplane made",
    },
    Action {
        name: "diff",
        verb: Verb::Diff,
        does: "tells what install or upgrade would change in git",
        changes: "nothing",
    },
    Action { name: "status", verb: Verb::Status, does: "tells how each part of the bead is", changes: "nothing" },
    Action {
        name: "verify",
        verb: Verb::Verify,
        does: "makes sure that the bead runs what git holds, and has what it requires",
        changes: "nothing",
    },
    Action { name: "help", verb: Verb::Help, does: "prints this table", changes: "nothing" },
];
