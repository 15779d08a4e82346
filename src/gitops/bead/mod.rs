//! A bead in the hub repository: what is rendered from its document and its content. Pure.
//!
//! Every part is an Application of its own, below one for the bead, which is a child of the root: so order, health
//! and removal are those of each part. What the bead may write is its AppProject; its content is held against the
//! same permissions here, before anything is committed.

mod backstage;
mod content;
mod health;
mod parts;
mod permissions;
mod project;
mod render;

pub use backstage::{CATALOG, STAYS, stays};
pub use content::{Piece, Values};
pub use health::{common as common_health_checks, of_beads as health_checks};
pub use parts::Part;
pub use render::{BeadInput, RenderedBead, render};
