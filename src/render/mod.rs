//! From documents and pinned content to the files of a hub repository (pure).
//!
//! [`hub`] renders a Hub document, [`bead`] a Bead; beside them stands what both make: Applications, projects, hooks, images.

mod applications;
pub mod bead;
mod claims;
mod helm;
pub mod hooks;
pub mod hub;
mod image_doubt;
mod images;
mod projects;
mod relocate;
pub mod spokes;

pub(crate) use helm::is_kept_here;
pub use helm::{Capabilities, HelmRelease, Made, helm_at_hand};
pub use images::{images_in, places as image_places};
pub use relocate::named_by;
