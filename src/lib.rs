//! backstack: a Porter mixin that brings up a hub of The BACK Stack and hands it over to Argo CD.

pub mod actions;
pub mod bundle;
pub mod cli;
pub mod env;
pub mod porter;
pub mod report;
pub mod spec;
