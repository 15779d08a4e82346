//! The promises of the program, kept from outside.

mod architecture;
mod bundle_run;
mod contract;
mod fuzz;
mod environment;
mod gitops;
mod hub;
mod mixin_install;
mod outputs;
mod porter;
mod protocol;
mod schema;
mod steps;
mod secrets;
mod signals;
mod support;
