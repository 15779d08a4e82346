//! What kubectl finds along a `JSONPath`, we find, or refuse with the reason.

use backstack::schema::select;
use backstack_testbed::readers::{Answer, Question, ask};
use serde_json::{Value, json};

fn object() -> Value {
    json!({
        "metadata": {
            "name": "web",
            "labels": {"app.kubernetes.io/name": "N", "team": "a b", "it's": "quoted", "x=y": "sum"},
            "annotations": {"a.b": "dotted", "a": {"b": "nested"}},
        },
        "data": {"tls.crt": "A", "ca-key": "B", "under_score": "C", "é": "accent", "0": "digit", "a/b": "slash", "": "none"},
        "spec": {
            "replicas": 3, "ratio": 0.5, "paused": false, "nothing": null, "empty": [], "none": {}, "negative": -2,
            "ports": [
                {"name": "http", "port": 80, "target-port": "http", "labels": {"app.kubernetes.io/name": "N"}},
                {"name": "https", "port": 443, "target-port": "https", "secure": true, "weight": 1.5},
                {"name": "metrics", "port": 9090, "list": [{"c": "d"}]},
            ],
            "matrix": [[1, 2, 3], [4, 5], []],
            "texts": ["a", "b", "c", "d"],
            "numbers": [1, 2, 3, 10],
        },
        "status": {"conditions": [
            {"type": "Ready", "status": "True", "reason": "it \"is\" (so)"},
            {"type": "Synced", "status": "False", "reason": "a=b"},
        ]},
        "items": [{"n": 1, "list": [{"c": "d"}]}, {"n": 2, "list": [{"c": "e"}]}, {"n": 3}],
        "mixed": [{"v": 1}, {"v": "one"}],
    })
}

