//! The hub repository: what is in it (pure), and how it gets into git.
//!
//! [`render()`] turns a Hub document and its pinned [`Assets`] into a [`Tree`] and knows no clock, no network and no
//! files. [`publish()`] puts that tree over what a repository holds, keeps what people edited since, and pushes one
//! commit, or none when nothing changed; [`plan`] says beforehand what that would be. [`bootstrap_set`] reads the objects that are applied once back from the
//! committed files.

mod access;
mod agent;
mod applications;
mod archive;
mod argocd;
mod assets;
mod back;
pub mod bead;
mod blob;
mod bound;
mod checkout;
mod claims;
mod committer;
mod connection;
mod crossplane;
mod download;
pub mod fetch;
mod follow;
mod git;
mod git_says;
pub mod go_tool;
mod helm;
pub mod helm_index;
mod history;
mod hooks;
mod hub_image_doubts;
mod hub_lock;
mod hub_name;
mod image_doubt;
mod images;
mod known_hosts;
pub mod layout;
mod leaving;
mod login;
mod made_from;
mod merge;
mod mirror;
mod notes;
pub mod orders;
mod own_version;
mod patches;
mod policies;
mod projects;
mod publish;
mod push;
mod readable;
mod readme;
pub mod registry;
mod relocate;
mod render;
mod restore;
mod settings;
mod signing;
mod since;
mod spokes;
mod ssh;
mod subcharts;
mod tools;
mod transition;
mod tree;
mod unheld;
mod web;
mod whole;

pub use access::{Access, GitCredential};
pub use argocd::unfit_patches;
pub use assets::{ARGOCD_ASSET, AssetContent, Assets, asset_path, chart_digest, demand, folder as read_folder};
pub use back::{BRINGS_BACK, LastRender, Past, Present, RENDERS, past, plan_back, present, publish_back};
pub use blob::Blob;
pub use bound::Bound;
pub use checkout::{read_branch, read_checkout};
pub use committer::Committer;
pub use connection::{ClientCertificate, Connection};
pub use crossplane::{By, Validated, Wrong, crossplane_at_hand, validate};
pub use follow::{has_left, left};
pub use helm::{Capabilities, HelmRelease, Made, helm_at_hand};
pub use hub_image_doubts::hub_image_doubts;
pub use hub_lock::{HubImages, HubLock, HubLockKind, LockedAsset};
pub use hub_name::hub_name;
pub use images::{images_in, is_of_kyverno, places as image_places};
pub use known_hosts::trust;
pub use leaving::{Departure, Gone, Leaving, SourceChange};
pub use login::Login;
pub use merge::{Base, Change, ChangeKind, Conflict, Merged, Snapshot, merge};
pub use notes::{NOTES, Note, note_on, notes, write_note};
pub use own_version::{version_of, versions_in};
pub use policies::{Judged, Judgement, is_policy, judge, kyverno_at_hand};
pub use publish::{Committed, Plan, Renewal, can_push, foresee, head, plan, publish, read_tree};
pub use push::Published;
pub use relocate::named_by;
pub use render::{
    HubInput, applications_in, as_rendered, bootstrap_set, images_of, plain_objects, render, render_as_it_is,
};
pub use restore::{Restored, foresee_restored, read_commit, restore};
pub use since::Since;
pub use tools::{Tools, tools};
pub use transition::{Brought, ChartChange, Transition, Versions};
pub use tree::{Digests, Tree, sha256};
pub use unheld::{Named, Ordered, elsewhere, ordered, secrets_named};
pub use whole::{Whole, move_to};
