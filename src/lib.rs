//! backstack: a Porter mixin that brings up a hub of The BACK Stack, hands it over to Argo CD and proves it.
//!
//! ```text
//! Porter ──stdin──▶ porter ──step──▶ actions ──▶ spec     what people wrote, every mistake at once
//!                                       ├──▶ guard    may this be installed, pushed, removed? ──▶ Kubernetes API
//!                                       ├──▶ gitops   renders the hub repository, one commit  ──▶ git
//!                                       ├──▶ opentofu makes the cluster itself                ──▶ clouds
//!                                       ├──▶ engine   applies the bootstrap, waits, removes   ──▶ Kubernetes API
//!                                       └──▶ argocd   waits for the commit, releases, proves  ──▶ Kubernetes API
//! Porter ◀──files── porter::Outputs                  stderr ◀── report
//! ```
//!
//! A verb is a file of [`actions`]; the hub's are in `actions/hub`. The way of an installation is readable from top to
//! bottom in `hub/install.rs`, that of a removal in `hub/uninstall.rs`.
//!
//! [`upgrade`] and [`doctor`] judge what `actions` has read, the one what a new version means to a cluster, the other what is wrong
//! with an Argo CD; `actions/upgrade_gate` and `actions/doctor` read.
//!
//! At the bottom are [`object`], plain Kubernetes objects, [`spoke`], the words of spokes, and [`argo`], those of Argo CD: whoever reads or writes
//! what is of Argo CD takes its names from there, and its places in the hub repository from [`hub_repository::layout`].
//!
//! `docs/architecture.md` says how the rooms work together and why they are cut this way; a test keeps the arrows
//! between them pointing down.

pub mod actions;
pub mod argocd;
mod bead;
pub mod bundle;
pub mod claims;
pub mod cli;
mod cluster;
pub mod doctor;
pub mod engine;
pub mod env;
pub mod files;
pub mod git;
pub mod guard;
pub mod hub;
pub mod hub_repository;
pub mod input;
pub mod kind;
pub mod lint;
pub mod object;
pub mod opentofu;
pub mod pace;
pub mod porter;
pub mod process;
pub mod publish;
pub mod render;
pub mod report;
mod run;
pub mod spec;
mod spoke;
pub mod upgrade;
pub mod vendor;
pub mod words;
