//! The words of others, of beads and of spokes, each said once: names, labels, annotations. No more than words.

pub mod argo;
pub mod bead;
pub mod crossplane;
mod kinds;
pub mod kyverno;
pub mod spoke;
mod well_known;

pub use kinds::{BOUNDS, KNOWN_KINDS, KnownKind, MAKING_PODS, MUST_SAY, is_namespaced, is_of_kubernetes, known_kind};
