//! backstack.
fn main() {}
