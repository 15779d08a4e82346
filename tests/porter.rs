//! The bundles in the hands of the real Porter.
//!
//! Porter is on no package registry, so these tests run where `porter` (1.6 or later) is on PATH; elsewhere each says
//! that it was skipped. What Porter sends is covered there by the recorded calls (`contract`).

mod beads;
mod fixture;
mod life;
mod registries;
