//! Kubernetes: the only room that names `kube`.
//!
//! Pure: [`order`] (what must be there before what), [`ready`] (is this object ready, and if not, why),
//! [`ownership`] (who owns which fields), [`is_settled`] (what an apply would leave as it is), [`installers`] (who made an object),
//! [`foreign_fields`] (which fields are of others, and not in git). With the network: [`Cluster`], which retries what is worth
//! retrying until the deadline of the step, [`bootstrap`], which applies a set of objects, and [`migrate`], which has those of a CRD stored in another version.

mod anew;
mod apply;
mod cluster;
mod connect;
mod context;
mod deadline;
mod denial;
mod entry;
mod fault;
mod foreign;
mod gone;
mod helm_release;
pub mod installers;
mod kinds;
mod kubeconfig;
mod let_go;
mod live;
mod login;
mod masking;
pub mod migrate;
pub mod needs;
mod one_context;
pub mod order;
pub mod ownership;
pub mod permissions;
mod played;
pub mod pods;
mod preview;
mod proxy;
pub mod ready;
mod remove;
mod rules;
mod secret_values;
mod session;
mod settled;
mod stuck_pods;
mod tidy;
mod trust;
mod user;
mod walk;
mod whereabouts;
mod wire;

pub use anew::{apply_to_stay, make_namespace};
pub use apply::{Applied, apply_over, bootstrap};
pub use cluster::{Account, Changes, Cluster, LogRange, Trial, Unreached};
pub use connect::{Facts, Given, is_gone};
pub use deadline::{Deadline, Poll, growing_pauses};
pub use denial::Denial;
pub use fault::{Fault, FaultKind, absent, one_line};
pub use foreign::{ForeignField, count_foreign_fields, foreign_fields, tell_foreign_fields};
pub use gone::{kubeconfig_of_gone, kubeconfig_without_login};
pub use helm_release::HelmRevision;
pub use let_go::{BEFORE, let_go};
pub use live::{Live, live, metadata_of, seen_or_read};
pub use masking::remember_secrets_of;
pub use one_context::OneContext;
pub use preview::{Effect, Preview, Previews, difference, differing_fields, preview};
pub use remove::{identify, remove, until_gone};
pub use secret_values::SecretValues;
pub use settled::is_settled;
pub use stuck_pods::{StuckPod, StuckPods, has_pods, stuck_pods};
pub use walk::{Walked, walk};
pub use whereabouts::Whereabouts;

/// The field manager of everything that is released at the handover.
pub const MANAGER: &str = "backstack";
/// The field manager of Secrets that are not in git; never released.
pub const CREDENTIALS_MANAGER: &str = "backstack-credentials";
/// The field manager of what is only asked of a controller: a comparison, a sync, a pause.
pub const REQUEST_MANAGER: &str = "backstack-request";
/// The field manager of what a spoke step has written, on the hub and on the spoke.
pub const SPOKE_MANAGER: &str = "backstack-spoke";
/// The field manager of what is written anew only to be stored in another version.
pub const MIGRATION_MANAGER: &str = "backstack-migration";
/// The field manager of what an installation must remember on the cluster.
pub const RECORD_MANAGER: &str = "backstack-record";
