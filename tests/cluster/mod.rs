//! Clusters that an installation makes, with the real OpenTofu: what may go wrong on the way. What is never lost with one
//! is in `safety/clusters.rs`.

mod carried;
pub mod fixture;
mod interrupted;
mod recorded;
pub mod shipped;
mod trouble;
mod whole_way;
mod with_kind;
