//! What lint finds in bundles.

mod beads;
mod files;
mod fixture;
mod forms;
mod peace;
mod steps;
