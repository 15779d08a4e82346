//! The promises of beads on a hub: the real API server, the real Argo CD and a real git server.
//!
//! These tests are ignored by `make check` and run by `make test`.

mod at_once;
mod backstage;
mod beyond;
mod bounded;
mod chart;
mod claims;
pub mod crossplane_removal;
pub mod fixture;
pub mod four_parts;
mod health;
mod kyverno_removal;
mod life;
mod overtaken;
mod refused;
mod relocated;
mod removal;
mod scope;
mod shared;
mod unwell;
pub mod webapp;