const PATHS: &[&str] = &[
    // Names
    "{.metadata.name}",
    ".metadata.name",
    "$.metadata.name",
    "{$.metadata.name}",
    "{@.metadata.name}",
    "{ .metadata.name }",
    "{.metadata .name}",
    "{$$.metadata.name}",
    "{}",
    "{@}",
    "{$}",
    "{.spec.nothing}",
    "{.spec.nothing.more}",
    "{.spec.none}",
    "{.absent}",
    "{.absent.more[0].still}",
    "{.metadata.name.more}",
    "{.data.ca-key}",
    "{.data.under_score}",
    "{.data.é}",
    "{.data.0}",
    "{.data.a/b}",
    "{.data.tls\\.crt}",
    "{.metadata.labels.app\\.kubernetes\\.io/name}",
    "{.metadata.labels.it's}",
    "{.metadata.labels.x=y}",
    "{.metadata.labels.te\\am}",
    "{.metadata}",
    "{.spec.paused}",
    "{.spec.ratio}",
    "{.spec.replicas}",
    // Keys in brackets
    "{.data['tls\\.crt']}",
    "{['data']['tls\\.crt']}",
    "{.metadata.labels['app\\.kubernetes\\.io/name']}",
    "{.metadata['labels'].team}",
    "{.metadata['labels.team']}",
    "{.metadata.annotations['a.b']}",
    "{.data['a/b']}",
    "{.spec['*']}",
    "{.metadata['name','labels']}",
    "{.metadata['name', 'absent']}",
    "{.data.['ca-key']}",
    "{.data['']}",
    "{.data[\"ca-key\"]}",
    "{.data['a b']}",
    "{.data['a\\ b']}",
    "{.data['a]b']}",
    "{.metadata.labels['it\\'s']}",
    "{.data[ca-key]}",
    "{.data['ca-key'}",
    // Indexes and ranges
    "{.spec.texts[0]}",
    "{.spec.texts[3]}",
    "{.spec.texts[4]}",
    "{.spec.texts[-1]}",
    "{.spec.texts[-4]}",
    "{.spec.texts[-5]}",
    "{.spec.texts[*]}",
    "{.spec.texts[:]}",
    "{.spec.texts[1:]}",
    "{.spec.texts[:2]}",
    "{.spec.texts[1:3]}",
    "{.spec.texts[-2:]}",
    "{.spec.texts[:-1]}",
    "{.spec.texts[-3:-1]}",
    "{.spec.texts[2:1]}",
    "{.spec.texts[0:9]}",
    "{.spec.texts[4:]}",
    "{.spec.texts[9:]}",
    "{.spec.texts[::2]}",
    "{.spec.texts[1::2]}",
    "{.spec.texts[0:3:2]}",
    "{.spec.texts[::0]}",
    "{.spec.texts[::-1]}",
    "{.spec.texts[0,2]}",
    "{.spec.texts[0, -1]}",
    "{.spec.texts[0:2,3]}",
    "{.spec.texts[]}",
    "{.spec.texts[-]}",
    "{.spec.texts[x]}",
    "{.spec.texts[+1]}",
    "{.spec.texts[0:1:1:1]}",
    "{.spec.texts[1.5]}",
    "{.spec.texts[99999999999999999999]}",
    "{.spec.empty[*]}",
    "{.spec.empty[0]}",
    "{.spec.empty[-1]}",
    "{.spec.none[0]}",
    "{.metadata.name[0]}",
    "{.metadata[0]}",
    "{.spec.nothing[0]}",
    "{.spec.matrix[*]}",
    "{.spec.matrix[*][0]}",
    "{.spec.matrix[0:2][0]}",
    "{.spec.matrix[*][*]}",
    "{.spec.matrix[-1:][*]}",
    "{.spec.matrix[0:2][2:]}",
    "{.items[*].n}",
    "{.items[*].list[*].c}",
    "{.items[*].list[0].c}",
    "{.spec.texts.[0]}",
    "{[0]}",
    // All, and all below
    "{.spec.ports.*.name}",
    "{.spec.ports[*].port}",
    "{.metadata.*}",
    "{.spec.*}",
    "{.*.name}",
    "{.*}",
    "{..name}",
    "{..c}",
    "{...c}",
    "{..}",
    "{..['c']}",
    "{..*}",
    "{..[0]}",
    "{.spec..port}",
    "{....c}",
    "{..list[*].c}",
    "{.metadata.name.*}",
    "{.spec.replicas.*}",
    "{.spec.nothing.*}",
    "{.spec.none.*}",
    // Filters
    "{.status.conditions[?(@.type==\"Ready\")].status}",
    "{.status.conditions[?(@.type=='Ready')].status}",
    "{.status.conditions[?(@.type == \"Ready\")].status}",
    "{.status.conditions[?( @.type == \"Ready\" )].status}",
    "{.status.conditions[?(.type==\"Ready\")].status}",
    "{.status.conditions[?($.type==\"Ready\")].status}",
    "{.status.conditions[?(@.type!=\"Ready\")].type}",
    "{.status.conditions[?(\"Ready\"==@.type)].type}",
    "{.status.conditions[?(@.type==@.status)].type}",
    "{.status.conditions[?(@.reason==\"a=b\")].type}",
    "{.status.conditions[?(@.reason==\"it \\\"is\\\" (so)\")].type}",
    "{.status.conditions[?(@.reason=='it \"is\" (so)')].type}",
    "{.status.conditions[?(@.type==\"R\\u0065ady\")].type}",
    "{.status.conditions[?(@.type==\"\")].type}",
    "{.status.conditions[?(@.type<\"S\")].type}",
    "{.spec.ports[?(@.target-port==\"http\")].port}",
    "{.spec.ports[?(@.labels.app\\.kubernetes\\.io/name==\"N\")].port}",
    "{.spec.ports[?(@.labels['app\\.kubernetes\\.io/name']==\"N\")].port}",
    "{.spec.ports[?(@.list[*].c==\"d\")].port}",
    "{.spec.ports[?(@['name']==\"http\")].port}",
    "{.spec.ports[?(@.port==80)].name}",
    "{.spec.ports[?(@.port>=443)].name}",
    "{.spec.ports[?(@.port>443)].name}",
    "{.spec.ports[?(@.port<=443)].name}",
    "{.spec.ports[?(@.port<443)].name}",
    "{.spec.ports[?(@.port!=80)].name}",
    "{.spec.ports[?(@.port==80.0)].name}",
    "{.spec.ports[?(@.port==\"80\")].name}",
    "{.spec.ports[?(@.weight==1.5)].name}",
    "{.spec.ports[?(@.weight>1)].name}",
    "{.spec.ports[?(@.weight>1.0)].name}",
    "{.spec.ports[?(@.port>-1)].name}",
    "{.spec.ports[?(@.port>+1)].name}",
    "{.spec.ports[?(@.secure==true)].name}",
    "{.spec.ports[?(@.secure)].name}",
    "{.spec.ports[?(@.secure!=false)].name}",
    "{.spec.ports[?(@.secure<true)].name}",
    "{.spec.ports[?(@.secure==null)].name}",
    "{.spec.ports[?(@.name==http)].port}",
    "{.spec.ports[?(@.labels)].name}",
    "{.spec.ports[?(@.list[0])].name}",
    "{.spec.ports[?(@.list[5])].name}",
    "{.spec.ports[?(@.labels==\"N\")].name}",
    "{.spec.ports[?(@.name==\"http\" && @.port==80)].port}",
    "{.spec.ports[?(@.name==\"http\" || @.port==443)].port}",
    "{.spec.ports[?(@.name=~\"h.*\")].port}",
    "{.spec.ports[?(@.name=\"http\")].port}",
    "{.spec.ports[?(!@.secure)].name}",
    "{.spec.ports[?(@.name===\"http\")].name}",
    "{.spec.ports[?(@.name==)].port}",
    "{.spec.ports[?(==\"http\")].port}",
    "{.spec.ports[?()].port}",
    "{.spec.ports[?(@.list[?(@.c==\"d\")])].port}",
    "{.spec.ports[?(@.name==\"http\"].port}",
    "{.spec.ports[?(@.name==\"http)].port}",
    "{.spec.ports[?@.name==\"http\"].port}",
    "{.spec.ports[?(@.name==\"http\")][0].port}",
    "{.spec.ports[?(@.name==\"http\")]['port']}",
    "{.spec.ports[*][?(@.c==\"d\")]}",
    "{.spec.texts[?(@==\"b\")]}",
    "{.spec.texts[?(@>\"b\")]}",
    "{.spec.numbers[?(@>2)]}",
    "{.spec.numbers[?(@==10)]}",
    "{.spec.matrix[?(@[0]==4)]}",
    "{.spec[?(@.replicas==3)]}",
    "{.spec.nothing[?(@.a)]}",
    "{.absent[?(@.a==\"b\")]}",
    "{.spec.empty[?(@.a==\"b\")]}",
    "{.mixed[?(@.v==\"one\")]}",
    "{.mixed[?(@.v==1)]}",
    "{.items[?(@.list[*].c==\"e\")].n}",
    "{.items[?(@.list)].n}",
    "{..conditions[?(@.type==\"Ready\")].status}",
    "{.items[?(@.n>1)].n}",
    "{.items[?(true)].n}",
    "{.spec.matrix[?(@[*]==1)]}",
    "{.items[?(@.n==1.2.3)].n}",
    "{.items[?(@.n==1 )].n}",
    "{.items[?(@..c==\"d\")].n}",
    // What is no path
    "{.a",
    "{.a[}",
    "{.a.}",
    "{.}",
    "{.metadata.name\n}",
    "{.metadata\t.name}",
    "{.metadata.name,.data}",
    "{.metadata(.name)}",
    "{.metadata?.name}",
    "{.spec.ports.length()}",
    "{range .items[*]}{.n}{end}",
    "{.metadata.name}{.data}",
    "{.metadata.name} of {.kind}",
    "name: {.metadata.name}",
    "{\"text\"}",
    "{.metadata.name \"text\"}",
    "{5}",
    "{.spec 5}",
    "{name}",
    "{{.metadata.name}}",
];

