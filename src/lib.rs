//! backstack.
