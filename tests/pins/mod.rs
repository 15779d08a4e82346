//! `pin` and `outdated`: versions are moved together, by digest, and never without having been looked at.

mod charts;
mod fixture;
mod images;
mod locks;
mod manifests;
mod mirrors;
mod modules;
mod preset;
mod registry;
