//! The operations of a JSON patch (RFC 6902): what is wrong with one, in the words of the document it stands in.

use serde_json::Value;

use crate::schema::{Path, closest};

/// The operations, each with the key that it takes beside `path`.
const OPERATIONS: [(&str, Option<&str>); 6] = [
    ("add", Some("value")),
    ("remove", None),
    ("replace", Some("value")),
    ("move", Some("from")),
    ("copy", Some("from")),
    ("test", Some("value")),
];

/// What is wrong with an operation: where below it, what, and what would be right.
type Wrong = (Path, String, String);

/// What is wrong with each operation of a list, each at its way from the list.
pub(super) fn mistakes(operations: &[Value]) -> Vec<Wrong> {
    let of_each = operations.iter().enumerate();
    of_each.filter_map(|(index, operation)| wrong(index, operation)).collect()
}

fn wrong(index: usize, operation: &Value) -> Option<Wrong> {
    let at = Path::default().index(index);
    let said = |at: Path, what: &str, hint: String| Some((at, format!("operation {index} of the patch: {what}"), hint));
    if !operation.is_object() {
        return said(at, "it is no mapping", "it is written `{op: add, path: /spec/replicas, value: 2}`".to_owned());
    }
    let all = OPERATIONS.map(|(name, _)| name);
    let Some(written) = operation.get("op") else {
        return said(at, "it has no `op`", format!("that is one of: {}", all.join(", ")));
    };
    let name = written.as_str().unwrap_or_default();
    let Some((_, beside)) = OPERATIONS.iter().find(|(operation, _)| *operation == name) else {
        let hint = closest(name, &all).map_or_else(|| format!("it knows {}", all.join(", ")), did_you_mean);
        return said(at.key("op"), &format!("{written} is no operation of a JSON patch (RFC 6902)"), hint);
    };
    for key in ["path"].into_iter().chain(*beside) {
        let Some(value) = operation.get(key) else {
            return said(at, &format!("`op: {name}` takes a `{key}`"), format!("write `{key}: …` beside it"));
        };
        if key != "value" && !value.as_str().is_some_and(is_pointer) {
            let hint = "it begins with `/`, as in `/spec/template/spec/containers/0/image`; a `/` in a key is `~1`, a `~` is `~0`";
            return said(at.key(key), &format!("`{key}` is {value}, which is no JSON pointer"), hint.to_owned());
        }
    }
    None
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// Whether a text is a JSON pointer (RFC 6901).
fn is_pointer(text: &str) -> bool {
    let is_escape = |rest: &str| rest.starts_with(['0', '1']);
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escape)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operation_is_told_by_its_number_and_place() {
        let list = json!([
            {"op": "add", "path": "/a", "value": null},
            {"op": "ad", "path": "/a", "value": 1},
            {"op": "put", "path": "/a"},
            {"op": 1},
            {"path": "/a"},
            "remove",
            {"op": "remove"},
            {"op": "replace", "path": "/a"},
            {"op": "move", "path": "/a", "from": "b"},
            {"op": "test", "path": "spec/a", "value": 1},
            {"op": "remove", "path": "/a~2"},
            {"op": "copy", "path": "/a~1b", "from": ""},
        ]);
        let found = mistakes(list.as_array().expect("a list"));
        let told: Vec<(String, &str)> = found.iter().map(|(at, what, _)| (at.dotted(), what.as_str())).collect();
        let at = |index: usize, key: &str| format!("[{index}]{key}");
        let expected = [
            (at(1, ".op"), "operation 1 of the patch: \"ad\" is no operation of a JSON patch (RFC 6902)"),
            (at(2, ".op"), "operation 2 of the patch: \"put\" is no operation of a JSON patch (RFC 6902)"),
            (at(3, ".op"), "operation 3 of the patch: 1 is no operation of a JSON patch (RFC 6902)"),
            (at(4, ""), "operation 4 of the patch: it has no `op`"),
            (at(5, ""), "operation 5 of the patch: it is no mapping"),
            (at(6, ""), "operation 6 of the patch: `op: remove` takes a `path`"),
            (at(7, ""), "operation 7 of the patch: `op: replace` takes a `value`"),
            (at(8, ".from"), "operation 8 of the patch: `from` is \"b\", which is no JSON pointer"),
            (at(9, ".path"), "operation 9 of the patch: `path` is \"spec/a\", which is no JSON pointer"),
            (at(10, ".path"), "operation 10 of the patch: `path` is \"/a~2\", which is no JSON pointer"),
        ];
        assert_eq!(told, expected);
        assert_eq!(found[0].2, "did you mean `add`?");
        assert!(found[1].2.contains("add, remove, replace, move, copy, test"), "{}", found[1].2);
    }

    /// What passes here is never refused in the words of a library.
    #[test]
    fn an_operation_without_a_mistake_is_read() {
        for operation in [
            json!({"op": "add", "path": "", "value": {}}),
            json!({"op": "remove", "path": "/a/0"}),
            json!({"op": "copy", "path": "/a/-", "from": "/~01"}),
            json!({"op": "test", "path": "/a", "value": null, "note": "of people"}),
        ] {
            assert!(mistakes(std::slice::from_ref(&operation)).is_empty(), "{operation}");
            serde_json::from_value::<json_patch::PatchOperation>(operation.clone())
                .unwrap_or_else(|error| panic!("{operation}: {error}"));
        }
    }
}
