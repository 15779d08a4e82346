//! A live resource definition beside the one that is to come.
//!
//! The rules are the API server's (apiextensions 1.37.2): a version that `status.storedVersions` names cannot be taken out, scope
//! and names never change once they are established, and what a schema lacks is gone from whatever is read through it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::finding::{Finding, Migration, Weight};
use crate::object::{ObjectRef, items, name, str_at, strings};

/// What the new definition means to what is there by the live one. Whether objects use a version that goes, or a field, only these
/// can tell: [`used_versions`] and the room's other files say it of them.
#[must_use]
pub fn compare(live: &Value, new: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(stored_in_others(live, &names(new)));
    found.extend(unserved(live, new));
    found.extend(fixed(live, new));
    found.extend(storage(live, new));
    found.extend(conversion(live, new));
    found
}

/// The rewriting that makes the new definition acceptable: of all objects to the version that is stored today. `None` where nothing
/// has to be rewritten, or where no version is in both.
#[must_use]
pub fn migration(live: &Value, new: &Value) -> Option<Migration> {
    migration_to(live, &names(new))
}

/// The same where only the versions of the new definition are known.
#[must_use]
pub fn migration_to(live: &Value, stays: &BTreeSet<&str>) -> Option<Migration> {
    let to = storage_version(live).filter(|to| stays.contains(to))?;
    (!doomed(live, stays).is_empty()).then(|| Migration { definition: name(live).to_owned(), to: to.to_owned() })
}

/// What may be stored in a version that is not among those that stay.
#[must_use]
pub fn stored_in_others(live: &Value, kept: &BTreeSet<&str>) -> Option<Finding> {
    let doomed = doomed(live, kept);
    let (first, all) = (doomed.first()?, doomed.join(", "));
    let says =
        format!("objects may be stored in {all}, which the new definition lacks: the API server does not take it");
    Some(match migration_to(live, kept) {
        Some(to) => Finding::new("stored-version-doomed", Weight::Migrates, said(live), says)
            .remedy(format!("set `migrate: true` in the step: every object is rewritten as {} first", to.to)),
        None => Finding::new("stored-version-doomed", Weight::Stops, said(live), says).remedy(format!(
            "first bring a version of the definition that has {first} and the new version, which is stored; then run again"
        )),
    })
}

/// The versions that are served today and will not be.
#[must_use]
pub fn versions_that_go<'v>(live: &'v Value, new: &Value) -> Vec<&'v str> {
    let stays: BTreeSet<&str> = served(new).collect();
    served(live).filter(|version| !stays.contains(version)).collect()
}

/// Who uses a version that goes: files in git, beads, webhooks, whatever names it. A line each.
#[must_use]
pub fn used_versions(crd: &Value, version: &str, users: &[String]) -> Option<Finding> {
    (!users.is_empty()).then(|| {
        Finding::new(
            "served-version-in-use",
            Weight::Stops,
            said(crd),
            format!("version {version} is served no more, and is in use by {}", shown(users)),
        )
        .remedy(format!("bring them to {} first", next(crd, version)))
    })
}

/// Live objects of which somebody owns fields in a version that goes. What is written of that stays for as long as the object, also
/// where its owner has long moved on: so it says nothing of who asks for the version today, and stops nothing.
#[must_use]
pub fn owned_in_version(crd: &Value, version: &str, objects: &[String]) -> Option<Finding> {
    (!objects.is_empty()).then(|| {
        let says = format!(
            "fields of {} are owned in version {version}, which is served no more: the API server forgets who owns them, and what \
             their owner leaves out later stays",
            shown(objects)
        );
        let next = next(crd, version);
        Finding::new("served-version-owned", Weight::Warns, said(crd), says).remedy(format!(
            "have whoever writes them apply them as {next}; a migration of stored versions (`migrate: true`) writes the owners anew"
        ))
    })
}

/// Whether objects of the kind are held to another schema, or are in other versions, than today.
#[must_use]
pub fn versions_differ(live: &Value, new: &Value) -> bool {
    let of = |crd: &Value| -> BTreeMap<String, (bool, Value)> {
        let version = |it: &Value| {
            let schema = it.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
            (str_at(it, "/name").to_owned(), (is(it, "served"), schema))
        };
        items(crd, "/spec/versions").map(version).collect()
    };
    of(live) != of(new)
}

/// The version that is stored.
#[must_use]
pub fn storage_version(crd: &Value) -> Option<&str> {
    items(crd, "/spec/versions").find(|it| is(it, "storage")).map(|it| str_at(it, "/name"))
}

/// The kind that it defines, in a version.
#[must_use]
pub fn kind_in(crd: &Value, version: &str) -> ObjectRef {
    ObjectRef::new(&format!("{}/{version}", str_at(crd, "/spec/group")), str_at(crd, "/spec/names/kind"), None, "")
}

