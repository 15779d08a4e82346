//! The removal of a hub.
