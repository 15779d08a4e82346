//! The kubeconfig of a cluster that was made, where the steps that follow find it.

use std::path::{Path, PathBuf};

use super::private_file;
use crate::document::{ClusterStep, Existing};
use crate::engine::kubeconfig_of_gone;
use crate::env;
use crate::report::Outcome;

/// Where the user of Porter's image has it.
const DEFAULT: &str = "/home/nonroot/.kube/config";

/// Writes it, and says how the cluster is reached by it.
pub fn write(step: &ClusterStep, text: &str) -> Outcome<Existing> {
    let path = place(step);
    private_file::write(&path, text.as_bytes())?;
    Ok(reached_by(&path))
}

/// Has the steps that follow know that the cluster is gone.
pub fn say_gone(step: &ClusterStep) -> Outcome<()> {
    private_file::write(&place(step), kubeconfig_of_gone().as_bytes())
}

/// How the cluster of the step is reached.
pub fn of(step: &ClusterStep) -> Existing {
    match &step.existing {
        Some(existing) => existing.clone(),
        None => reached_by(&place(step)),
    }
}

fn place(step: &ClusterStep) -> PathBuf {
    let named = step.kubeconfig.as_deref().filter(|it| !it.is_empty());
    named.map_or_else(|| env::in_image(DEFAULT), PathBuf::from)
}

fn reached_by(path: &Path) -> Existing {
    Existing { kubeconfig: Some(path.to_string_lossy().into_owned()), ..Existing::default() }
}
