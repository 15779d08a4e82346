//! What lint finds in bundles.

mod files;
mod fixture;
mod forms;
mod peace;
mod steps;
