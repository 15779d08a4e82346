//! The object of a claim that a spoke was registered from: its registration is turned off first, or it would come back; the
//! object itself goes last, and only by its name.

use serde_json::{Value, json};

use crate::argocd::Spoke;
use crate::document::SpokeStep;
use crate::engine::{self, Cluster, absent};
use crate::guard::ordered_at;
use crate::object::{Identity, ObjectRef, name, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::run::{Named, exactly};
use crate::words::kyverno::TRIGGER;
use crate::words::spoke::{OFF, REGISTRATION, SOURCE};

/// The object that registered the spoke, if it was one, and is there. One that was made anew under its name is another: it
/// stands for another cluster.
pub async fn source(cluster: &Cluster, spoke: &Spoke) -> Outcome<Option<Identity>> {
    let Some(named) = spoke.annotation(SOURCE).and_then(address) else { return Ok(None) };
    Ok(find(cluster, &named).await?.filter(|it| is_made_of(spoke.labels.get(TRIGGER), it)))
}

/// Whether a Secret with this mark was made of the object. One that somebody else has made has no mark.
fn is_made_of(mark: Option<&String>, object: &Identity) -> bool {
    mark.is_none_or(|it| *it == object.uid)
}

/// Turns the registration by this object off, before the spoke goes.
pub async fn turn_off(cluster: &Cluster, object: &Identity, console: &Console) -> Outcome<()> {
    exactly::patch(cluster, object, json!({"metadata": {"labels": {REGISTRATION: OFF}}})).await?;
    console.done("claim", format!("{object} registers no spoke any more"));
    Ok(())
}

/// Refuses to delete an object that the claims repository orders: Argo CD would make it anew, and the spoke would come back as
/// another cluster.
pub async fn demand_not_ordered(cluster: &Cluster, object: &Identity, may_remove: &[String]) -> Outcome<()> {
    if !Named::of(may_remove).covers(&object.object) {
        return Ok(());
    }
    let Some(place) = ordered_at(cluster, &object.object).await? else { return Ok(()) };
    Err(Failure::refused(format!("{object} is named, and is ordered in {place}"))
        .details(["Argo CD would make it anew, and with it another cluster".to_owned()])
        .hint("take its file out of the claims repository first, and wait until that is synced; or leave the object, by not naming it"))
}

/// Deletes the object where the step names it, and waits until it is gone; else says that it stays. An earlier run may have
/// come as far as that, and left no more of the spoke than the names in the step: what they name goes if it stood for the
/// spoke, and its registration is off.
pub async fn remove(cluster: &Cluster, source: Option<Identity>, step: &SpokeStep, console: &Console) -> Outcome<()> {
    let named = Named::of(&step.may_remove);
    let going = match source {
        Some(object) if !named.covers(&object.object) => {
            console
                .done("stays", format!("{object}, with its registration off: the cluster that it stands for goes on"));
            None
        }
        Some(object) => Some(object),
        None => turned_off(cluster, step).await?,
    };
    let Some(object) = going else { return Ok(()) };
    // Somebody may have ordered it meanwhile.
    demand_not_ordered(cluster, &object, &step.may_remove).await?;
    console.done("claim", format!("{object} is named: it goes, and what it stands for"));
    engine::remove(cluster, console, std::slice::from_ref(&object), cluster.deadline()).await?;
    Ok(())
}

async fn turned_off(cluster: &Cluster, step: &SpokeStep) -> Outcome<Option<Identity>> {
    let names = step.may_remove.iter().flat_map(|it| it.split(',')).map(str::trim);
    for named in names.filter_map(|it| address(it).or_else(|| all_of(it))) {
        let (_, kinds, _) = cluster.kinds_in_sight().await?;
        let Some(kind) = kinds.into_iter().find(|it| it.is_kind_of(&named)) else { continue };
        let of_kind = ObjectRef { version: kind.version, namespace: None, name: String::new(), ..named.clone() };
        let is_meant = |live: Value| {
            let object = Identity::under(
                &ObjectRef { name: name(&live).to_owned(), namespace: namespace(&live), ..of_kind.clone() },
                &live,
            );
            let is_named = named.name.is_empty()
                || (&object.object.name, &object.object.namespace) == (&named.name, &named.namespace);
            (is_named && is_off(&live) && stands_for(&object.object, &step.name)).then_some(object)
        };
        if let Some(object) = cluster.list_metadata_with(&of_kind, is_meant).await?.into_iter().next() {
            return Ok(Some(object));
        }
    }
    Ok(None)
}

fn is_off(live: &Value) -> bool {
    live.pointer("/metadata/labels").is_some_and(|labels| labels[REGISTRATION] == OFF)
}

/// Whether a registration by this object is of the spoke: its name is made of the object's.
fn stands_for(object: &ObjectRef, spoke: &str) -> bool {
    object.namespace.as_ref().is_some_and(|namespace| format!("{namespace}-{}", object.name) == spoke)
}

fn namespace(live: &Value) -> Option<String> {
    Some(str_at(live, "/metadata/namespace")).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// The kind of an address `Kind.group/*`, which is of all its objects.
pub fn all_of(text: &str) -> Option<ObjectRef> {
    let (kind, group) = text.strip_suffix("/*")?.split_once('.')?;
    Some(ObjectRef::new(&format!("{group}/"), kind, None, ""))
}

/// The object of an address `Kind.group/namespace/name`; its version is left out. Kinds of the core group claim nothing.
pub fn address(text: &str) -> Option<ObjectRef> {
    let (kind, rest) = text.split_once('/')?;
    let (kind, group) = kind.split_once('.')?;
    let (namespace, name) = rest.split_once('/')?;
    let is_whole = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    is_whole.then(|| ObjectRef::new(&format!("{group}/"), kind, Some(namespace), name))
}

/// The object, in the version that the cluster serves; a kind that is gone has none.
async fn find(cluster: &Cluster, named: &ObjectRef) -> Outcome<Option<Identity>> {
    let (_, kinds, _) = cluster.kinds_in_sight().await?;
    let Some(kind) = kinds.into_iter().find(|it| it.is_kind_of(named)) else { return Ok(None) };
    let object = ObjectRef { version: kind.version, ..named.clone() };
    let live = absent(cluster.metadata(&object).await)?.flatten();
    Ok(live.map(|live| Identity::under(&object, &live)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_was_made_anew_under_a_name_is_another_one() {
        let object = Identity { object: ObjectRef::new("x/v1", "Order", Some("a"), "a"), uid: "new".to_owned() };
        assert!(is_made_of(None, &object) && is_made_of(Some(&"new".to_owned()), &object));
        assert!(!is_made_of(Some(&"old".to_owned()), &object));
    }

    #[test]
    fn an_object_stands_for_the_spoke_that_has_its_name_and_for_no_other() {
        let object = ObjectRef::new("x/v1", "Order", Some("team-a"), "two");
        assert!(stands_for(&object, "team-a-two"));
        for other in ["nobody", "two", "team-a-one", "team-a-two-2"] {
            assert!(!stands_for(&object, other), "{other}");
        }
        assert_eq!(
            all_of("Order.x.example.org/*").map(|it| (it.kind, it.group)),
            Some(("Order".into(), "x.example.org".into()))
        );
        assert_eq!(all_of("Secret/*"), None);
    }

    #[test]
    fn an_object_of_a_claim_has_kind_group_namespace_and_name() {
        let of = |text: &str| address(text).map(|it| (it.kind, it.group, it.namespace, it.name));
        let whole = ("Cluster".to_owned(), "x.example.org".to_owned(), Some("team".to_owned()), "a".to_owned());
        assert_eq!(of("Cluster.x.example.org/team/a"), Some(whole));
        for other in ["step", "spoke-east.web", "Secret/web/creds", "Bucket.s3.example.org/a", "Cluster.x/*"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
