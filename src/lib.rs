//! backstack: a Porter mixin that brings up a hub of The BACK Stack and hands it over to Argo CD.

pub mod actions;
pub mod argocd;
pub mod bundle;
pub mod cli;
pub mod engine;
pub mod env;
pub mod gitops;
pub mod guard;
pub mod porter;
pub mod report;
pub mod spec;
