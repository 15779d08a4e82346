//! backstack: a Porter mixin that brings up a hub of The BACK Stack, hands it over to Argo CD and proves it.
//!
//! ```text
//! Porter ──stdin──▶ porter ──step──▶ actions ──▶ hub, bead, spoke, cluster: a life each
//!                                       │
//!          ┌────────────────────────────┴─┬──▶ document  what people wrote, every mistake at once
//!          │                              ├──▶ guard     may this be installed, pushed, removed? ──▶ Kubernetes API
//!          │                              ├──▶ render    documents to the files of a repository
//!          │                              ├──▶ publish   merges them, one commit                 ──▶ git
//!          │                              ├──▶ opentofu  makes the cluster itself                ──▶ clouds
//!          │                              ├──▶ engine    applies the bootstrap, waits, removes   ──▶ Kubernetes API
//!          │                              └──▶ argocd    waits for the commit, releases, proves  ──▶ Kubernetes API
//! Porter ◀──files── porter::Outputs          stderr ◀── report
//! ```
//!
//! A verb is a file or folder of [`actions`]; a step's are looked up in `actions/step.rs`. The way of an installation is readable from
//! top to bottom in `hub/install.rs` and `bead/install.rs`, that of a removal in the `uninstall.rs` beside each.
//!
//! [`upgrade`] and [`doctor`] judge what was read before, the one what a new version means to a cluster, the other what is wrong
//! with an Argo CD; `hub/gate` and `actions/doctor` read.
//!
//! At the bottom are [`object`], plain Kubernetes objects, and [`words`], the names that others gave: whoever reads or writes what is of
//! Argo CD takes its names from there, and its places in the hub repository from [`hub_repository::layout`].
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
pub mod document;
pub mod engine;
pub mod env;
pub mod files;
pub mod git;
pub mod guard;
mod hub;
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
pub mod schema;
mod spoke;
pub mod upgrade;
pub mod vendor;
pub mod words;
pub mod yaml;
pub use hub::migrate;
