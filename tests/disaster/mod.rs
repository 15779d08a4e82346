//! What a disaster takes and what brings it back: the Secrets of a hub in a file, the hub from its repository, the rehearsal.

mod api;
mod page;
pub mod repository;
pub mod secrets;
