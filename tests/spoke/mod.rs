//! The promises of spokes, on a real hub and real API servers.

mod crowd;
mod hub_view;