/// The versions that it serves.
pub fn served(crd: &Value) -> impl Iterator<Item = &str> {
    items(crd, "/spec/versions").filter(|it| is(it, "served")).map(|it| str_at(it, "/name"))
}

/// How many users are named.
const SHOWN: usize = 10;

/// The first of them, and how many more there are.
fn shown(all: &[String]) -> String {
    let first = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(SHOWN);
    if more > 0 { format!("{first} and {more} more") } else { first }
}

fn is(version: &Value, what: &str) -> bool {
    version.get(what).and_then(Value::as_bool).unwrap_or_default()
}

fn said(crd: &Value) -> String {
    format!("CustomResourceDefinition {}", name(crd))
}

fn names(crd: &Value) -> BTreeSet<&str> {
    items(crd, "/spec/versions").map(|it| str_at(it, "/name")).collect()
}

/// Another version to name instead.
fn next<'v>(crd: &'v Value, version: &str) -> &'v str {
    storage_version(crd)
        .filter(|it| *it != version)
        .or_else(|| served(crd).find(|it| *it != version))
        .unwrap_or_default()
}

/// The versions that objects may be stored in, and that the new definition lacks.
fn doomed<'v>(live: &'v Value, stays: &BTreeSet<&str>) -> Vec<&'v str> {
    strings(live, "/status/storedVersions").filter(|it| !stays.contains(it)).collect()
}

fn unserved(live: &Value, new: &Value) -> Option<Finding> {
    let gone = versions_that_go(live, new);
    (!gone.is_empty()).then(|| {
        Finding::new(
            "served-version-gone",
            Weight::Warns,
            said(live),
            format!("version {} is served no more: whoever asks for it gets nothing", gone.join(", ")),
        )
        .remedy("look whether programs outside of the cluster name it")
    })
}

/// What the API server never lets anybody change.
fn fixed(live: &Value, new: &Value) -> Vec<Finding> {
    let differs = |at: &str| {
        let (was, is) = (str_at(live, at), str_at(new, at));
        let (code, what) = if at == "/spec/scope" { ("scope-changes", "scope") } else { ("names-change", at) };
        (was != is).then(|| {
            let what = what.trim_start_matches("/spec/").replace('/', ".");
            Finding::new(
                code,
                Weight::Stops,
                said(live),
                format!("its {what} is {was} and would be {is}, which cannot be changed"),
            )
            .remedy("it can only be made anew, which deletes every object of it: bring the new kind under another name")
        })
    };
    ["/spec/scope", "/spec/group", "/spec/names/kind", "/spec/names/plural"].into_iter().filter_map(differs).collect()
}

/// A new version that is stored: whoever goes back later needs a definition that has it.
fn storage(live: &Value, new: &Value) -> Option<Finding> {
    let (was, is) = (storage_version(live)?, storage_version(new)?);
    (was != is).then(|| {
        let lacks = if names(live).contains(is) { "" } else { ", which the definition of today lacks" };
        Finding::new(
            "storage-flips",
            Weight::NoWayBack,
            said(live),
            format!("objects are stored as {is} from now on, no longer as {was}{lacks}"),
        )
        .remedy("a way back needs these objects rewritten first")
    })
}

