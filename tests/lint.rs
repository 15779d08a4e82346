//! What lint finds in bundles.

mod beads;
mod clusters;
mod committed;
mod files;
mod fixture;
mod forms;
mod hooks;
mod hosts;
mod parameters;
mod peace;
mod stdin;
mod steps;
