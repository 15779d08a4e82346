//! The Applications that stand in the way of a take-over: those by which an Argo CD manages itself, those whose name the hub needs,
//! and those that hold what it brings. Nothing is written.

use serde_json::Value;

use super::plan::Plan;
use super::rename::{is_successor, other_name};
use crate::argocd::Applications;
use crate::engine::{Cluster, Fault};
use crate::guard::{Refusal, Standing, brings, is_of_hub, sharers};
use crate::object::{Identity, ObjectRef};
use crate::run::Named;
use crate::words::argo;

/// The setting that says how Argo CD marks what an Application holds: by the annotation, unless it says so.
const TRACKING: &str = "application.resourceTrackingMethod";

impl Plan {
    /// The Applications that cannot stay as they are. Whoever has them decides that by naming them.
    pub(super) async fn find_applications(
        &mut self,
        standing: &Standing,
        cluster: &Cluster,
        named: &Named,
        may_replace: &Named,
    ) -> Result<Vec<Refusal>, Fault> {
        let mut against = Vec::new();
        let unnamed: Vec<&ObjectRef> =
            standing.holders.iter().map(|it| &it.application.object).filter(|it| !named.covers(it)).collect();
        for holder in standing.holders.iter().filter(|it| unnamed.contains(&&it.application.object)) {
            against.push(Refusal::new(
                format!("{holder}: beside the hub's own, both would write the same objects"),
                format!("it is removed without what it holds; {}", named.remedy(unnamed.iter().copied())),
            ));
        }
        for it in &standing.holders {
            against.extend(it.made_by.iter().map(|set| {
                let why = format!("ApplicationSet {set} makes {}, and would make it again", it.application);
                Refusal::new(why, "take it out of the set first, with `preserveResourcesOnDeletion: true` there")
            }));
        }
        let applications = Applications::of(cluster).await?;
        let all: Vec<_> = applications.iter().collect();
        let is_holder = |name: &str| standing.holders.iter().any(|it| it.application.object.name == name);
        let clashing = all.iter().filter(|it| it.holds_hub() && !is_of_hub(it) && !is_holder(it.name()));
        for it in clashing {
            let this = Identity::of(&it.0);
            let to = other_name(it.name());
            if !may_replace.has(&format!("{}/{}", argo::APPLICATION, it.name())) {
                against.push(Refusal::new(
                    format!("{this} has a name that the hub needs"),
                    format!(
                        "it can go on as {to}, with all that it holds: name it in the step, `mayReplace: [{}/{}]`; where git holds \
                         it, rename it there, too",
                        argo::APPLICATION,
                        it.name()
                    ),
                ));
            }
            let parent = brings(it, &all).filter(|parent| !is_holder(parent));
            against.extend(parent.map(|parent| {
                let why = format!(
                    "Application {parent} brings {this}, and would bring it again under a name that the hub needs"
                );
                Refusal::new(why, "rename it in the repository of that one first, without a cascade")
            }));
            let successor = cluster.metadata(&argo::application(&to)).await?;
            against.extend(successor.filter(|live| !is_successor(live)).map(|_| {
                Refusal::new(
                    format!("Application {to} is there, and {this} cannot go on as that"),
                    "give that one another name first",
                )
            }));
            self.clashing.push(this);
        }
        let is_clashing = |it: &ObjectRef| self.clashing.iter().any(|this| this.object == *it);
        for (application, shared) in sharers(&applications, &self.brought, &standing.holders) {
            if is_clashing(&application) {
                continue;
            }
            let named = shared.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            against.push(Refusal::new(
                format!("{application} holds what the hub brings, and Argo CD syncs nothing that another one holds: {named}"),
                "take these objects out of it in git first, with the sync option `Prune=false` on each in the commit before, so that \
                 they stay",
            ));
        }
        self.holders.clone_from(&standing.holders);
        Ok(against)
    }

    /// An Application that goes on under another name is followed by the marks of its objects.
    pub(super) async fn tracked_otherwise(&self, cluster: &Cluster) -> Result<Option<Refusal>, Fault> {
        if self.clashing.is_empty() {
            return Ok(None);
        }
        let settings = cluster.get(&argo::settings()).await?;
        Ok(settings.as_ref().and_then(tracked_by_label))
    }
}

/// Where an Argo CD marks what an Application holds by a label alone, nobody can see when another one has taken it over.
fn tracked_by_label(settings: &Value) -> Option<Refusal> {
    let method = settings.pointer("/data")?.get(TRACKING)?.as_str()?;
    (!method.starts_with("annotation")).then(|| {
        Refusal::new(
            format!("argocd-cm has {TRACKING}: {method}, so that no Application can go on under another name"),
            format!(
                "set it to `annotation`, sync every Application once (`argocd app sync`), and run again; key {TRACKING}"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_renamed_where_marks_are_labels() {
        for (data, is_refused) in [
            (json!({}), false),
            (json!({TRACKING: "annotation"}), false),
            (json!({TRACKING: "annotation+label"}), false),
            (json!({TRACKING: "label"}), true),
            (json!(null), false),
        ] {
            assert_eq!(tracked_by_label(&json!({"data": data})).is_some(), is_refused, "{data}");
        }
    }
}