/// What we refuse though kubectl takes it: it finds nothing, or something that nobody means.
const REFUSED: &[(&str, &str)] = &[
    ("{.a.}", "no name behind"),
    ("{.}", "no name behind"),
    ("{.data['']}", "no name behind"),
    ("{.data.['ca-key']}", "no name behind"),
    ("{.spec.texts.[0]}", "no name behind"),
    ("{.spec.texts[]}", "is no index"),
    ("{.metadata.name.*}", "a text, which has no parts"),
    ("{.spec.ports[?()].port}", "compares something"),
    ("{.spec.ports[?(@.list[5])].name}", "beyond a list"),
    ("{.status.conditions[?(@.type==\"R\\u0065ady\")].type}", "backslash"),
    ("{range .items[*]}{.n}{end}", "one path"),
    ("{.metadata.name}{.data}", "one path"),
    ("{.metadata.name} of {.kind}", "one path"),
    ("name: {.metadata.name}", "one path"),
    ("{\"text\"}", "one path"),
    ("{.metadata.name \"text\"}", "one path"),
    ("{5}", "stands where"),
    ("{.spec 5}", "stands where"),
];

/// What we find where kubectl finds nothing.
const FOUND: &[(&str, &str)] = &[("{.data['tls.crt']}", "A")];

