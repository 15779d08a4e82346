//! Catalogs of beads, good and bad ones, each by the files of its folder of entities.

use std::collections::BTreeMap;

/// What Backstage makes of a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It takes all of it.
    Taken,
    /// It refuses something.
    Refused,
    /// It knows no such kind by itself; some image may.
    Foreign,
}

/// A catalog by paths below the folder of entities.
pub type Files = BTreeMap<&'static str, String>;

/// All catalogs.
pub fn corpus() -> Vec<(Verdict, Files)> {
    let mut all = Vec::new();
    let mut add = |verdict, texts: &[String]| {
        all.extend(texts.iter().map(|text| (verdict, Files::from([("catalog-info.yaml", text.clone())]))));
    };
    let metadata = |it: &&str| format!("{{{VERSION}, kind: System, metadata: {{{it}}}, spec: {{owner: a}}}}");
    let spec = |(kind, it): &(&str, &str)| {
        let version = if *kind == "Template" { "apiVersion: scaffolder.backstage.io/v1beta3" } else { VERSION };
        format!("{{{version}, kind: {kind}, metadata: {{name: x}}, spec: {it}}}")
    };
    let text = |it: &&str| (*it).to_owned();
    add(Verdict::Taken, &GOOD_METADATA.iter().map(metadata).collect::<Vec<_>>());
    add(Verdict::Refused, &BAD_METADATA.iter().map(metadata).collect::<Vec<_>>());
    add(Verdict::Taken, &GOOD_SPECS.iter().map(spec).collect::<Vec<_>>());
    add(Verdict::Refused, &BAD_SPECS.iter().map(spec).collect::<Vec<_>>());
    add(Verdict::Taken, &GOOD.iter().map(text).collect::<Vec<_>>());
    add(Verdict::Refused, &BAD.iter().map(text).collect::<Vec<_>>());
    add(Verdict::Foreign, &FOREIGN.iter().map(text).collect::<Vec<_>>());
    for (verdict, files) in FOLDERS {
        all.push((*verdict, files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect()));
    }
    all
}

const VERSION: &str = "apiVersion: backstage.io/v1alpha1";

const GOOD_METADATA: &[&str] = &[
    "name: x",
    "name: My_service.v2-x",
    "name: '12'",
    "name: x, namespace: a--b",
    "name: x, title: X, description: ''",
    "name: x, annotations: null",
    "name: x, annotations: {}",
    "name: x, annotations: {a.io/b: '1', c: ''}",
    "name: x, labels: {a.io/B_c: '', d: E_f.g}",
    "name: x, tags: [c++, 'java:17', a-b]",
    "name: x, links: [{url: 'mailto:a@b.c'}, {url: 'https://a.b/c', title: ' t ', icon: i, type: t}]",
    "name: x, anything: [1, 2]",
    "name: x, uid: u, etag: e",
    "name: x, 1: a",
    "name: yes, title: 2024-01-01, annotations: {a: 1_000, b: off, c: 08:30, d: 0b1}",
    "name: &n x, title: *n",
    "name: x, title: !other 12",
    "name: x, on: {<<: {a: b}}",
];

const BAD_METADATA: &[&str] = &[
    "title: x",
    "name: 12",
    "name: ''",
    "name: null",
    "name: true",
    "name: my service!",
    "name: x-",
    "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "name: {$text: ./catalog-info.yaml}",
    "name: x, namespace: My",
    "name: x, namespace: null",
    "name: x, namespace: a_b",
    "name: x, title: 3",
    "name: x, title: ''",
    "name: x, description: null",
    "name: x, description: 0755",
    "name: x, labels: null",
    "name: x, labels: [a]",
    "name: x, labels: {a: 1}",
    "name: x, labels: {a: true}",
    "name: x, labels: {a: b c}",
    "name: x, labels: {'b c': a}",
    "name: x, labels: {a/b/c: d}",
    "name: x, annotations: [a]",
    "name: x, annotations: text",
    "name: x, annotations: {a: 1}",
    "name: x, annotations: {a: {b: c}}",
    "name: x, annotations: {A.io/b: c}",
    "name: x, tags: A",
    "name: x, tags: [A]",
    "name: x, tags: [a--b]",
    "name: x, tags: [1]",
    "name: x, tags: null",
    "name: x, links: [{title: a}]",
    "name: x, links: [{url: example.org}]",
    "name: x, links: [{url: 'https://'}]",
    "name: x, links: [{url: 'https://a', title: ' '}]",
    "name: x, links: [a]",
    "name: x, uid: 1",
    "name: 0x1F",
    "name: 1e3",
    "name: 0o17",
    "name: ~",
    "name: TRUE",
    "name: x, title: .inf",
    "name: x, labels: {<<: {a: b}}",
    "name: x, labels: {<<: b}",
    "name: x, labels: {a: 0755}",
    "name: x, title: *n",
];

