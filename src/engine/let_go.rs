//! How an object is let go by the installers before us, when an Argo CD is taken over. Pure.

use serde_json::{Map, Value, json};

use super::installers::{CLIENT_SIDE, Installer, LAST_APPLIED, MANAGED_BY, OF_RELEASE, by_manager};
use super::ownership::{
    ITSELF, entries, fields, is_apply_of, is_main, is_of_bootstrap, rewrite, unite, with_fields, without,
};
use crate::object::{annotation, str_at};
use crate::words::argo;

/// What remains of an entry of `kubectl apply`, or of Argo CD without server-side apply, after a take-over. Under its old name
/// Argo CD would migrate it with its next sync, and prune what git does not hold.
pub const BEFORE: &str = "before-adoption";

/// The JSON patch by which the installers before us let an object go that we have applied; `None` where there is nothing to let
/// go. Only the metadata is looked at.
///
/// Of what an installer has declared we become the only owner as far as git holds it, since that is what we have applied. The
/// rest stays on the object, as everywhere: nobody can tell litter from somebody's setting. The marks by which an installer
/// would know the object again go. Work by hand is no installer's, and parts of Argo CD and controllers write what they need.
/// `is_of_hub` says whether Argo CD's own entry is that of the hub's Application; one of another would be pruned by it.
#[must_use]
pub fn let_go(object: &Value, is_of_hub: bool) -> Option<Value> {
    let all = entries(object);
    let ours = all.iter().find(|it| is_of_bootstrap(it));
    let heir = ours.or_else(|| all.iter().find(|it| is_of_hub && is_apply_of(it, argo::MANAGER)))?;
    let held = fields(heir);
    let marks = marks(object, &held);
    let applied = annotation(object, LAST_APPLIED).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let is_left = |entry: &&Value| {
        let by = by_manager(str_at(entry, "/manager"), str_at(entry, "/operation"));
        let is_hubs = is_of_hub && by == Some(Installer::ArgoCd);
        is_main(entry) && !is_hubs && by.is_some_and(|it| it.installs() && it != Installer::Backstack)
    };
    let mut kept = Vec::new();
    for entry in all {
        if !is_left(&entry) || str_at(entry, "/apiVersion") != str_at(heir, "/apiVersion") {
            kept.push(entry.clone());
            continue;
        }
        let mut rest = without(&without(&fields(entry), &held), &marks.fields);
        if let Some(applied) = applied.as_ref().filter(|_| is_client_side(entry)) {
            rest = declared(&rest, applied);
        }
        if rest.is_empty() {
            continue;
        }
        let mut entry = with_fields(entry, rest);
        if is_migrated_or_pruned(&entry) {
            (entry["manager"], entry["operation"]) = (json!(BEFORE), json!("Update"));
        }
        kept.push(entry);
    }
    if kept == all && marks.removals.is_empty() {
        return None;
    }
    let mut patch = rewrite(object, &united(kept));
    patch.as_array_mut()?.extend(marks.removals);
    Some(patch)
}

/// Whether Argo CD takes such an entry for its own sooner or later, and prunes what git does not hold of it.
fn is_migrated_or_pruned(entry: &Value) -> bool {
    let manager = str_at(entry, "/manager");
    manager == CLIENT_SIDE || manager == argo::MANAGER
}

/// Whether an entry is of an installer that writes whole objects: the API server counts what it fills in as theirs.
fn is_client_side(entry: &Value) -> bool {
    is_migrated_or_pruned(entry) && str_at(entry, "/operation") == "Update"
}

/// Of a set of fields what a text holds that was applied; the rest are defaults, which need no owner to stay.
fn declared(set: &Map<String, Value>, applied: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    for (key, below) in set {
        let Some(applied) = at(applied, key) else { continue };
        let Some(below) = below.as_object().filter(|it| !it.is_empty()) else {
            found.insert(key.clone(), below.clone());
            continue;
        };
        let is_element = below.contains_key(ITSELF);
        let mut kept = declared(below, applied);
        if is_element {
            kept.insert(ITSELF.to_owned(), json!({}));
        }
        if !kept.is_empty() {
            found.insert(key.clone(), Value::Object(kept));
        }
    }
    found
}

