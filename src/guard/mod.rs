//! What would be lost? Read-only checks that refuse before anything is changed.

mod bead;
mod brought;
mod claims;
mod co_tenants;
mod copies;
mod defined;
mod hanging;
mod holders;
mod inhabitants;
mod install;
mod leaving;
mod made;
mod ordered;
mod outside;
mod removal;
mod spokes;
mod tenants;
mod volumes;
mod whole_cluster;
mod with_family;

pub use bead::{BeadRemoval, plan_bead_removal};
pub use claims::{Claims, claims};
pub use co_tenants::{CoTenant, co_tenants};
pub use hanging::{Hanging, hanging_on};
pub use inhabitants::{inhabitants, is_by_kubernetes};
pub use install::check_install;
pub use leaving::{Dropped, Loss, losses_of, losses_with, orphaned_of_root, standing, taken_over};
pub use ordered::ordered_at;
pub use outside::{Outside, PAUSED, WAS};
pub use removal::{Removal, every_bead, plan_removal};
pub use spokes::{SpokesOfHub, dropped_on_spokes, left_on_spokes, lost_on_spokes, not_looked_at};
pub use tenants::{BeadNamespace, OF_BEAD, namespace};
pub use whole_cluster::{WithCluster, lost_with};
