//! Hooks of components and beads: as they are rendered, told of and run.

mod rendered;
mod run;
