//! An export held against what is on a cluster. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::Kept;
use crate::engine::ownership;
use crate::object::str_at;

/// How a Secret of an export is on the cluster.
#[derive(Debug, PartialEq, Eq)]
pub enum Held {
    /// It is not there.
    Absent,
    /// Everything of the export is there as it was.
    Same,
    /// It is there without some of it, and nothing that is there would change or go.
    Lacks,
    /// These keys, labels and annotations are other ones, or would go.
    Differs(Vec<String>),
    /// What cannot be changed is another one: why.
    Fixed(String),
}

/// Compares a Secret of an export with the one on the cluster.
pub fn held(kept: &Kept, live: Option<&Value>) -> Held {
    let Some(live) = live else { return Held::Absent };
    let (mut differing, mut lacks) = compared(&kept.data, live.pointer("/data"), "");
    let changes = lacks || !differing.is_empty();
    if str_at(live, "/type") != kept.form {
        return Held::Fixed(format!("its type is {}, and {} in the export", str_at(live, "/type"), kept.form));
    }
    if changes && live.pointer("/immutable") == Some(&Value::Bool(true)) {
        return Held::Fixed("it is immutable".to_owned());
    }
    for (values, at, what) in
        [(&kept.labels, "/metadata/labels", "label "), (&kept.annotations, "/metadata/annotations", "annotation ")]
    {
        let (other, without) = compared(values, live.pointer(at), what);
        differing.extend(other);
        lacks |= without;
    }
    if lacks || !differing.is_empty() {
        differing.extend(going(kept, live));
    }
    match (differing.is_empty(), lacks) {
        (false, _) => Held::Differs(differing),
        (true, true) => Held::Lacks,
        (true, false) => Held::Same,
    }
}

/// What has another value there, and whether something is not there.
fn compared(wanted: &BTreeMap<String, String>, live: Option<&Value>, what: &str) -> (Vec<String>, bool) {
    let there = |key: &str| live.and_then(|it| it.get(key)).and_then(Value::as_str);
    let differs = wanted.iter().filter(|(key, wanted)| there(key).is_some_and(|it| it != wanted.as_str()));
    let differing = differs.map(|(key, _)| format!("{what}{key}")).collect();
    (differing, wanted.keys().any(|key| there(key).is_none()))
}

/// What the manager of the export has applied there and the export does not have: its next apply takes that away.
fn going(kept: &Kept, live: &Value) -> Vec<String> {
    let of_manager = |it: &&Value| str_at(it, "/manager") == kept.manager && str_at(it, "/operation") == "Apply";
    let mut found = Vec::new();
    for entry in ownership::entries(live).iter().filter(of_manager) {
        for (at, wanted, what) in [
            ("/fieldsV1/f:data", &kept.data, ""),
            ("/fieldsV1/f:metadata/f:labels", &kept.labels, "label "),
            ("/fieldsV1/f:metadata/f:annotations", &kept.annotations, "annotation "),
        ] {
            let fields = entry.pointer(at).and_then(Value::as_object).into_iter().flatten();
            let keys = fields.filter_map(|(field, _)| field.strip_prefix("f:")).filter(|it| !wanted.contains_key(*it));
            found.extend(keys.map(|key| format!("{what}{key}, which is not in the export and would go")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::tests::kept;
    use super::*;

    #[test]
    fn values_are_told_apart_key_by_key() {
        let wanted = kept("a", "b", &[("one", "MQ=="), ("two", "Mg==")]);
        let live = |data: Value| json!({"type": "Opaque", "data": data});
        let differs = |keys: &[&str]| Held::Differs(keys.iter().map(|it| (*it).to_owned()).collect());
        for (data, expected) in [
            (json!({"one": "MQ==", "two": "Mg==", "three": "Mw=="}), Held::Same),
            (json!({"one": "MQ=="}), Held::Lacks),
            (json!(null), Held::Lacks),
            (json!({"one": "eA==", "two": "Mg=="}), differs(&["one"])),
            (json!({"one": "eA=="}), differs(&["one"])),
        ] {
            assert_eq!(held(&wanted, Some(&live(data.clone()))), expected, "{data}");
        }
        assert_eq!(held(&wanted, None), Held::Absent);
        let other = json!({"type": "kubernetes.io/tls", "data": {}});
        assert!(matches!(held(&wanted, Some(&other)), Held::Fixed(_)));
        let fixed = json!({"type": "Opaque", "immutable": true, "data": {"one": "MQ=="}});
        assert_eq!(held(&wanted, Some(&fixed)), Held::Fixed("it is immutable".to_owned()));
    }
    #[test]
    fn what_the_next_apply_takes_away_is_a_difference() {
        let wanted = kept("a", "b", &[("one", "MQ=="), ("two", "Mg==")]);
        let live = |manager: &str, keys: &[&str]| {
            let data: Value = keys.iter().map(|key| ((*key).to_owned(), Value::from("MQ=="))).collect();
            let fields: Value = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
            json!({"type": "Opaque", "data": data, "metadata": {"managedFields": [
                {"manager": manager, "operation": "Apply", "fieldsV1": {"f:data": fields}}]}})
        };
        let ours = wanted.manager.as_str();
        let Held::Differs(keys) = held(&wanted, Some(&live(ours, &["one", "three"]))) else { panic!("it would go") };
        assert!(keys.len() == 1 && keys[0].starts_with("three,"), "{keys:?}");
        assert_eq!(held(&wanted, Some(&live("somebody", &["one", "three"]))), Held::Lacks);
        assert_eq!(held(&kept("a", "b", &[("one", "MQ==")]), Some(&live(ours, &["one", "three"]))), Held::Same);
    }

    #[test]
    fn labels_and_annotations_are_told_apart_too() {
        let mut wanted = kept("a", "b", &[("one", "MQ==")]);
        wanted.labels.insert("team".to_owned(), "shop".to_owned());
        wanted.annotations.insert("note".to_owned(), "n".to_owned());
        let live = |metadata: Value| json!({"type": "Opaque", "immutable": true, "data": {"one": "MQ=="}, "metadata": metadata});
        for (metadata, expected) in [
            (json!({"labels": {"team": "shop", "x": "y"}, "annotations": {"note": "n"}}), Held::Same),
            (json!({"labels": {"team": "shop"}}), Held::Lacks),
            (
                json!({"labels": {"team": "other"}, "annotations": {"note": "m"}}),
                Held::Differs(vec!["label team".to_owned(), "annotation note".to_owned()]),
            ),
        ] {
            assert_eq!(held(&wanted, Some(&live(metadata.clone()))), expected, "{metadata}");
        }
    }
}
