//! The daily verbs, of the hub of the cluster that the kubeconfig leads to.

mod hub;
mod usage;
