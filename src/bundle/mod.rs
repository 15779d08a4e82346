//! Bundles, played without Docker, registry or database.
//!
//! `backstack bundle run` reads `porter.yaml`, resolves parameters, credentials and templates, and starts the mixin
//! of each step as Porter's runtime does in the bundle's image: same arguments, same bytes on stdin, same
//! variables, same outputs folder. What it plays is compared with bytes recorded from the real Porter.
//!
//! What is different from Porter:
//!
//! * There is no image. A folder for temporary files stands for its `/`; `BACKSTACK_ROOT` names it to the mixin. The
//!   bundle is copied to `/cnab/app` in it, files with a `path` are put below it, and paths of the image (`/cnab/…`,
//!   `/home/nonroot/…` and every declared `path`) in steps and parameters are moved along. A mixin that writes to
//!   `/cnab/app/porter/outputs` by name, such as `exec`, hands back no outputs.
//! * It keeps no records. An installation has the same id in all its runs because the id follows from the names of
//!   the bundle and the installation, but outputs of earlier runs are gone, and `state` is not kept.
//! * Dependencies, `bundle.json` and `claim.json` are not there; `images` are as `porter.yaml` has them.
//! * Of the limits of a parameter, `pattern` is not checked. A float without fraction is written as an integer, and a
//!   bare date stays a string, where Porter writes `1e+06` and `2024-01-31T00:00:00Z`.
//! * Both streams of a mixin go to stderr, line by line, with secrets masked; stdout holds the outputs.

mod encode;
mod environment;
mod keys;
mod manifest;
mod mixin;
mod outputs;
mod player;
mod scalar;
mod signals;
mod stage;
mod step;
mod template;
mod values;

pub use manifest::{Credential, Header, Manifest, Output, Parameter, Shape};
pub use outputs::Produced;
pub use player::{Played, Request, play};
