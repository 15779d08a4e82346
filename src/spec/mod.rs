//! What people write: the Hub document, its lock, the steps of a bundle. Pure: no clock, no network, no files.

mod conform;
mod duration;
mod formats;
mod hub;
mod lock;
mod shape;
mod step;
pub mod yaml;

pub use conform::{Scalars, conform, conform_node, read, schema_of};
pub use duration::Timeout;
pub use formats::pattern as format_pattern;
pub use hub::{ApiVersion, ArgoCd, Chart, Component, Hub, HubKind, HubSpec, Metadata, Resolved, read_hub};
pub use lock::{Asset, AssetForm, Lock, LockKind, ModulePath};
pub use shape::{closest, plain};
pub use step::{ClusterStep, Credential, Existing, HubStep, Output, OutputValue, Repository, SecretRef, Step};
