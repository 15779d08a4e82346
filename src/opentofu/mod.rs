//! OpenTofu as a child process: what it does to a cloud is its own, that nothing of it is lost is ours.
//!
//! [`OpenTofu::prepare`] copies the module into a private folder and initializes it there; [`OpenTofu::plan`] says what would
//! change, [`OpenTofu::apply`] does just that, [`OpenTofu::outputs`] and [`OpenTofu::state`] tell what there is then.
//!
//! A run that is torn apart forgets what it was making. So every call that may hold a lock or write the state is a
//! [`Gentle`](crate::process::Gentle) one: it is asked to end, once, by a signal or at the deadline, and waited for; what it
//! writes goes to a file, which never breaks as a pipe does; and it ends by itself, its state written, where this program is
//! killed. The state is written by OpenTofu, where it stays: in the file that the caller names, or in the backend of the module.
//!
//! Of the environment it sees what [`Setup`] names, proxies and trusted authorities. Values of variables go through a file in
//! the private folder, never over the command line; whatever it says is redacted.

mod apply;
mod events;
mod failure;
mod follow;
mod module;
mod outputs;
mod plan;
mod prepare;
mod run;
mod setup;
mod state;
mod workplace;

pub use apply::Done;
pub use outputs::{Output, Outputs};
pub use plan::{Action, Goal, Plan, PlannedChange};
pub use setup::Setup;
pub use state::State;
pub use workplace::OpenTofu;