const GOOD_SPECS: &[(&str, &str)] = &[
    ("Component", "{type: a, lifecycle: b, owner: c}"),
    (
        "Component",
        "{type: a, lifecycle: b, owner: 'user:ns/c', system: d, providesApis: [e], dependsOn: ['resource:f']}",
    ),
    ("Component", "{type: a, lifecycle: b, owner: c, dependencyOf: 'component:d', subcomponentOf: e, more: 1}"),
    ("Component", "{type: a, lifecycle: b, owner: c, dependencyOf: [{kind: API, name: d}, 'component:e']}"),
    ("API", "{type: openapi, lifecycle: b, owner: c, definition: 'openapi: 3.0.0'}"),
    ("Resource", "{type: a, owner: b, dependsOn: ['component:c']}"),
    ("Domain", "{owner: a, subdomainOf: b}"),
    ("Group", "{type: team, children: [], profile: {displayName: A}, members: [b]}"),
    ("User", "{memberOf: []}"),
    ("User", "{memberOf: [a, 'group:ns/b'], profile: {email: a@b.c}}"),
    ("Location", "{}"),
    ("Location", "{target: ./missing.yaml, presence: optional}"),
    ("Template", "{type: a, steps: []}"),
    ("Template", "{type: a, steps: [{action: 'debug:log', if: '${{ a }}', input: {a: 1}, each: [1]}], parameters: []}"),
    ("Template", "{type: a, steps: [], parameters: {required: [a]}, output: {links: [{url: '${{ a }}'}], a: b}}"),
];

const BAD_SPECS: &[(&str, &str)] = &[
    ("Component", "{type: a, lifecycle: b}"),
    ("Component", "{type: a, owner: c}"),
    ("Component", "{type: 1, lifecycle: b, owner: c}"),
    ("Component", "{type: a, lifecycle: b, owner: ''}"),
    ("Component", "{type: a, lifecycle: b, owner: 'user:'}"),
    ("Component", "{type: a, lifecycle: b, owner: /c}"),
    ("Component", "{type: a, lifecycle: b, owner: c, dependsOn: [d]}"),
    ("Component", "{type: a, lifecycle: b, owner: c, dependsOn: 'component:d'}"),
    ("Component", "{type: a, lifecycle: b, owner: c, dependencyOf: [d]}"),
    ("Component", "{type: a, lifecycle: b, owner: c, dependencyOf: 5}"),
    ("Component", "{type: a, lifecycle: b, owner: c, providesApis: null}"),
    ("Component", "[]"),
    ("Component", "null"),
    ("API", "{type: openapi, lifecycle: b, owner: c}"),
    ("API", "{type: openapi, lifecycle: b, owner: c, definition: {a: b}}"),
    ("Resource", "{type: a}"),
    ("System", "{}"),
    ("System", "{owner: a, domain: [b]}"),
    ("Group", "{type: team}"),
    ("Group", "{type: team, children: [], profile: null}"),
    ("User", "{}"),
    ("User", "{memberOf: [1]}"),
    ("Location", "{target: ./missing.yaml}"),
    ("Location", "{targets: [./missing/*.yaml]}"),
    ("Location", "{targets: ./missing.yaml}"),
    ("Location", "{targets: [1]}"),
    ("Location", "{target: ''}"),
    ("Location", "{presence: maybe}"),
    ("Location", "{type: file, target: ./catalog-info.yaml}"),
    ("Location", "null"),
    ("Template", "{steps: []}"),
    ("Template", "{type: a}"),
    ("Template", "{type: a, steps: [{id: a}]}"),
    ("Template", "{type: a, steps: [{action: a, input: b}]}"),
    ("Template", "{type: a, steps: [{action: a, if: 1}]}"),
    ("Template", "{type: a, steps: {}}"),
    ("Template", "{type: a, steps: [], owner: 'group:'}"),
    ("Template", "{type: a, steps: [], parameters: text}"),
    ("Template", "{type: a, steps: [], parameters: [text]}"),
    ("Template", "{type: a, steps: [], output: {a: 1}}"),
    ("Template", "{type: a, steps: [], output: {links: [{url: ''}]}}"),
];

const GOOD: &[&str] = &[
    "",
    "# nothing\n---\n---\n",
    "{apiVersion: backstage.io/v1beta1, kind: System, metadata: {name: x}, spec: {owner: a}}",
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: x\n  title: on\nspec:\n  owner: no\n---\n",
];

