//! The program killed at every request of every way, on a small hub whose Argo CD is played: `make soak`.
//!
//! `manifest` is an Argo CD of a few objects, `hub` a cluster with it and the program beside it, `way` what the program does,
//! `point` a request at which it is killed, `state` how it ends and what holds, `sweep` all of that, and `equal` holds
//! the Argo CD that is played against the real one. `requests` holds what each way asks for against what is recorded.

#![allow(missing_docs, clippy::print_stdout)] // how far a sweep has come is read while it goes

mod equal;
mod hub;
mod manifest;
mod point;
mod requests;
mod scale;
mod state;
mod sweep;
mod way;
