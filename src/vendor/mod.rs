//! What a bundle pins and brings along: downloads by their digests, and what they are unpacked to.

mod archive;
mod assets;
mod download;
pub mod fetch;
pub mod go_tool;
pub mod helm_index;
mod login;
mod mirror;
mod own_version;
pub mod registry;
mod repin;
mod subcharts;
mod tools;
mod web;

pub use assets::{ARGOCD_ASSET, AssetContent, Assets, asset_path, demand, folder as read_folder};
pub use login::Login;
pub use own_version::{is_same, version_of, versions_in};
pub use repin::to_pin;
pub use tools::{Tools, tools};
