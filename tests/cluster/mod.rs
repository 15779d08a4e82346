//! Clusters that an installation makes, with the real OpenTofu: from nothing to nothing, and what may go wrong between.

mod carried;
mod fixture;
mod interrupted;
mod life;
mod on_it;
mod others;
mod trouble;
mod with_kind;