fn conversion(live: &Value, new: &Value) -> Vec<Finding> {
    let strategy = |crd: &Value| match str_at(crd, "/spec/conversion/strategy") {
        "" => "None".to_owned(),
        given => given.to_owned(),
    };
    let (was, is) = (strategy(live), strategy(new));
    let mut found = Vec::new();
    if was != is {
        found.push(Finding::new(
            "conversion-changes",
            Weight::Warns,
            said(live),
            format!("its conversion is {was} and would be {is}"),
        ));
    }
    let service = "/spec/conversion/webhook/clientConfig/service";
    let has_address =
        new.pointer(service).is_some() || !str_at(new, "/spec/conversion/webhook/clientConfig/url").is_empty();
    if is == "Webhook" && !has_address && served(new).nth(1).is_some() {
        let says = "it converts by a webhook without an address: every list of its kind fails, and with it all that Argo CD compares";
        found.push(
            Finding::new("conversion-webhook-dead", Weight::Stops, said(live), says)
                .remedy("give the conversion a service that is there"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A definition with these versions; `*` is the one that is stored, `-` one that is not served.
    fn crd(versions: &[&str], stored: &[&str]) -> Value {
        let version = |text: &&str| {
            let name = text.trim_end_matches(['*', '-']);
            json!({"name": name, "served": !text.ends_with('-'), "storage": text.ends_with('*')})
        };
        json!({
            "metadata": {"name": "widgets.example.org"},
            "spec": {"group": "example.org", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
                     "versions": versions.iter().map(version).collect::<Vec<_>>()},
            "status": {"storedVersions": stored},
        })
    }

    type Names = &'static [&'static str];
    type Told = (&'static str, Weight);

    fn codes(live: &Value, new: &Value) -> Vec<Told> {
        compare(live, new).iter().map(|it| (it.code, it.weight)).collect()
    }

    #[test]
    fn what_becomes_of_versions_is_told() {
        use Weight::{Migrates, NoWayBack, Stops, Warns};
        let gone = ("served-version-gone", Warns);
        let flips = ("storage-flips", NoWayBack);
        let table: [(Names, Names, Names, &[Told]); 7] = [
            (&["v1*"], &["v1"], &["v1*"], &[]),
            (&["v1*"], &["v1"], &["v1*", "v2"], &[]),
            (&["v1*", "v1beta1"], &["v1"], &["v1*"], &[gone]),
            (&["v1*", "v1beta1"], &["v1beta1", "v1"], &["v1*"], &[("stored-version-doomed", Migrates), gone]),
            (&["v1beta1*"], &["v1beta1"], &["v1*"], &[("stored-version-doomed", Stops), gone, flips]),
            (&["v1beta1*"], &["v1beta1"], &["v1*", "v1beta1"], &[flips]),
            (&["v1*", "v1beta1-"], &["v1"], &["v1*"], &[]),
        ];
        for (live, stored, new, expected) in table {
            assert_eq!(codes(&crd(live, stored), &crd(new, &[])), expected, "{live:?} {stored:?} -> {new:?}");
        }
    }

    #[test]
    fn objects_are_rewritten_to_what_is_stored_today() {
        let new = crd(&["v1*"], &[]);
        let to = |live: &[&str], stored: &[&str]| migration(&crd(live, stored), &new).map(|it| it.to);
        assert_eq!(to(&["v1*", "v1beta1"], &["v1beta1", "v1"]).as_deref(), Some("v1"));
        assert_eq!(to(&["v1*", "v1beta1"], &["v1"]), None);
        assert_eq!(to(&["v1beta1*"], &["v1beta1"]), None, "nothing that the new one knows is stored today");
    }

    #[test]
    fn a_kind_is_another_one_with_another_schema_or_version() {
        let live = crd(&["v1*", "v1beta1"], &["v1"]);
        assert!(!versions_differ(&live, &crd(&["v1beta1", "v1*"], &[])), "the order does not matter");
        assert!(versions_differ(&live, &crd(&["v1*", "v1beta1-"], &[])));
        let mut new = live.clone();
        new["spec"]["versions"][0]["schema"] = json!({"openAPIV3Schema": {"type": "object"}});
        assert!(versions_differ(&live, &new));
    }

    #[test]
    fn scope_and_names_never_change() {
        let live = crd(&["v1*"], &["v1"]);
        let mut new = live.clone();
        new["spec"]["scope"] = json!("Cluster");
        new["spec"]["names"]["plural"] = json!("widgetry");
        assert_eq!(codes(&live, &new), [("scope-changes", Weight::Stops), ("names-change", Weight::Stops)]);
    }

    #[test]
    fn a_conversion_that_nobody_answers_stops() {
        let live = crd(&["v1*", "v1beta1"], &["v1"]);
        let mut new = live.clone();
        new["spec"]["conversion"] = json!({"strategy": "Webhook", "webhook": {"clientConfig": {}}});
        assert_eq!(
            codes(&live, &new),
            [("conversion-changes", Weight::Warns), ("conversion-webhook-dead", Weight::Stops)]
        );
        new["spec"]["conversion"]["webhook"]["clientConfig"] = json!({"service": {"name": "a", "namespace": "b"}});
        assert_eq!(codes(&live, &new), [("conversion-changes", Weight::Warns)]);
    }

    #[test]
    fn users_of_a_version_that_goes_are_named_and_the_rest_counted() {
        let live = crd(&["v1*", "v1beta1"], &["v1"]);
        let users: Vec<String> = (0..12).map(|it| format!("Widget a/w{it}")).collect();
        let found = used_versions(&live, "v1beta1", &users).expect("a finding");
        assert!(found.says.contains("Widget a/w0, ") && found.says.ends_with("and 2 more"), "{found:?}");
        assert_eq!(found.remedy, "bring them to v1 first");
        assert_eq!(used_versions(&live, "v1beta1", &[]), None);
        let owned = owned_in_version(&live, "v1beta1", &users).expect("a finding");
        assert_eq!(owned.weight, Weight::Warns, "nobody can take away what is written of the past");
        assert!(owned.says.contains("and 2 more are owned in version v1beta1"), "{owned:?}");
        assert_eq!(owned_in_version(&live, "v1beta1", &[]), None);
    }
}
