//! An export held against what is on a cluster. Pure.

use serde_json::Value;

use super::document::Kept;
use crate::object::str_at;

/// How a Secret of an export is on the cluster.
#[derive(Debug, PartialEq, Eq)]
pub enum Held {
    /// It is not there.
    Absent,
    /// Every key of the export is there with its value.
    Same,
    /// It is there without some of the keys, and no value differs.
    Lacks,
    /// These keys have other values.
    Differs(Vec<String>),
    /// What cannot be changed is another one: why.
    Fixed(String),
}

/// Compares a Secret of an export with the one on the cluster.
pub fn held(kept: &Kept, live: Option<&Value>) -> Held {
    let Some(live) = live else { return Held::Absent };
    let value = |key: &str| live.pointer("/data").and_then(|it| it.get(key)).and_then(Value::as_str);
    let differing: Vec<String> = kept
        .data
        .iter()
        .filter(|(key, wanted)| value(key).is_some_and(|there| there != wanted.as_str()))
        .map(|(key, _)| key.clone())
        .collect();
    let lacks = kept.data.keys().any(|key| value(key).is_none());
    let changes = lacks || !differing.is_empty();
    if str_at(live, "/type") != kept.form {
        return Held::Fixed(format!("its type is {}, and {} in the export", str_at(live, "/type"), kept.form));
    }
    if changes && live.pointer("/immutable") == Some(&Value::Bool(true)) {
        return Held::Fixed("it is immutable".to_owned());
    }
    match (differing.is_empty(), lacks) {
        (false, _) => Held::Differs(differing),
        (true, true) => Held::Lacks,
        (true, false) => Held::Same,
    }
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
}
