//! The real OpenTofu, with a real provider, under everything that happens to a run.

mod applied;
mod backend;
mod broken;
mod fixture;
mod http_backend;
mod killed;
mod private;
mod refused;
mod shipped;
mod signalled;
mod vendored;
