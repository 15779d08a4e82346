//! The actions that the steps of a noun know, in one table a noun: it is what `help` prints and where a step's action is
//! looked up, so an action that is not in it does not exist.

use crate::report::{Console, Failure, Outcome, Table};

/// A noun of a step, and what can be done with it.
#[derive(Debug)]
pub struct Noun<V: 'static> {
    /// Its name, as it stands in a step.
    pub name: &'static str,
    /// Every action that its steps know.
    pub actions: &'static [Action<V>],
}

/// An action as people read about it.
#[derive(Debug)]
pub struct Action<V> {
    /// Its name, as Porter gives it.
    pub name: &'static str,
    /// What it is to the program.
    pub verb: V,
    /// What it does.
    pub does: &'static str,
    /// What it changes in git and on the cluster.
    pub changes: &'static str,
}

impl<V: Copy> Noun<V> {
    /// The verb of an action.
    pub fn verb(&self, action: &str) -> Outcome<V> {
        if let Some(known) = self.actions.iter().find(|known| known.name == action) {
            return Ok(known.verb);
        }
        let names: Vec<&str> = self.actions.iter().map(|known| known.name).collect();
        let last = action.rsplit('.').next().unwrap_or(action);
        let hint = if last != action && names.contains(&last) {
            format!("name the action `{last}`: Porter finds no steps of an action whose name has a dot")
        } else {
            format!("known: {}", names.join(", "))
        };
        Err(Failure::usage(format!("a {} step knows no action `{action}`", self.name)).hint(hint))
    }

    /// Says what can be done. Needs neither a cluster nor a credential.
    pub fn help(&self, console: &Console) {
        let mut table = Table::new(["ACTION", "WHAT IT DOES", "WHAT IT CHANGES"]).of_prose();
        for action in self.actions {
            table.row([action.name, action.does, action.changes]);
        }
        console.table(&table);
        console.say("install, upgrade and uninstall are commands of Porter: porter install INSTALLATION");
        console.say("the others are custom actions: porter invoke INSTALLATION --action ACTION");
        console.say("what each one reads, its outputs and exit codes: docs/actions.md in the repository of backstack");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOUN: Noun<u8> = Noun {
        name: "hub",
        actions: &[
            Action { name: "upgrade", verb: 1, does: "", changes: "" },
            Action { name: "status", verb: 2, does: "", changes: "" },
        ],
    };

    #[test]
    fn an_unknown_action_is_answered_with_the_known_ones() {
        assert_eq!(NOUN.verb("upgrade").expect("known"), 1);
        let failure = NOUN.verb("restart").expect_err("unknown").render();
        assert!(
            failure.contains("a hub step knows no action") && failure.contains("known: upgrade, status"),
            "{failure}"
        );
    }

    #[test]
    fn a_dotted_name_is_told_its_plain_one() {
        let failure = NOUN.verb("io.cnab.status").expect_err("Porter cannot run it").render();
        assert!(failure.contains("name the action `status`"), "{failure}");
    }
}
