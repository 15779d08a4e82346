//! What makes a cluster and takes it away again: a module of `OpenTofu`, or kind.

use zeroize::Zeroizing;

use super::let_go::MayRemove;
use super::record::{By, Kept};
use crate::report::Outcome;
use crate::run::Found;

/// What there is of a cluster, as far as its maker and the record know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remnant {
    /// Nothing, for this reason: there is nothing to take away.
    Nothing(String),
    /// The cluster is not the installation's to take away.
    NotOurs(String),
    /// The same, and what makes it holds these resources.
    Beside(Vec<String>),
    /// What was made, whole or not.
    Made,
}

/// One way to have a cluster made.
pub trait Maker {
    /// Which way.
    const BY: By;

    /// Makes the cluster what the step says, or leaves it when it is. What is being made is in the record before it is.
    async fn make(&self, kept: &mut Kept, may_remove: &MayRemove, found: &mut Found) -> Outcome<()>;

    /// Whether anything was made, not only looked up.
    async fn holds_anything(&self) -> Outcome<bool>;

    /// The kubeconfig of the cluster; `None` where making it did not come that far. Other values that the maker hands back
    /// are found with it.
    async fn kubeconfig(&self, found: &mut Found) -> Outcome<Option<Zeroizing<String>>>;

    /// What there is to take away. Refuses where that cannot be known.
    async fn remnant(&self, kept: &Kept, may_remove: &MayRemove) -> Outcome<Remnant>;

    /// What taking it away would do.
    async fn plan_removal(&self) -> Outcome<Self::Removal>;

    /// A removal that was planned.
    type Removal;

    /// Whether there is nothing to do, since all of it is gone already.
    fn is_gone(removal: &Self::Removal) -> bool;

    /// Does what was planned, and sees that nothing of it is left.
    async fn remove(&self, removal: Self::Removal) -> Outcome<()>;
}
