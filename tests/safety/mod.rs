//! Nothing is lost that nobody named. Each test is a promise: its name says it, the comment above it how it is kept.

mod answers;
mod bead_removal;
mod claims;
mod clusters;
mod commits;
mod fields;
mod hub_removal;
mod page;
mod spokes;
