//! git as a program: a branch of a repository is read, committed upon and pushed to, without a work tree.
//!
//! What the files in it mean is for `hub_repository`; how git is reached and logged in to is in [`Access`].

mod access;
mod agent;
mod checkout;
mod committer;
mod connection;
mod depot;
pub mod history;
mod notes;
mod push;
mod refusals;
mod repository;
mod signing;
mod since;
mod ssh;
mod wanted;

pub use access::{Access, GitCredential};
pub use checkout::{read_branch, read_checkout};
pub use committer::Committer;
pub use connection::{ClientCertificate, Connection};
pub use depot::Depot;
pub use notes::{NOTES, Note, note_on, notes, write_note};
pub use push::Published;
pub(crate) use push::{Proposal, RETRIES, describe, push_merge};
pub use repository::{Git, Push};
pub use since::Since;
