//! The removal of a bead.
