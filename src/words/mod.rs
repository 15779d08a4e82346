//! The words of others and of spokes, each said once: names, labels, annotations. No more than words.

pub mod argo;
mod kinds;
pub mod spoke;
mod well_known;

pub use kinds::{BOUNDS, KNOWN_KINDS, KnownKind, is_namespaced, is_of_kubernetes, known_kind};
