//! What is rendered from the document and the content of a bead (pure).
//!
//! Every part is an Application of its own, below one for the bead, which is a child of the root: so order, health
//! and removal are those of each part. What the bead may write is its AppProject; its content is held against the
//! same permissions here, before anything is committed.

mod backstage;
mod catalog;
mod chart;
mod chart_words;
mod claim_kinds;
mod compositions;
mod content;
mod definitions;
mod fill;
mod foreign;
mod go_format;
mod health;
mod hooks;
mod hub_words;
mod image_doubts;
mod input;
mod kyverno;
mod leaks;
mod manifest;
mod misplaced;
mod namespace;
mod overlay;
mod packages;
mod parameters;
mod parts;
mod permissions;
mod piece;
mod placeholders;
mod pods;
mod privileges;
mod project;
mod readme;
mod registration;
mod registration_cel;
mod render;
mod scopes;
mod slips;
mod spoke_set;
mod spokes;
mod text_fields;
mod twice;
mod xrd;

pub use backstage::{STAYS, stays};
pub use claim_kinds::{ClaimKind, claim_kinds, offered_by, tells as tells_of_claims};
pub use definitions::{brought, of_others};
pub use health::{common as common_health_checks, of_beads as health_checks};
pub use input::BeadInput;
pub use leaks::SECRETS;
pub use namespace::enforced;
pub use overlay::FILES;
pub(crate) use overlay::{add_overlay, without_overlay};
pub use parameters::Values;
pub use parts::{BEHIND, Part, parent_file};
pub use permissions::namespaces;
pub use piece::Piece;
pub(crate) use piece::{file_name, is_file_of};
pub use placeholders::placeholders;
pub use pods::KINDS_WITH_PODS;
pub use privileges::{HARMLESS, MARKS, Mark, POWERS, Power, UNKNOWN_EVERYWHERE, UNKNOWN_HERE};
pub use project::widened;
pub use render::{RenderedBead, Side, Written, entities, render};
pub use xrd::{is_xrd, scope};
