//! An Argo CD that others have installed, and that becomes a hub.

pub mod fixture;
mod refused;
mod whole_way;
