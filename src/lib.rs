//! backstack: a Porter mixin that brings up a hub of The BACK Stack and hands it over to Argo CD.

pub mod bundle;
pub mod env;
pub mod porter;
pub mod report;
pub mod spec;
