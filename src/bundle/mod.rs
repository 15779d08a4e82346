//! Bundles, played without Docker, registry or database.
//!
//! `backstack bundle run` reads `porter.yaml`, resolves parameters, credentials and templates, and starts the mixin
//! of each step as Porter's runtime does in the bundle's image: same arguments, same bytes on stdin, same
//! variables, same outputs folder. What it plays is compared with bytes recorded from the real Porter.
//!
//! There is no image: a folder for temporary files stands for its `/`, `BACKSTACK_ROOT` names it to the mixin, and
//! paths of the image in steps and parameters are moved along. There are no records: an installation has the same id
//! in all its runs because the id follows from the names of the bundle and the installation, but outputs of earlier runs are
//! gone. Its `state` is kept in a folder that the caller names. `docs/bundle-run.md` lists every difference.

mod action;
mod declared;
mod deliver;
mod encode;
mod environment;
mod images;
mod inside;
mod keys;
mod links;
mod manifest;
mod mixin;
mod names;
mod outputs;
mod player;
mod reach;
mod remembered;
mod rendering;
mod scalar;
mod schema_version;
mod seen;
mod setting;
mod settings_file;
mod stage;
mod state;
mod step;
mod steps;
mod template;
mod undeclared;
mod values;

pub use inside::text_in;
pub use manifest::{Credential, FILE as MANIFEST_FILE, Header, Manifest, Output, Parameter, applies};
pub use outputs::Produced;
pub use player::{Played, Request, Run};
pub use reach::FILES as STEP_FILES;
pub use remembered::{KubeconfigReference, Remembered};
pub use setting::{Setting, Source};
pub use settings_file::{credentials_in, parameters_in};
pub use stage::{Link, leads_over, links_out_of};
pub use values::is_kubeconfig;
