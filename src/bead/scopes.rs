//! The scope of what an XRD defines, held against the hub: it never changes.
//!
//! An XRD of `apiextensions.crossplane.io/v1` that says no scope is `LegacyCluster` (cluster-wide, can be claimed), one of
//! v2 is `Namespaced`. When a new version of a bead turns v1 into v2, the API server takes it (200) and keeps the scope
//! that is stored: hubs of before and new ones would differ, and nothing says so.

use super::on_hub::OnHub;
use crate::document::Bead;
use crate::object::str_at;
use crate::render::bead::RenderedBead;
use crate::report::{Console, Failure, Outcome};
use crate::words::crossplane::EXTENSIONS_V1;

/// Refuses a version that changes a scope. Where git has the same version already, says that the hub has another scope.
pub async fn keep(bead: &Bead, rendered: &RenderedBead, hub: &OnHub, console: &Console) -> Outcome<()> {
    let name = &bead.metadata.name;
    let mut changed = Vec::new();
    for scope in hub.repository.scopes(name, rendered) {
        let Some(live) = hub.cluster.get(&scope.xrd).await? else { continue };
        // Crossplane 1 knew nothing else, and no such field.
        let stays = Some(str_at(&live, "/spec/scope")).filter(|it| !it.is_empty()).unwrap_or("LegacyCluster");
        if stays == scope.now {
            continue;
        }
        let change = format!("{} is {stays} on this hub, and {} in this version", scope.xrd, scope.now);
        if scope.before.as_ref() == Some(&scope.now) {
            console.say(format!(
                "warning: {change}, as it was in the version before: new hubs get another API than this one"
            ));
        } else {
            changed.push(change);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("bead {name} would change the scope of an API; nothing was changed"))
        .details(changed)
        .hint(format!("a scope never changes: leave the definition at the version and scope that it had (`{EXTENSIONS_V1}` means LegacyCluster), or bring the new one under another name")))
}