/// Whether client-go goes through an object, whose entries it takes in any order.
fn is_left_to_chance(path: &str) -> bool {
    path.contains(".*") || path.contains("..") || path.contains("'*'")
}

fn sorted(values: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = values.iter().map(Value::to_string).collect();
    all.sort();
    all
}

fn disagreement(object: &Value, path: &str, theirs: &Answer) -> Option<String> {
    let ours = select(object, path).map(|found| found.into_iter().cloned().collect::<Vec<_>>());
    let is_right = match (&ours, theirs.values.as_ref().filter(|_| theirs.error.is_empty())) {
        (Ok(ours), Some(theirs)) if is_left_to_chance(path) => sorted(ours) == sorted(theirs),
        (Ok(ours), Some(theirs)) => ours == theirs,
        (Err(why), Some(_)) => REFUSED.iter().any(|(refused, words)| *refused == path && why.contains(words)),
        (Err(why), None) => !why.is_empty(),
        (Ok(_), None) => false,
    };
    (!is_right).then(|| format!("{path}\n  we:   {ours:?}\n  they: {theirs:?}"))
}

fn question(path: &str, object: &Value) -> Question {
    let path = if path.starts_with('{') || path.contains(' ') { path.to_owned() } else { format!("{{{path}}}") };
    Question { reader: "jsonpath", text: path, of: object.clone() }
}

#[test]
#[ignore = "needs the testbed"]
fn a_path_leads_where_kubectl_goes_by_it() {
    let object = object();
    assert!(PATHS.len() > 60, "{}", PATHS.len());
    let asked = || PATHS.iter().copied().chain(FOUND.iter().map(|(path, _)| *path));
    let answers = ask(&asked().map(|path| question(path, &object)).collect::<Vec<_>>()).expect("the readers answer");
    let (same, better) = answers.split_at(PATHS.len());
    let wrong: Vec<String> =
        PATHS.iter().zip(same).filter_map(|(path, theirs)| disagreement(&object, path, theirs)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), PATHS.len(), wrong.join("\n"));
    for ((path, value), theirs) in FOUND.iter().zip(better) {
        assert_eq!(theirs.values.as_deref(), Some(&[][..]), "{path}: kubectl finds something there now");
        assert_eq!(select(&object, path), Ok(vec![&json!(value)]), "{path}");
    }
}
