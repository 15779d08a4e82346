//! What is wrong with an Argo CD and what it manages, whoever made it: findings over facts that were read before. Pure.
//!
//! [`Facts`] are what a look at the cluster has brought, once; where something could not be read, that stands there, too, and no
//! check takes it for nothing. A check is a function of [`checks`], one file an idea. [`CODES`] is the table of what
//! can be found, and `docs/doctor.md` has a section for each of them.

mod application;
mod checks;
pub mod code;
mod facts;
mod finding;
mod itself;
mod selector;

pub use application::{deploys, instance_name};
pub use checks::{composition, examine};
pub use code::{CODES, Code};
pub use facts::{Facts, Field, Installed, Live, SecretFacts, Seen, Unread};
pub use finding::{Finding, Harm};
pub use itself::{is_part, version};
