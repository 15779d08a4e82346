//! A bead in the hub repository: what is rendered from its document and its content (pure), what that changes in the
//! repository (pure: [`edit()`]), and how it gets there ([`publish()`]).
//!
//! Every part is an Application of its own, below one for the bead, which is a child of the root: so order, health
//! and removal are those of each part. What the bead may write is its AppProject; its content is held against the
//! same permissions here, before anything is committed.

mod backstage;
mod behind;
mod catalog;
mod chart;
mod chart_words;
mod claim_kinds;
mod compositions;
mod content;
mod definitions;
mod edit;
mod fill;
mod folders;
mod foreign;
mod go_format;
mod health;
mod hooks;
mod hub_words;
mod image_doubts;
mod input;
mod installed;
mod kyverno;
mod leaks;
mod lock;
mod manifest;
mod misplaced;
mod namespace;
mod neighbours;
mod order;
mod overlay;
mod packages;
mod parameters;
mod parts;
mod permissions;
mod piece;
mod placeholders;
mod pods;
mod policies;
mod privileges;
mod project;
mod publish;
mod readme;
mod registration;
mod registration_cel;
mod render;
mod scopes;
mod share;
mod slips;
mod spoke_set;
mod spokes;
mod take_out;
mod text_fields;
mod twice;
mod upgrade;
mod versions;
mod waves;
mod xrd;

pub use backstage::{STAYS, stays};
pub(super) use installed::installed;
pub(super) use neighbours::namespaces_with_claims;
pub(super) use overlay::{bare, cover};

pub use claim_kinds::{ClaimKind, claim_kinds, offered_by, tells as tells_of_claims};
pub use content::Piece;
pub use edit::edit;
pub use folders::Folder;
pub use health::{common as common_health_checks, of_beads as health_checks};
pub use image_doubts::doubts as image_doubts;
pub use input::BeadInput;
pub use installed::{Beads, Installed};
pub use leaks::SECRETS;
pub use lock::{BeadLock, REVISION};
pub use namespace::enforced;
pub use order::depth;
pub use parameters::Values;
pub use parts::{BEHIND, Part};
pub use placeholders::placeholders;
pub use pods::{KINDS_WITH_PODS, MAKING_PODS};
pub use policies::{policies, tells as tells_of_policies};
pub use privileges::{HARMLESS, MARKS, Mark, POWERS, Power, UNKNOWN_EVERYWHERE, UNKNOWN_HERE};
pub use publish::{HubRepository, publish, remove};
pub use render::{RenderedBead, Side, entities, pieces, render, secrets};
pub use share::Share;
pub use take_out::Stage;
pub use upgrade::Scope;
pub use versions::program_of;
pub(super) use versions::{Foreseen, Runs, programs};
pub use waves::is_for_wave;
