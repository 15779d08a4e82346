//! backstack: a Porter mixin that brings up a hub of The BACK Stack and hands it over to Argo CD.

pub mod actions;
pub mod gitops;
pub mod report;
pub mod spec;
