//! What a bead may take, and what others may take from it.
