//! A real forge: what it refuses is told with what helps, and what helps does.

pub mod fixture;
mod keys;
mod refused;
mod signed;