const BAD: &[&str] = &[
    "kind: Component\nmetadata:\n  name: my service!\n  title: \"x\nspec: {type: service\n",
    "a text",
    "[a]",
    "{apiVersion: backstage.io/v1alpha1, metadata: {name: x}, spec: {owner: a}}",
    "{apiVersion: 1, kind: System, metadata: {name: x}, spec: {owner: a}}",
    "{kind: System, metadata: {name: x}, spec: {owner: a}}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, spec: {owner: a}}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: x, spec: {owner: a}}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}, spec: {owner: a}, extra: 1}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}, spec: {owner: a}, status: {}}",
    "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}, spec: {owner: a}, relations: []}",
    "{apiVersion: backstage.io/v2, kind: System, metadata: {name: x}, spec: {owner: a}}",
    "{apiVersion: backstage.io/v1alpha1, kind: system, metadata: {name: x}, spec: {owner: a}}",
    "{apiVersion: backstage.io/v1beta2, kind: Template, metadata: {name: x}, spec: {type: a, steps: []}}",
    "{apiVersion: a/b/c, kind: System, metadata: {name: x}, spec: {owner: a}}",
    "{apiVersion: a.io/v1, kind: my-kind, metadata: {name: x}}",
    "{apiVersion: a.io/v1, kind: Thing, metadata: {name: x}, spec: []}",
    "{apiVersion: a.io/v1, kind: Thing, metadata: {name: x}, extra: 1}",
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec: {owner: a}\nspec: {owner: b}\n",
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: x\n  labels: {a: b, a: c}\nspec: {owner: a}\n",
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec: {owner: a}\n---\nkind: System\n",
    "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: bead-b}\nspec: {}\n",
    "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: Bead-B, namespace: default}\nspec: {}\n",
];

const FOREIGN: &[&str] = &[
    "{apiVersion: a.io/v1, kind: Thing, metadata: {name: x}}",
    "{apiVersion: a.io/v1, kind: Component, metadata: {name: x}, spec: {any: 1}}",
    "{apiVersion: backstage.io/v1alpha1, kind: AiResource, metadata: {name: x}, spec: {type: a}}",
];

const API: &str = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: x}\nspec: {type: a, lifecycle: b, owner: c, definition: ";
const TO_A: &str =
    "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: l}, spec: {targets: [./t/a.yaml]}}";
const TO_ALL: &str =
    "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: l}, spec: {target: './t/*.yaml'}}";
const ON: &str = "{apiVersion: backstage.io/v1alpha1, kind: Location, metadata: {name: m}, spec: {target: ../b.yaml}}";
const SYSTEM: &str = "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: x}, spec: {owner: a}}";
const NUMBER: &str = "{apiVersion: backstage.io/v1alpha1, kind: System, metadata: {name: 1}, spec: {owner: a}}";

const FOLDERS: &[(Verdict, &[(&str, &str)])] = &[
    // What no Location names is nobody's.
    (Verdict::Taken, &[("catalog-info.yaml", SYSTEM), ("skeleton/catalog-info.yaml", "name: ${{ values.name }}\n\t")]),
    (Verdict::Taken, &[("catalog-info.yaml", TO_A), ("t/a.yaml", SYSTEM)]),
    (Verdict::Refused, &[("catalog-info.yaml", TO_A), ("t/a.yaml", NUMBER)]),
    (Verdict::Refused, &[("catalog-info.yaml", TO_A), ("t/b.yaml", SYSTEM)]),
    (Verdict::Taken, &[("catalog-info.yaml", TO_A), ("t/a.yaml", ON), ("b.yaml", SYSTEM)]),
    (Verdict::Refused, &[("catalog-info.yaml", TO_A), ("t/a.yaml", ON), ("b.yaml", NUMBER)]),
    (Verdict::Refused, &[("catalog-info.yaml", TO_A), ("t/a.yaml", ON)]),
    (
        Verdict::Taken,
        &[("catalog-info.yaml", TO_ALL), ("t/a.yaml", SYSTEM), ("t/.b.yaml", NUMBER), ("t/c/d.yaml", NUMBER)],
    ),
    (Verdict::Refused, &[("catalog-info.yaml", TO_ALL), ("t/a.yaml", SYSTEM), ("t/b.yaml", NUMBER)]),
    (Verdict::Refused, &[("catalog-info.yaml", TO_ALL), ("t/c/d.yaml", SYSTEM)]),
    // Contents of other files.
    (Verdict::Taken, &[("catalog-info.yaml", "{$text: ./a.json}}"), ("a.json", "{}")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$text: ./a.json}}"), ("a.json", "")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$text: ./a.json}}"), ("b.json", "{}")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$text: [a]}}"), ("a.json", "{}")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$json: ./a.json}}"), ("a.json", "{}")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$json: ./a.json}}"), ("a.json", "{")]),
    (Verdict::Taken, &[("catalog-info.yaml", "{$json: ./a.json}}"), ("a.json", "\"a\"")]),
    (Verdict::Taken, &[("catalog-info.yaml", "{$yaml: ./a.yaml}}"), ("a.yaml", "a")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$yaml: ./a.yaml}}"), ("a.yaml", "a\n---\nb")]),
    (Verdict::Refused, &[("catalog-info.yaml", "{$text: ./a, b: c}}"), ("a", "a")]),
];

/// The whole text of a file: those that begin with a placeholder are the end of an API.
pub fn whole(text: &str) -> String {
    if text.starts_with("{$") { format!("{API}{text}\n") } else { text.to_owned() }
}
