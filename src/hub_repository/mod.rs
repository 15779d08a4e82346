//! What stands where in a hub repository: its layout, and the locks that record what was rendered (pure).

pub mod bead;
mod hub_lock;
mod hub_name;
pub mod layout;

pub use hub_lock::{HubImages, HubLock, HubLockKind, LockedAsset};
pub use hub_name::hub_name;
pub(crate) use hub_name::{name_as_rendered, name_in};
