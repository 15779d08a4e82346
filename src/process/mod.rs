//! This process and those that it starts: who may look into it, and that everything of a run ends with the run.
//!
//! A run ends in many ways: by itself, by a signal, by a second one, by a panic, by `SIGKILL`. For the last three nothing can be
//! done at the end, so everything is laid out before: programs are started by way of [`mod@attend`], folders by way of
//! [`TemporaryFolder`]. The one exception is a program that would lose what it is at ([`Gentle`]): it ends by itself, and after us
//! if need be.

mod attend;
mod descendants;
mod folder;
mod gentle;
mod group;
mod linux;
mod private_file;
mod program;
mod seclusion;
mod signals;
mod withheld;

pub use attend::{attend, attend_children, command, on_path};
pub use descendants::{end_children, end_with_descendants};
pub use folder::TemporaryFolder;
pub use gentle::{Gentle, Turn, Why, ask_to_end, none_is_left};
pub use private_file::{UNFINISHED, write_new_private, write_private, write_private_below, written_beside};
pub use program::{Ended, Program, Running, is_of_network};
pub use seclusion::seclude;
pub use signals::Signals;
pub use withheld::{withheld, withhold};
