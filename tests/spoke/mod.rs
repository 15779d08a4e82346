//! The promises of spokes, on a real hub and real API servers.

pub mod beaded;
mod claimed;
pub mod crowd;
mod dead;
mod delivered;
pub mod fixture;
mod hub_view;
mod looked;
mod page;
mod registered;
mod rendered;
mod sandbox;
