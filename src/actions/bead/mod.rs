//! The verbs of beads: those that need no hub (write one, check it, see what becomes of it), and those of the bead step.

mod ahead;
mod arrival;
mod chart;
mod check;
mod cloud;
mod diff;
mod files;
mod install;
mod known;
mod look_back;
mod new;
mod on_hub;
mod plan;
mod render;
mod requirements;
mod scopes;
mod secrets;
mod state;
mod uninstall;
mod uninstall_part;
mod verify;
mod was;
mod webhooks;

pub use ahead::look_ahead;
pub use check::{check, look_at_content};
pub use diff::diff;
pub use files::{DOCUMENT, parameters};
pub use install::install;
pub use known::{BEAD, Verb};
pub use new::new;
pub use on_hub::no_hub;
pub use render::{images, render};
pub use state::status;
pub use uninstall::uninstall;
pub use verify::verify;
