//! No secret leaves the program: in no form, on no stream, at no verbosity.

mod arguments;
mod committed;
mod forms;
mod insecure;
mod kubeconfig;
mod panics;
mod pasted;
mod server;
