//! What an action does, for each noun that a step may have.

use crate::bead::BEAD;
use crate::hub::HUB;
use crate::run::Noun;
use crate::spoke::SPOKE;

/// The action of this name, by its noun: what it does, and what it changes.
type Done = Vec<(&'static str, &'static str, &'static str)>;

/// What steps do in an action; nothing where no noun knows it.
pub fn named(action: &str) -> Done {
    let all = [of(&HUB, action), of(&BEAD, action), of(&SPOKE, action)];
    all.into_iter().flatten().collect()
}

fn of<V>(noun: &Noun<V>, action: &str) -> Option<(&'static str, &'static str, &'static str)> {
    let known = noun.actions.iter().find(|it| it.name == action)?;
    Some((noun.name, known.does, known.changes))
}

/// The same as text.
pub fn told(done: &Done) -> String {
    let told = done.iter().map(|(noun, does, changes)| format!("  {noun:<8} {does}\n           changes: {changes}\n"));
    told.collect()
}
