//! A bead in the hub repository. Pure.

mod content;
mod permissions;

pub use content::{Piece, Values, values};
pub use permissions::{excess, privileges};
