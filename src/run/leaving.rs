//! What a commit would take away, held against the cluster and against what the step names.

use std::collections::BTreeSet;

use super::named::Named;
use crate::argocd::Applications;
use crate::engine::Cluster;
use crate::guard::{self, Dropped, Loss};
use crate::object::ObjectRef;
use crate::publish::{Gone, Leaving, SourceChange};
use crate::render::{Capabilities, HelmRelease, helm_at_hand};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// What a commit would take away.
#[derive(Debug, Default)]
pub struct Losses {
    /// What is live and would go.
    all: Vec<Loss>,
    /// The `APIServices` without which the look went on, as the step says.
    overlooked: Vec<ObjectRef>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

/// Refuses a commit after which Argo CD could not delete what goes, whatever the step names.
fn ends_with_its_hooks(leaving: &Leaving) -> Outcome<()> {
    let Some(name) = leaving.bereft.first() else { return Ok(()) };
    Err(Failure::refused(format!(
        "Application {name} has hooks that run when it is deleted, and the commit takes their manifests away: Argo CD reads them \
         from git, and would try for ever"
    ))
    .hint("do by hand what they do, take `preDelete` and `postDelete` out of `hooks` with one upgrade, and the rest with the next"))
}

impl Losses {
    /// Looks at everything live that would go with what leaves the files.
    pub async fn of(leaving: &Leaving, cluster: &Cluster) -> Outcome<Self> {
        ends_with_its_hooks(leaving)?;
        let mut going: Vec<(String, Option<String>)> = leaving
            .applications
            .iter()
            .map(|it| (it.name.clone(), it.moved_to.as_ref().map(|to| no_move(to))))
            .collect();
        if cluster.get(&argo::application(argo::ROOT)).await?.is_none() {
            // The root that this run makes would find them, and delete what is not in git.
            let is_known = |name: &str| leaving.staying.contains(name) || going.iter().any(|it| it.0 == name);
            let orphaned = guard::orphaned_of_root(cluster, is_known).await?;
            going.extend(orphaned.into_iter().map(|name| (name, Some("git does not hold it".to_owned()))));
        }
        let coming = leaving.coming.iter().filter(|it| !argo::holds_itself(it)).map(String::as_str);
        let taken_over = guard::taken_over(cluster, coming, |holder| leaving.staying.contains(holder)).await?;
        let unread = leaving.unread.iter().map(|path| format!("not looked at: {path} (it cannot be read as YAML)"));
        let losses = guard::losses_with(cluster, &going).await?;
        let mut found = Self { all: losses, overlooked: Vec::new(), unseen: unread.collect() };
        let mut dropped: Vec<Dropped> = leaving.objects.iter().cloned().map(dropped).collect();
        let is_chart = leaving.sources.iter().any(|it| it.releases.is_ok());
        let on = if is_chart { capabilities(cluster).await } else { Ok(Capabilities::default()) };
        for change in &leaving.sources {
            dropped.extend(found.dropped_by(change, on.as_ref(), cluster).await?);
        }
        found.all.extend(guard::losses_of(cluster, &dropped).await?);
        found.all.extend(taken_over);
        found.unseen.extend(
            leaving
                .charts_for_spokes
                .iter()
                .map(|bead| format!("not looked at: what the chart of bead {bead} for spokes no longer brings there")),
        );
        if !leaving.on_spokes.is_empty() || !leaving.left_on_spokes.is_empty() {
            let gone: Vec<Dropped> = leaving.on_spokes.iter().cloned().map(self::dropped).collect();
            let applications = Applications::of(cluster).await?;
            found.all.extend(guard::dropped_on_spokes(&applications, &gone));
            found.all.extend(guard::left_on_spokes(&applications, &leaving.left_on_spokes));
        }
        found.overlooked = cluster.overlooked();
        Ok(found)
    }

    /// What an Application no longer brings that is made from something else; what cannot be told is said.
    async fn dropped_by(
        &mut self,
        change: &SourceChange,
        on: Result<&Capabilities, &String>,
        cluster: &Cluster,
    ) -> Outcome<Vec<Dropped>> {
        let name = &change.application;
        let why = match (&change.releases, on) {
            (Ok(releases), Ok(on)) => match rendered(releases, on, cluster).await? {
                Ok((before, after)) => return Ok(missing(name, before, &after)),
                Err(why) => why,
            },
            (Err(why), _) => (*why).to_owned(),
            (_, Err(why)) => why.clone(),
        };
        let (left, grave) = guard::standing(cluster, name, change.leaves.as_deref()).await?;
        if change.is_of_another_sort {
            let why = format!("Application {name} may not bring it any more: {why}");
            self.all.extend(grave.into_iter().map(|object| Loss { object, why: why.clone(), is_grave: true }));
            return Ok(left);
        }
        let standing: Vec<String> = grave.iter().map(ToString::to_string).collect();
        let holds = if standing.is_empty() { String::new() } else { format!("; it holds {}", standing.join(", ")) };
        self.unseen.push(format!("not looked at: what Application {name} no longer brings ({why}){holds}"));
        Ok(left)
    }

