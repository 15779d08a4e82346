//! The words of others and of spokes, each said once: names, labels, annotations. No more than words.

pub mod argo;
pub mod spoke;
