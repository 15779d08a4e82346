//! The verbs of beads that need no hub: write one, check it, see what becomes of it.

mod check;
mod files;
mod new;
mod render;

pub use check::check;
pub use new::new;
pub use render::render;
