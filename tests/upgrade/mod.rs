//! What an upgrade would meet on the cluster is told before anything is written, each by its name, and all of it at once.

mod bead;
mod hub;
mod page;
mod programs;