/// One step down in an object as a set of fields names it: a field, an element by its keys, one of a set of values, or by its
/// place. A key that the text leaves to its default counts for any.
fn at<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    let (sort, rest) = step.split_once(':')?;
    if sort == "f" {
        return value.get(rest);
    }
    let named: Value = serde_json::from_str(rest).ok()?;
    let all = value.as_array()?;
    match sort {
        "k" => all.iter().find(|element| {
            let keys = named.as_object().into_iter().flatten();
            let is_same = |(key, wanted): (&String, &Value)| element.get(key).is_none_or(|it| it == wanted);
            element.is_object() && keys.into_iter().all(is_same)
        }),
        "v" => all.iter().find(|element| **element == named),
        "i" => all.get(usize::try_from(named.as_u64()?).ok()?),
        _ => None,
    }
}

/// The entries, with one of [`BEFORE`] for each version: a list with the same manager and operation twice is none.
fn united(entries: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let key =
        |it: &Value| [str_at(it, "/manager"), str_at(it, "/operation"), str_at(it, "/apiVersion")].map(str::to_owned);
    for entry in entries {
        let same = all.iter_mut().find(|it| str_at(it, "/manager") == BEFORE && key(it) == key(&entry));
        if let Some(same) = same {
            let mut both = fields(same);
            unite(&mut both, &fields(&entry));
            *same = with_fields(same, both);
        } else {
            all.push(entry);
        }
    }
    all
}

/// The marks by which installers know an object.
struct Marks {
    /// What takes them away.
    removals: Vec<Value>,
    /// The fields that go with them.
    fields: Map<String, Value>,
}

