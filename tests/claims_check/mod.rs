//! `claims check`: what a pull request of a claims repository is told.

mod corpus;
mod offline;
mod policies;
mod server;
