//! How a bead gets into the hub repository and out of it: by the merge of the hub, with its own lock as the base.

mod edit;
mod folders;
mod neighbours;
mod policies;
mod publish;
mod share;
mod take_out;
mod upgrade;
mod versions;

pub use edit::edit;
pub use folders::Folder;
pub(crate) use neighbours::namespaces_with_claims;
pub use policies::{policies, tells as tells_of_policies};
pub use publish::{HubRepository, publish, remove};
pub use share::Share;
pub use take_out::RemovalStage;
pub use upgrade::Scope;
pub use versions::program_of;
pub(crate) use versions::{Foreseen, Runs, programs};