/// Those that are there and that git does not hold.
fn marks(object: &Value, held: &Map<String, Value>) -> Marks {
    let mut found = Marks { removals: Vec::new(), fields: Map::new() };
    let annotations = [LAST_APPLIED].into_iter().chain(OF_RELEASE).map(|key| ("annotations", key));
    for (sort, key) in annotations.chain([("labels", MANAGED_BY.0)]) {
        let value = object.pointer(&format!("/metadata/{sort}")).and_then(|all| all.get(key));
        let is_ours = held
            .get("f:metadata")
            .and_then(|it| it.pointer(&format!("/f:{sort}")))
            .and_then(|it| it.get(format!("f:{key}")));
        let is_mark = value.is_some_and(|it| sort == "annotations" || it == MANAGED_BY.1);
        if is_mark && is_ours.is_none() {
            found
                .removals
                .push(json!({"op": "remove", "path": format!("/metadata/{sort}/{}", key.replace('/', "~1"))}));
            let path = json!({"f:metadata": {format!("f:{sort}"): {format!("f:{key}"): {}}}});
            unite(&mut found.fields, path.as_object().unwrap_or(&Map::new()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields})
    }

    fn object(entries: &[Value]) -> Value {
        json!({"metadata": {"resourceVersion": "7", "managedFields": entries}})
    }

    /// What stands in the patch: who owns what afterwards, and what is taken away.
    fn read(patch: &Value) -> (Vec<(String, Value)>, Vec<String>) {
        let operations = patch.as_array().expect("a patch");
        let entries = operations[0]["value"].as_array().expect("entries");
        let owner =
            |it: &Value| (format!("{}/{}", str_at(it, "/manager"), str_at(it, "/operation")), it["fieldsV1"].clone());
        let removed = operations[2..].iter().map(|it| str_at(it, "/path").to_owned());
        (entries.iter().map(owner).collect(), removed.collect())
    }

    #[test]
    fn what_git_holds_is_ours_alone_and_the_rest_stays_on_the_object() {
        let theirs = json!({"f:data": {".": {}, "f:url": {}, "f:held": {}}, "f:metadata": {"f:annotations": {
            ".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {}}}});
        let mut live = object(&[
            entry("kubectl-client-side-apply", "Update", &theirs),
            entry("argocd-controller", "Update", &json!({"f:data": {"f:held": {}, "f:old": {}}})),
            entry("helm", "Apply", &json!({"f:data": {"f:held": {}, "f:of-helm": {}}})),
            entry("kubectl-edit", "Update", &json!({"f:data": {"f:held": {}}})),
            entry("argocd-server", "Update", &json!({"f:data": {"f:key": {}}})),
            entry("backstack", "Apply", &json!({"f:data": {"f:held": {}}})),
        ]);
        let applied = json!({"data": {"url": "u", "held": "h", "old": "o"}}).to_string();
        live["metadata"]["annotations"] = json!({LAST_APPLIED: applied});
        let (owners, removed) = read(&let_go(&live, false).expect("there is something to let go"));
        let expected = [
            ("before-adoption/Update", json!({"f:data": {"f:url": {}, "f:old": {}}})),
            ("helm/Apply", json!({"f:data": {"f:of-helm": {}}})),
            ("kubectl-edit/Update", json!({"f:data": {"f:held": {}}})),
            ("argocd-server/Update", json!({"f:data": {"f:key": {}}})),
            ("backstack/Apply", json!({"f:data": {"f:held": {}}})),
        ];
        assert_eq!(owners, expected.map(|(owner, fields)| (owner.to_owned(), fields)));
        assert_eq!(removed, ["/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"]);
    }

    #[test]
    fn what_the_api_server_has_filled_in_needs_no_owner() {
        let applied = json!({"spec": {"type": "ClusterIP", "args": ["a"], "ports": [{"port": 80, "name": "http"}],
            "containers": [{"name": "server", "env": [{"name": "A", "value": "x"}]}]}});
        let set = json!({"f:spec": {"f:type": {}, "f:sessionAffinity": {}, "f:args": {}, "f:resources": {"f:limits": {}},
            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}},
                "k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            "f:containers": {"k:{\"name\":\"server\"}": {".": {}, "f:terminationMessagePath": {},
                "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}});
        let found = declared(set.as_object().expect("a set"), &applied);
        let expected = json!({"f:spec": {"f:type": {}, "f:args": {},
            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}}},
            "f:containers": {"k:{\"name\":\"server\"}": {".": {},
                "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}});
        assert_eq!(Value::Object(found), expected);
    }

    #[test]
    fn helm_does_not_know_the_object_again() {
        let mut live = object(&[entry("backstack", "Apply", &json!({"f:data": {"f:a": {}}}))]);
        live["metadata"]["labels"] = json!({MANAGED_BY.0: "Helm"});
        live["metadata"]["annotations"] = json!({OF_RELEASE[0]: "argo", OF_RELEASE[1]: "argocd", "other": "x"});
        let (_, removed) = read(&let_go(&live, false).expect("marks"));
        assert_eq!(
            removed,
            [
                "/metadata/annotations/meta.helm.sh~1release-name",
                "/metadata/annotations/meta.helm.sh~1release-namespace",
                "/metadata/labels/app.kubernetes.io~1managed-by",
            ]
        );
        live["metadata"]["labels"] = json!({MANAGED_BY.0: "kustomize"});
        live["metadata"]["annotations"] = json!({});
        assert_eq!(let_go(&live, false), None);
        // What git holds is no mark of others.
        live["metadata"]["labels"] = json!({MANAGED_BY.0: "Helm"});
        live["metadata"]["managedFields"][0]["fieldsV1"] =
            json!({"f:metadata": {"f:labels": {"f:app.kubernetes.io/managed-by": {}}}});
        assert_eq!(let_go(&live, false), None);
    }

    #[test]
    fn the_entry_of_another_application_is_not_pruned_by_the_hubs() {
        let theirs = entry("argocd-controller", "Apply", &json!({"f:data": {"f:held": {}, "f:theirs": {}}}));
        let ours = entry("backstack", "Apply", &json!({"f:data": {"f:held": {}}}));
        let live = object(&[theirs.clone(), ours.clone()]);
        let (owners, _) = read(&let_go(&live, false).expect("there is something to let go"));
        assert_eq!(owners[0], ("before-adoption/Update".to_owned(), json!({"f:data": {"f:theirs": {}}})));
        assert_eq!(let_go(&live, true), None, "it is the hub's own");
        assert_eq!(let_go(&object(&[theirs]), false), None, "nobody is there to let it go to");
    }

    #[test]
    fn a_second_time_there_is_nothing_to_let_go() {
        let rest = entry(BEFORE, "Update", &json!({"f:data": {"f:url": {}}}));
        let argocd = entry("argocd-controller", "Apply", &json!({"f:data": {"f:held": {}}}));
        assert_eq!(let_go(&object(&[rest, argocd]), true), None);
    }
}
