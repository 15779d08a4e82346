//! What people write: the Hub document, its lock, beads, the steps of a bundle, and the rules of each. Pure: no clock, no network, no files.

mod application_rules;
mod argocd_keys;
mod argocd_patch;
mod argocd_rbac;
mod argocd_references;
mod bare_ranges;
mod bead;
mod bead_application;
mod bead_rules;
mod bead_spokes;
mod bead_spokes_rules;
mod bead_step;
mod chart_version;
mod claimed_spoke;
mod claimed_spoke_rules;
mod claims;
mod claims_rules;
mod cluster_rules;
mod cluster_step;
mod component_rules;
mod crd;
mod dependency_lock;
mod helm_place;
mod hook_rules;
mod hook_traps;
mod hooks;
mod hub;
mod hub_step_rules;
mod ignored;
mod image_map;
mod image_values;
mod left_out;
mod lock;
mod lock_rules;
mod module;
mod own_kinds;
mod parameter;
mod patch_operations;
mod porter_templates;
mod reach;
mod repository_rules;
mod rules;
mod secret_rules;
mod secret_type;
mod spoke_rules;
mod spoke_step;
mod step;
mod step_mistake;
mod step_rules;
mod version;

pub use application_rules::{HUB_NAMESPACES, SPOKE_NAMESPACES};
pub use argocd_patch::{DELETE, DIRECTIVE, NoPatch, Patch, PatchKind, PatchTarget, REPLACE, place_of_patch};
pub use argocd_references::{ARGOCD_SECRET, SecretReference, secret_references};
pub use bare_ranges::bare_ranges;
pub use bead::{
    BackstagePart, Bead, BeadKind, BeadMetadata, BeadParameter, BeadSpec, CleanedUp, CloudResources, CrossplanePart,
    Dependency, KyvernoPart, OwnedApi, Package, Requires, RequiresBackstage, SecretNeed, Uninstall, WebhookFailure,
    Workload, WorkloadKind,
};
pub use bead_application::{ApplicationPart, ClusterResource, Permissions, PodSecurity};
pub use bead_rules::{IN_A_SECRET, package_name, read_bead, read_bead_as_it_is};
pub use bead_spokes::{REST, SpokeWaves, SpokesPart};
pub use bead_step::{BeadRepository, BeadStep};
pub use chart_version::{Asked, doubt as doubt_of_chart};
pub use claimed_spoke::{CLUSTER_FIELDS, ClaimedSpoke, LOGINS, LONGEST_NAME};
pub use claims::{ClaimsRepository, HubClaims};
pub use cluster_step::{ClusterStep, KindCluster, OnUninstall, OpenTofuModule};
pub use crd::{PARTS, POD_SECURITY, bead_crd, bead_object, definitions_of_hub, is_definition_of_hub};
pub use dependency_lock::{DEPENDENCY_LOCK, disagreements};
pub use hook_rules::job_mistakes;
pub use hook_traps::{Trap, is_hook, is_hook_of_removal, own_traps};
pub use hooks::{Hook, HookVariable, Moment, RENDERED_HOOK, SecretKey};
pub use hub::{
    ApiVersion, ArgoCd, ArgoCdVariant, Chart, Component, ComponentImage, Hub, HubBackstage, HubKind, HubSpec,
    ImageValues, Metadata, Resolved,
};
pub use ignored::IgnoredDifference;
pub use image_map::ImageMap;
pub use image_values::{ImageMistake, values_with_images};
pub use left_out::{LeftOut, left_out};
pub use lock::{Asset, AssetForm, Download, Lock, LockKind, ModulePath, Subchart, VersionStep};
pub use module::{At, LockedProvider, Module, RequiredProvider, Variable, literals, locked_providers};
pub use own_kinds::{wrong_group, wrong_kind};
pub use parameter::{Shape, has_kind, scalar_text};
pub use reach::{Committer, Connection, Credential, Existing, Format, SecretRef};
pub use rules::{check_hub, read_hub, read_hub_as_it_is};
pub use secret_rules::{read_lock, remedy, secrets, unused_marks};
pub use spoke_step::{OnSpokes, Right, SpokeLogin, SpokeStep};
pub use step::{
    ClaimsAccess, Encoding, HubSource, HubStep, ObjectAddress, Output, OutputFormat, OutputValue, Repository,
    STEP_PATIENCE, Step,
};
pub use step_rules::step_mistakes;
pub use version::fits;