    /// Refuses what nobody has named.
    pub fn refuse(&self, may_remove: &[String]) -> Outcome<()> {
        let named = Named::of(may_remove);
        let grave: Vec<&Loss> = self.all.iter().filter(|it| it.is_grave && !named.covers(&it.object)).collect();
        if grave.is_empty() { Ok(()) } else { Err(unnamed(&grave, &named)) }
    }

    /// The same before a commit: says what goes, and answers it by name.
    pub fn admit(&self, may_remove: &[String], console: &Console) -> Outcome<Vec<String>> {
        self.refuse(may_remove)?;
        for line in &self.unseen {
            console.say(format!("warning: {line}"));
        }
        let meant = self.all.iter().map(|it| &it.object).chain(&self.overlooked);
        for name in Named::of(may_remove).without_effect(meant) {
            console.say(format!(
                "warning: `mayRemove` names {name}, which nothing that goes is called: take it out again"
            ));
        }
        for loss in &self.all {
            console.done("leaves", format!("{}: {}", loss.object, loss.why));
        }
        Ok(self.all.iter().map(|it| it.object.to_string()).collect())
    }

    /// What would go; what is named is not grave.
    pub fn weighed(&self, may_remove: &[String]) -> Vec<Loss> {
        let named = Named::of(may_remove);
        let weigh = |loss: &Loss| Loss { is_grave: loss.is_grave && !named.covers(&loss.object), ..loss.clone() };
        self.all.iter().map(weigh).collect()
    }
}

fn unnamed(losses: &[&Loss], named: &Named) -> Failure {
    Failure::refused("this commit would make Argo CD delete what nobody has named; nothing was written")
        .details(guard::Hanging::lines(&losses.iter().map(|it| it.hanging()).collect::<Vec<_>>()))
        .hint(format!("keep it in the document; {}", named.remedy(losses.iter().map(|it| &it.object))))
}

fn no_move(to: &str) -> String {
    format!(
        "{to} has the same chart in the same namespace, but this is no move: Argo CD deletes all of it, then makes it anew"
    )
}

fn dropped(gone: Gone) -> Dropped {
    let Gone { holder, object, is_elsewhere } = gone;
    Dropped { holder, object, is_elsewhere }
}

/// What a chart makes before and after; why that cannot be told here.
async fn rendered(
    (before, after): &(HelmRelease, HelmRelease),
    on: &Capabilities,
    cluster: &Cluster,
) -> Outcome<Result<(Vec<ObjectRef>, Vec<ObjectRef>), String>> {
    let end = cluster.deadline().end();
    Ok(match (before.objects(on, end).await?, after.objects(on, end).await?) {
        (Ok(old), Ok(new)) => Ok((placed(&old, before), placed(&new, after))),
        (Err(why), _) | (_, Err(why)) => Err(why),
    })
}

/// The objects before that are not among those after.
fn missing(application: &str, before: Vec<ObjectRef>, after: &[ObjectRef]) -> Vec<Dropped> {
    let is_called = |one: &ObjectRef, other: &ObjectRef| one.is_kind_of(other) && one.name == other.name;
    let stays = |it: &ObjectRef| after.iter().any(|new| is_called(new, it) && new.namespace == it.namespace);
    let gone = before.into_iter().filter(|it| !stays(it));
    gone.map(|object| Dropped {
        holder: application.to_owned(),
        is_elsewhere: after.iter().any(|new| is_called(new, &object)),
        object,
    })
    .collect()
}

/// The objects, with the namespace that the release gives to those that name none.
fn placed(objects: &[serde_json::Value], release: &HelmRelease) -> Vec<ObjectRef> {
    let place = |mut object: ObjectRef| {
        object.namespace.get_or_insert_with(|| release.namespace.clone());
        object
    };
    objects.iter().map(ObjectRef::of).map(place).collect()
}

/// What charts are rendered for; why they cannot be.
pub async fn capabilities(cluster: &Cluster) -> Result<Capabilities, String> {
    helm_at_hand()?;
    let kinds = cluster.every_kind().await.map_err(|fault| fault.to_string())?;
    let apis = kinds.iter().flat_map(|kind| [kind.api_version(), format!("{}/{}", kind.api_version(), kind.kind)]);
    let apis: BTreeSet<String> = apis.collect();
    Ok(Capabilities { version: cluster.facts().version.clone(), apis: apis.into_iter().collect() })
}
