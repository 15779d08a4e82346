//! The testbed with its real servers. They have to be built, which takes minutes once:
//! `cargo test -p backstack-testbed -- --ignored`.

mod backstage;
mod base;
mod crossplane;
mod images;
mod kyverno;
mod snapshot;
mod support;
mod templates;
