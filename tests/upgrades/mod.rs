//! Upgrades that begin with an older version of a peer, and what else takes minutes: `make test-upgrades` runs them alone, and
//! builds the older versions for it.

mod adopt;
mod argocd;
mod crossplane;
mod definitions;
mod disaster;
mod highly_available;
mod kyverno;
mod pins;
mod policies;
mod recover;
mod storage;
