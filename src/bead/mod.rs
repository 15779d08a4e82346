//! A bead's life on a hub: `install.rs` and `uninstall.rs` are its ways in and out from top to bottom; what needs no hub is beside them
//! (`new.rs` writes one, `check.rs` and `render.rs` look at it).

mod ahead;
mod arrival;
mod chart;
mod check;
mod claimed;
mod claimed_why;
mod cloud;
mod diff;
mod files;
mod gate;
mod install;
mod installed;
mod known;
mod look_back;
mod new;
mod on_hub;
mod plan;
mod render;
mod requirements;
mod scopes;
mod secrets;
mod spokes;
mod state;
mod uninstall;
mod uninstall_part;
mod verify;
mod was;

pub use ahead::look_ahead;
pub use check::{check, look_at_content};
pub use diff::diff;
pub use files::{BeadFiles, DOCUMENT, parameters};
pub use install::install;
pub use known::{BEAD, Verb};
pub use new::new;
pub use on_hub::no_hub;
pub use render::{NamedImages, images, render};
pub use state::status;
pub use uninstall::uninstall;
pub use verify::verify;
