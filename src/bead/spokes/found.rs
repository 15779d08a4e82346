//! The Applications of a bead on spokes.

use crate::argocd::{Application, Applications};
use crate::engine::{Cluster, Fault};
use crate::object::str_at;
use crate::words::spoke;

/// Those that there are, wherever they lead. A name is no proof, so one has to be in the project that the bead has on spokes.
pub async fn on_spokes(bead: &str, cluster: &Cluster) -> Result<Vec<Application>, Fault> {
    let project = spoke::of_bead(bead);
    let is_its = |it: &Application| {
        spoke::of_application(it.name()).is_some_and(|(_, of)| of == bead) && str_at(&it.0, "/spec/project") == project
    };
    Ok(Applications::of(cluster).await?.iter().filter(is_its).collect())
}
