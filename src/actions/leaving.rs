//! What a commit would take away, held against the cluster and against what the step names.

use std::collections::BTreeSet;

use crate::argo;
use crate::engine::Cluster;
use crate::gitops::{Capabilities, ChartChange, Departure, Gone, HelmRelease, Leaving};
use crate::guard::{self, Dropped, Going, Loss};
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome};

/// What a commit would take away.
#[derive(Debug, Default)]
pub struct Losses {
    /// What is live and would go.
    pub losses: Vec<Loss>,
    /// What could not be looked at, and why.
    pub unseen: Vec<String>,
}

impl Losses {
    /// Looks at everything live that would go with what leaves the files.
    pub async fn of(leaving: &Leaving, cluster: &Cluster) -> Outcome<Self> {
        let mut going: Vec<Going> = leaving.applications.iter().map(going).collect();
        if cluster.get(&argo::application(argo::ROOT)).await?.is_none() {
            // The root that this run makes would find them, and delete what is not in git.
            let known = |name: &str| leaving.staying.contains(name) || going.iter().any(|it| it.name == name);
            let orphaned = guard::orphaned_of_root(cluster, known).await?;
            going.extend(
                orphaned.into_iter().map(|name| Going { name, remark: Some("git does not hold it".to_owned()) }),
            );
        }
        let mut found = Self { losses: guard::losses_with(cluster, &going).await?, unseen: Vec::new() };
        let mut objects: Vec<Dropped> = leaving.objects.iter().map(dropped).collect();
        for change in &leaving.charts {
            match dropped_by_chart(change, cluster).await? {
                Ok(dropped) => objects.extend(dropped),
                Err(why) => found.unseen.push(format!(
                    "not looked at: what the chart of Application {} no longer has ({why})",
                    change.application
                )),
            }
        }
        found.losses.extend(guard::losses_of(cluster, &objects).await?);
        Ok(found)
    }

    /// Refuses what nobody has named.
    pub fn refuse(&self, named: &[String]) -> Outcome<()> {
        let grave: Vec<Loss> = self.told(named).into_iter().filter(|loss| loss.is_grave).collect();
        if grave.is_empty() { Ok(()) } else { Err(unnamed(&grave)) }
    }

    /// The same before a commit: says what goes, and answers it by name.
    pub fn admit(&self, named: &[String], console: &Console) -> Outcome<Vec<String>> {
        self.refuse(named)?;
        for line in &self.unseen {
            console.say(format!("warning: {line}"));
        }
        for loss in &self.losses {
            console.done("leaves", format!("{}: {}", loss.object, loss.why));
        }
        Ok(self.losses.iter().map(|it| it.object.to_string()).collect())
    }

    /// What would go; what is named is not grave.
    pub fn told(&self, named: &[String]) -> Vec<Loss> {
        let named = Named::of(named);
        let weighed = |loss: &Loss| Loss { is_grave: loss.is_grave && !named.holds(&loss.object), ..loss.clone() };
        self.losses.iter().map(weighed).collect()
    }
}

/// The objects that a step lets go.
pub struct Named<'s>(BTreeSet<&'s str>);

impl<'s> Named<'s> {
    /// As `mayRemove` has them.
    pub fn of(texts: &'s [String]) -> Self {
        Self(texts.iter().flat_map(|it| it.split(',')).map(str::trim).collect())
    }

    /// Whether this is one of them.
    pub fn holds(&self, object: &ObjectRef) -> bool {
        self.0.contains(address(object).as_str())
    }
}

/// How a step lets these objects go.
pub fn naming<'o>(objects: impl Iterator<Item = &'o ObjectRef>) -> String {
    let addresses: Vec<String> = objects.map(address).collect();
    format!(
        "to let it go, name it in the step, `mayRemove: [{}]` (in a bundle: its parameter, `may-remove={}`)",
        addresses.join(", "),
        addresses.join(",")
    )
}

/// How a step names an object: an Application by its name, anything else by kind, namespace and name.
fn address(object: &ObjectRef) -> String {
    if (object.group.as_str(), object.kind.as_str()) == (argo::GROUP, argo::APPLICATION) {
        return object.name.clone();
    }
    [Some(object.kind.as_str()), object.namespace.as_deref(), Some(&object.name)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("/")
}

fn unnamed(losses: &[Loss]) -> Failure {
    Failure::refused("this commit would make Argo CD delete what nobody has named; nothing was written")
        .details(losses.iter().map(|it| format!("{}: {}", it.object, it.why)))
        .hint(format!("keep it in the document; {}", naming(losses.iter().map(|it| &it.object))))
}

fn dropped(gone: &Gone) -> Dropped {
    let Gone { holder, object, is_elsewhere } = gone.clone();
    Dropped { holder, object, is_elsewhere }
}

fn going(departure: &Departure) -> Going {
    let remark = departure.moved_to.as_ref().map(|to| {
        format!("{to} has the same chart in the same namespace, but this is no move: Argo CD deletes all of it, then makes it anew")
    });
    Going { name: departure.name.clone(), remark }
}

/// The objects that a chart brought and would not bring any more; why that cannot be told here.
async fn dropped_by_chart(change: &ChartChange, cluster: &Cluster) -> Outcome<Result<Vec<Dropped>, String>> {
    let Some((before, after)) = &change.charts else {
        return Ok(Err("the chart is not in the hub repository".to_owned()));
    };
    let on = match capabilities(cluster).await {
        Ok(on) => on,
        Err(failure) => return Ok(Err(failure.message)),
    };
    let end = cluster.deadline().end();
    let (before, after) = match (before.objects(&on, end).await?, after.objects(&on, end).await?) {
        (Ok(old), Ok(new)) => (placed(&old, before), placed(&new, after)),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let is_called = |one: &ObjectRef, other: &ObjectRef| one.is_kind_of(other) && one.name == other.name;
    let stays = |it: &ObjectRef| after.iter().any(|new| is_called(new, it) && new.namespace == it.namespace);
    let dropped = before.into_iter().filter(|it| !stays(it)).map(|object| Dropped {
        holder: change.application.clone(),
        is_elsewhere: after.iter().any(|new| is_called(new, &object)),
        object,
    });
    Ok(Ok(dropped.collect()))
}

/// The objects, with the namespace that the release gives to those that name none.
fn placed(objects: &[serde_json::Value], release: &HelmRelease) -> Vec<ObjectRef> {
    let place = |mut object: ObjectRef| {
        object.namespace.get_or_insert_with(|| release.namespace.clone());
        object
    };
    objects.iter().map(ObjectRef::of).map(place).collect()
}

async fn capabilities(cluster: &Cluster) -> Outcome<Capabilities> {
    let mut kinds = cluster.kinds(false).await?;
    kinds.extend(cluster.kinds(true).await?);
    let apis = kinds.iter().flat_map(|kind| [kind.api_version(), format!("{}/{}", kind.api_version(), kind.kind)]);
    let apis: BTreeSet<String> = apis.collect();
    Ok(Capabilities { version: cluster.facts().version.clone(), apis: apis.into_iter().collect() })
}
