//! The promises of the program, kept from outside.

mod actions;
mod architecture;
mod bead;
mod bead_bundles;
mod beads;
mod bundle_run;
mod contract;
mod entities;
mod environment;
mod formats;
mod fuzz;
mod gitops;
mod hub;
mod lint;
mod mixin_install;
mod outputs;
mod porter;
mod protocol;
mod readme;
mod safety;
mod scaffold;
mod schema;
mod secrets;
mod signals;
mod steps;
mod support;
