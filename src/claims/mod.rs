//! A repository of claims, read as Argo CD reads it and held against what a hub offers (pure), and the programs of others that judge more.

mod crossplane;
pub mod orders;
mod policies;

pub use crossplane::{By, Validated, Wrong, crossplane_at_hand, validate};
pub use policies::{Judged, Judgement, is_policy, judge, kyverno_at_hand};
