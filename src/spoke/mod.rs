//! The life of a spoke: a cluster is registered in the hub's Argo CD, looked at, and taken out.

mod account;
mod claimed;
mod deletion;
mod install;
mod known;
mod look;
mod on_spoke;
mod proof;
mod reach;
mod refusals;
mod removal;
mod state;
mod status;
mod token;
mod uninstall;
mod verify;

pub use install::install;
pub use known::{SPOKE, Verb};
pub use status::status;
pub use uninstall::uninstall;
pub use verify::verify;
