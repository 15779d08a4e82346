//! The files of a hub: Argo CD's own objects, the components, the root (pure).

mod argocd;
mod image_doubts;
mod known_hosts;
mod made;
mod patches;
mod readme;
mod render;
mod settings;

pub use argocd::unfit_patches;
pub use image_doubts::hub_image_doubts;
pub use known_hosts::trust;
pub use render::{
    Bootstrap, HubInput, Rendered, applications_in, as_rendered, bootstrap_of, bootstrap_set, bootstrap_set_after,
    bootstrap_to_prove, is_bootstrap, is_plain, objects_after, objects_in, plain_objects, render, render_as_it_is,
};
