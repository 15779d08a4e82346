//! The real peers of backstack, on loopback.
