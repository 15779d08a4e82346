//! The promises of spokes, on a real hub and real API servers.

pub mod beaded;
pub mod crowd;
mod dead;
mod hub_view;
