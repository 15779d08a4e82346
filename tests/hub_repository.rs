//! The hub repository: what is rendered, what becomes of it in git, and where its downloads come from.

mod bead;
pub mod bead_edit;
mod bead_hooks;
mod bead_spokes;
mod bundle;
mod claims;
mod connection;
mod doubts;
mod download;
pub mod fixture;
mod modes;
mod patches;
pub mod publish;
mod relocation;
mod render;
mod restore;
mod signed;
mod tools;
mod vendor;
mod vendor_login;
mod wanted;
mod way_back;
