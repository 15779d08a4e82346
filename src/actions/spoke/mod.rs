//! The verbs of the spoke step: a cluster is registered in the hub's Argo CD, looked at, and taken out.

mod claimed;
mod install;
mod known;
mod look;
mod removal;
mod uninstall;

pub use install::install;
pub use known::{SPOKE, Verb};
pub use uninstall::uninstall;
