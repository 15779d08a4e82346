//! The migration of stored versions: every object of a CRD is stored in the version that stays, then the CRD says so.

use std::time::Duration;

use crate::engine::Cluster;
use crate::engine::migrate::by_hand::write_anew;
use crate::engine::migrate::by_kubernetes::{Asked, ask_kubernetes};
use crate::engine::migrate::objects::{Stored, objects};
use crate::engine::migrate::plan::Migration;
use crate::engine::migrate::status::settle;
use crate::engine::permissions::lacking;
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome, counted};

/// How long nobody may be able to say what there is: every list of the kind fails while its conversion does.
const PATIENCE: Duration = Duration::from_secs(60);
const EXTENSIONS: &str = "apiextensions.k8s.io";
/// A list of what is in the way that is longer is cut.
const MOST_NAMED: usize = 50;

/// Has all objects of this CRD stored in this version, and in no other one, by Kubernetes itself where it can. What was done
/// before it ends stays done, so it can be begun again at any time. That the CRD says so comes last: the API server believes it,
/// and what is still stored otherwise cannot be read after the old version is gone (crossplane #6658).
pub async fn carry_out(cluster: &Cluster, crd: &str, storage_version: &str, console: &Console) -> Outcome<()> {
    let Some(live) = cluster.get(&ObjectRef::crd(crd)).await? else {
        return Err(Failure::failed(format!("there is no CustomResourceDefinition {crd} to migrate")));
    };
    cluster.learn(std::slice::from_ref(&live));
    let migration = Migration::of(&live, storage_version)?;
    check_rights(cluster, &migration).await?;
    let objects = objects(&cluster.patient_for(PATIENCE), &migration).await.map_err(|fault| {
        Failure::from(fault)
            .context(format!("the objects of {crd} cannot be listed as {}", migration.kind.version))
            .hint("have its conversion webhook answer, or its stored objects readable, then run again")
    })?;
    keep_owners(cluster, &migration, &objects, console).await?;
    if !migration.from.is_empty() {
        store(cluster, &migration, &objects, console).await?;
    }
    settle(cluster, &migration).await?;
    console.done("migrate", format!("{crd}: {}, {}", counted(objects.len(), "object"), migration.way()));
    Ok(())
}

/// Before the first write: a migration that may not say that it is through would be of no use.
async fn check_rights(cluster: &Cluster, migration: &Migration) -> Outcome<()> {
    let (group, plural) = (migration.kind.group.as_str(), migration.plural.as_str());
    let needs = [
        ("list", group, plural),
        ("get", group, plural),
        ("patch", group, plural),
        ("patch", EXTENSIONS, "customresourcedefinitions/status"),
    ];
    let missing = lacking(cluster, &needs).await?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the user of {} lacks {} permissions to migrate {}; nothing was changed",
        cluster.found(),
        missing.len(),
        migration.crd.object.name
    ))
    .details(missing)
    .hint("bind a role with these verbs (cluster-admin has them all) to the user, then run again"))
}

/// First those whose fields somebody owns in a version that goes: Kubernetes itself would leave that as it is.
async fn keep_owners(cluster: &Cluster, migration: &Migration, objects: &[Stored], console: &Console) -> Outcome<()> {
    let owned: Vec<Stored> = objects.iter().filter(|it| it.has_old_owners).cloned().collect();
    if owned.is_empty() {
        return Ok(());
    }
    if migration.is_converted {
        console.say(format!(
            "warning: fields of {} objects of {} are owned in an old version, which a webhook converts: whoever owns them has to \
             apply them anew before the version goes",
            owned.len(),
            migration.crd.object.name
        ));
        return Ok(());
    }
    by_hand(cluster, migration, &owned, console).await
}

async fn store(cluster: &Cluster, migration: &Migration, objects: &[Stored], console: &Console) -> Outcome<()> {
    match ask_kubernetes(cluster, migration, console).await? {
        Asked::Done => Ok(()),
        Asked::NotDone(why) => {
            console.done("migrate", format!("{}: by hand, since {why}", migration.crd.object.name));
            by_hand(cluster, migration, objects, console).await
        }
    }
}

async fn by_hand(cluster: &Cluster, migration: &Migration, objects: &[Stored], console: &Console) -> Outcome<()> {
    let refused = write_anew(cluster, migration, objects, console).await?;
    if refused.is_empty() {
        return Ok(());
    }
    let count = refused.len();
    let more = (count > MOST_NAMED).then(|| format!("and {} more", count - MOST_NAMED));
    Err(Failure::failed(format!(
        "{count} of {} objects of {} cannot be stored as {}; its status is as before",
        objects.len(),
        migration.crd.object.name,
        migration.to
    ))
    .details(refused.into_iter().take(MOST_NAMED).chain(more))
    .hint("mend or delete the named objects, or have the policy that denies them let them pass, then run again"))
}
