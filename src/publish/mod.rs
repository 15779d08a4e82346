//! How rendered files get into the hub repository: merged with what people edited since, as one commit, or none when nothing changed.
//!
//! [`publish()`] pushes, [`plan()`] says beforehand what that would be. What leaves with a commit is [`Leaving`], what it changes is
//! [`Transition`]: both are read off the files before and after.

mod back;
pub mod bead;
mod follow;
mod hub;
mod leaving;
mod made_from;
mod restore;
mod transition;
mod unheld;
mod whole;

pub use back::{BRINGS_BACK, LastRender, Past, Present, RENDERS, past, plan_back, present, publish_back};
pub use follow::{has_left, left};
pub use hub::{Committed, Plan, Renewal, can_push, foresee, head, plan, publish, read_tree};
pub use leaving::{Departure, Gone, Leaving, SourceChange};
pub use restore::{Restored, foresee_restored, read_commit, restore};
pub use transition::{ChartChange, DeployedObject, Transition, Versions};
pub use unheld::{Named, Ordered, elsewhere, ordered, secrets_named};
pub use whole::{Whole, move_to};
