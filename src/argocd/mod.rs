//! Argo CD, seen through the Kubernetes API alone: Applications at a commit, the release of ownership, the proof.
//!
//! No Argo CD client and no Argo CD API: everything here works while its server is down.

mod anew;
pub mod application;
mod applications;
mod brings;
pub mod canary;
mod checks;
mod claim;
mod cluster_config;
mod cluster_secret;
mod delivery;
mod follow;
mod from_kubeconfig;
mod helm_releases;
pub mod hold;
mod hooks;
mod old_operations;
mod on_spoke;
mod operation;
mod pods_of_wait;
mod probe;
mod proof;
pub mod proven;
mod refusal;
mod release;
mod reminder;
mod role;
mod schema;
mod silence;
mod spokes;
mod sync;
mod tracking;

pub use anew::compare_anew;
pub use application::Application;
pub use applications::Applications;
pub use checks::{Seen, managers, read_applications, read_objects};
pub use claim::{Claim, Drift, Item, State};
pub use cluster_config::{ClusterConfig, Login};
pub use cluster_secret::{Registration, config_of};
pub use delivery::{Delivered, Delivery, OnSpoke, last_syncs};
pub use follow::{Follow, sync_again};
pub use from_kubeconfig::{Context, Take};
pub use helm_releases::{is_part, releases_of_argocd};
pub use operation::{end_operation, sync_operation};
pub use pods_of_wait::told as told_pods;
pub use probe::{Answer, Asked, PROBE_OPTIONS, ask, note_proof};
pub use proof::Proof;
pub use release::{Released, release};
pub use reminder::Reminders;
pub use role::Role;
pub use spokes::{Broken, Spoke, Spokes};
pub use sync::{Goal, enable_automated_sync, until_synced, wait_synced};
pub use tracking::{
    application_of, installation, stays_when_deleted, stays_when_pruned, tracked_by, tracker, tracking_id,
};
