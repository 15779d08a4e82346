//! The actions of a hub step, in one table: it is what `help` prints and where a step's action is looked up, so an
//! action that is not in it does not exist.

use crate::report::{Console, Failure, Outcome, Table};

/// An action that a hub step knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `install` and `upgrade`: one path.
    Install,
    /// What an installation would change.
    Diff,
    /// How the hub is.
    Status,
    /// The proof again.
    Verify,
    /// What its pods say.
    Logs,
    /// This table.
    Help,
    /// The removal.
    Uninstall,
}

/// An action as people read about it.
#[derive(Debug)]
pub struct Action {
    /// Its name, as Porter gives it.
    pub name: &'static str,
    /// What it is to the program.
    pub verb: Verb,
    /// What it does.
    pub does: &'static str,
    /// What it changes in git and on the cluster.
    pub changes: &'static str,
}

/// Every action that a hub step knows.
pub const ACTIONS: &[Action] = &[
    Action {
        name: "install",
        verb: Verb::Install,
        does: "renders the hub, commits it, bootstraps Argo CD, hands the hub over and proves it",
        changes: "one commit; bootstrap objects that Argo CD does not own yet",
    },
    Action {
        name: "upgrade",
        verb: Verb::Install,
        does: "the same with a newer bundle",
        changes: "one commit; Argo CD does the rest",
    },
    Action {
        name: "diff",
        verb: Verb::Diff,
        does: "tells what install or upgrade would change, in git and on the cluster",
        changes: "nothing",
    },
    Action { name: "status", verb: Verb::Status, does: "tells how each Application of the hub is", changes: "nothing" },
    Action {
        name: "verify",
        verb: Verb::Verify,
        does: "proves again that Argo CD owns the hub",
        changes: "one key of ConfigMap backstack-canary, which Argo CD puts back",
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

/// The verb of an action.
pub fn verb(action: &str) -> Outcome<Verb> {
    if let Some(known) = ACTIONS.iter().find(|known| known.name == action) {
        return Ok(known.verb);
    }
    let names: Vec<&str> = ACTIONS.iter().map(|known| known.name).collect();
    let last = action.rsplit('.').next().unwrap_or(action);
    let hint = if last != action && names.contains(&last) {
        format!("name the action `{last}`: Porter finds no steps of an action whose name has a dot")
    } else {
        format!("known: {}", names.join(", "))
    };
    Err(Failure::usage(format!("a hub step knows no action `{action}`")).hint(hint))
}

/// Says what can be done. Needs neither a cluster nor a credential.
pub fn help(console: &Console) {
    let mut table = Table::new(["ACTION", "WHAT IT DOES", "WHAT IT CHANGES"]);
    for action in ACTIONS {
        table.row([action.name, action.does, action.changes]);
    }
    console.table(&table);
    console.say("install, upgrade and uninstall are commands of Porter: porter install INSTALLATION");
    console.say("the others are custom actions: porter invoke INSTALLATION --action ACTION");
    console.say("what each one reads, its outputs and exit codes: docs/actions.md in the repository of backstack");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_action_is_answered_with_the_known_ones() {
        assert_eq!(verb("upgrade").expect("known"), Verb::Install);
        let failure = verb("restart").expect_err("unknown").render();
        for action in ACTIONS {
            assert!(failure.contains(action.name), "{failure}");
        }
    }

    #[test]
    fn a_dotted_name_is_told_its_plain_one() {
        let failure = verb("io.cnab.status").expect_err("Porter cannot run it").render();
        assert!(failure.contains("name the action `status`"), "{failure}");
    }
}
