//! The real OpenTofu, with a real provider, under everything that happens to a run.

mod applied;
mod fixture;
