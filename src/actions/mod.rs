//! One verb per file.

pub mod vendor;
