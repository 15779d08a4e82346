//! Files by their paths, as text: what is rendered or read ([`Tree`], [`Snapshot`]), and the three-way merge between them (pure).

mod blob;
mod bound;
mod merge;
mod readable;
mod tree;

pub use blob::Blob;
pub use bound::Bound;
pub use merge::{Base, ChangeKind, Conflict, FileChange, Merged, Snapshot, merge};
pub use readable::Files;
pub use tree::{Digests, Executables, Tree, sha256};
pub(crate) use tree::{Sha256Of, is_plain, sha256_hex};
