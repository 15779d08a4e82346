//! What goes wrong between the program and an API server, case by case. The number of a case is read off the name of its test;
//! `cases.rs` names the rest, and docs/faults.md is made of both.

mod answers;
mod bench;
mod cases;
mod connections;
mod crash;
mod invariants;
mod objects;
mod page;
mod rights;
mod set;
mod thousand;
mod waits;
