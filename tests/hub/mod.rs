//! The promises of the hub, on the real API server, the real Argo CD and a real git server.
//!
//! These tests are ignored by `make check` and run by `make test`.

mod actions;
mod back;
mod bad_luck;
pub mod fixture;
mod handed_over;
pub mod installed;
mod interrupted;
mod relocated;
pub mod removal;
mod requests;
mod rights;
