//! `JSONPath` as `kubectl get -o jsonpath` takes it (client-go, `util/jsonpath`), one path at a time.
//!
//! It is no RFC 9535: a path stands in braces, a backslash takes a dot into a name, `$` and `@` both are what is being looked
//! at, a filter compares two things and knows no `&&`. What client-go refuses is refused here, with why. Three things
//! are better than there, and `tests/readers` knows no others: what is in an object comes in the order of its names, which client-go
//! leaves to chance; `['a.b']` is the key `a.b` where `a` and then `b` are not there, as whoever writes it means; and an index
//! beyond a list within a filter is an error, which client-go takes for a match.

mod find;
mod parse;

use serde_json::Value;

/// Every value at the path; why there is no telling.
pub fn select<'v>(value: &'v Value, path: &str) -> Result<Vec<&'v Value>, String> {
    find::all(&parse::path(path)?, vec![value])
}

/// Why the path cannot be understood.
pub(super) fn mistake(path: &str) -> Option<String> {
    parse::path(path).err()
}

/// A path, as the segments that lead from a value to those that it is of.
type Path = Vec<Segment>;

#[derive(Debug, Clone, PartialEq)]
enum Segment {
    /// `.name`.
    Name(String),
    /// `['a.b']`: the path that it is to kubectl, and the key that was meant.
    Key(Path, String),
    /// `.*`: all that an object or a list holds.
    Children,
    /// `..`: the value and all below it that hold something.
    Descendants,
    /// `[1]`, `[-1]`, `[0:2]`, `[::2]`, `[*]`.
    Slice(Slice),
    /// `[0,2]`, `['a','b']`.
    Union(Vec<Path>),
    /// `[?(@.a == "b")]`.
    Filter(Filter),
}

/// Items of a list. A negative number counts from the end.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Slice {
    start: i64,
    end: End,
    step: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// One item is asked for.
    Next,
    /// `[1:]`.
    Last,
    At(i64),
}

#[derive(Debug, Clone, PartialEq)]
enum Filter {
    /// Whether there is anything.
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Path(Path),
    /// A text, a number or a truth value.
    Constant(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What the real client-go makes of many more is in `tests/readers`.
    #[test]
    fn kubectls_forms_are_understood() {
        let object = json!({
            "data": {"tls.crt": "A", "ca-key": "B"},
            "metadata": {"annotations": {"example.org/x": "C"}, "labels": {"it's": "D"}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False"}]},
            "items": [{"n": 1, "list": [{"c": "d"}]}, {"n": 2, "list": []}],
            "b": {"z": 1, "a": 2, "m": 3},
        });
        for (path, found) in [
            ("{.data['tls.crt']}", json!(["A"])),
            ("{.data['tls\\.crt']}", json!(["A"])),
            ("{.data.tls\\.crt}", json!(["A"])),
            (".data.ca-key", json!(["B"])),
            ("$.data.ca-key", json!(["B"])),
            ("{.metadata.annotations.example\\.org/x}", json!(["C"])),
            ("{.metadata.labels.it's}", json!(["D"])),
            ("{.status.conditions[?(@.type==\"Ready\")].status}", json!(["True"])),
            ("{.status.conditions[?(@.type=='Synced')].status}", json!(["False"])),
            ("{.items[*].n}", json!([1, 2])),
            ("{.items[-1].n}", json!([2])),
            ("{.items[0:1].n}", json!([1])),
            ("{.items[?(@.list[*].c==\"d\")].n}", json!([1])),
            ("{..n}", json!([1, 2])),
            ("{.items.*.n}", json!([1, 2])),
            ("{.b.*}", json!([2, 3, 1])),
            ("{.status.nothing}", json!([])),
        ] {
            assert_eq!(json!(select(&object, path).expect(path)), found, "{path}");
        }
        assert_eq!(select(&object, "{}").expect("the object itself").len(), 1);
    }

    #[test]
    fn what_is_no_path_is_told_with_the_reason() {
        for (path, why) in [
            ("data", "begins with a dot"),
            ("{.a", "`}` is missing"),
            ("{.a[}", "`]` is missing"),
            ("{.a[?(]}", "`)` is missing"),
            ("{....a}", "`..` twice"),
            ("{.a.}", "no name behind"),
            ("{.items[x]}", "`x` is no index"),
            ("{.items[\"x\"]}", "single quotes"),
            ("{.items[?(@.a==b)]}", "in quotes"),
            ("{.items[?(@.a==\"b\" && @.c)]}", "one comparison"),
            ("{.items[?(@.a=~\"b\")]}", "knows no `=`"),
            ("{range .items[*]}{.a}{end}", "one path"),
            ("{.a}{.b}", "one path"),
            ("{.a} of {.b}", "one path"),
        ] {
            let told = mistake(path).unwrap_or_default();
            assert!(told.contains(why), "{path}: {told}");
        }
    }
}
