//! No secret leaves the program: in no form, on no stream, at no verbosity.

mod forms;
mod kubeconfig;
mod panics;
mod pasted;
mod server;
