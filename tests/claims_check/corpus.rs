//! A hub repository with a bead that offers shelves and books, and what people write to order one: right, and wrong in every way.

use std::fs;
use std::path::Path;

use serde_json::{Value, from_str};
use tempfile::TempDir;

use crate::support::{Mixin, Run};

const HUB: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Hub
metadata: {name: library}
spec:
  argocd: {version: 3.6.1}
  claims:
    repository: {url: 'https://git.example.org/claims.git'}
    namespaces: [team-*]
";

const BEAD: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: library}
spec:
  version: 1.0.0
  application: {namespace: library, manifests: app}
  crossplane:
    definitions: apis
    apis:
    - {group: library.example.org, kind: Shelf, plural: shelves}
    - {group: library.example.org, kind: XBook, plural: xbooks, claimKind: Book}
";

/// A composite resource with a namespace, whose schema has whatever a schema can have.
pub const SHELF: &str = "\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: shelves.library.example.org}
spec:
  scope: Namespaced
  group: library.example.org
  names: {kind: Shelf, plural: shelves}
  versions:
  - name: v1alpha1
    served: true
    referenceable: false
    deprecated: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        description: A shelf.
        properties:
          spec:
            type: object
            required: [size]
            x-kubernetes-validations:
            - {rule: self.size <= 50 || has(self.owner), message: a large shelf needs an owner}
            properties:
              size: {type: integer, minimum: 1, maximum: 100}
              step: {type: number, multipleOf: 0.5, exclusiveMinimum: true, minimum: 0}
              mode: {type: string, enum: [fast, slow], default: slow}
              owner:
                type: string
                pattern: ^[a-z]+$
                minLength: 2
                maxLength: 10
                x-kubernetes-validations:
                - {rule: '!self.startsWith(\"x\")', messageExpression: '\"nobody is called \" + self'}
              note: {type: string, nullable: true}
              locked: {type: boolean}
              ports: {type: array, maxItems: 3, items: {x-kubernetes-int-or-string: true}}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              rows:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, width: {type: number}}
              labels: {type: object, additionalProperties: {type: string}, minProperties: 1}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {known: {type: string}}}
              since: {type: string, format: date-time}
              template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
              store:
                type: object
                properties: {disk: {type: string}, bucket: {type: string}}
                oneOf: [{required: [disk]}, {required: [bucket]}]
";

/// A composite resource of version 1, with a claim.
pub const BOOK: &str = "\
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xbooks.library.example.org}
spec:
  group: library.example.org
  names: {kind: XBook, plural: xbooks}
  claimNames: {kind: Book, plural: books}
  defaultCompositeDeletePolicy: Foreground
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {title: {type: string}, parameters: {type: object, required: [pages], properties: {pages: {type: integer}}}}
            required: [parameters]
";

/// What is said of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Right,
    /// This, at this line and column.
    Wrong(&'static str),
    /// The same, where Crossplane's command line is at hand.
    ByCrossplane(&'static str),
}

use Said::{ByCrossplane, Right, Wrong};

/// Specs of shelves, and what is said of each.
pub const SHELVES: &[(&str, Said)] = &[
    ("{size: 1}", Right),
    ("{size: 1.0, step: 1.5}", Right),
    ("{size: 50, mode: null, note: null}", Right),
    ("{size: 60, owner: ann}", Right),
    ("{size: 1, ports: [1, http], tags: [a, b], rows: [{name: a, width: 1}, {name: b, width: 1.5}]}", Right),
    (
        "{size: 1, labels: {a.b/c: d}, free: {known: a, x: {z: 1}}, template: {apiVersion: v1, kind: Pod, spec: {a: 1}}}",
        Right,
    ),
    ("{size: 1, store: {disk: a}, since: '2026-01-02T03:04:05Z', locked: yes}", Right),
    ("{size: 1, crossplane: {compositionSelector: {matchLabels: {a: b}}, compositionUpdatePolicy: Manual}}", Right),
    ("{}", Wrong("4:7: `spec.size` is required")),
    ("{size: null}", Wrong("4:14: `spec.size` is null, expected an integer")),
    ("{size: '1'}", Wrong("4:14: `spec.size` is a string, expected an integer")),
    ("{size: 1.5}", Wrong("4:14: `spec.size` is a number, expected an integer")),
    ("{size: 0}", Wrong("4:14: `spec.size` is 0, expected at least 1")),
    ("{size: 101, owner: ann}", Wrong("4:14: `spec.size` is 101, expected at most 100")),
    ("{size: 1, step: 0}", Wrong("4:23: `spec.step` is 0, expected more than 0")),
    ("{size: 1, step: 0.7}", Wrong("4:23: `spec.step` is 0.7, expected a multiple of 0.5")),
    ("{size: 1, mode: fats}", Wrong("4:23: `spec.mode` is `fats`, which is none of: fast, slow")),
    ("{size: 1, owner: Ann}", Wrong("4:24: `spec.owner` is `Ann`, which does not match ^[a-z]+$")),
    ("{size: 1, owner: a}", Wrong("4:24: `spec.owner` is 1 characters long, expected at least 2")),
    ("{size: 1, owner: abcdefghijk}", Wrong("4:24: `spec.owner` is 11 characters long, expected at most 10")),
    ("{size: 1, note: 1}", Wrong("4:23: `spec.note` is a number, expected a string")),
    ("{size: 1, locked: 'yes'}", Wrong("4:25: `spec.locked` is a string, expected a boolean")),
    ("{size: 1, ports: [1.5]}", Wrong("4:25: `spec.ports[0]` is a number, expected an integer or a string")),
    ("{size: 1, ports: [1, 2, 3, 4]}", Wrong("4:24: `spec.ports` is 4 items long, expected at most 3")),
    ("{size: 1, tags: [a, b, a]}", Wrong("4:30: `spec.tags[2]` is the same as item 0 of the list")),
    (
        "{size: 1, rows: [{name: a}, {name: a}]}",
        Wrong("4:35: `spec.rows[1]` is the same as item 0 of the list in name"),
    ),
    ("{size: 1, rows: [{width: 1}]}", Wrong("4:24: `spec.rows[0].name` is required")),
    ("{size: 1, rows: [null]}", Wrong("4:24: `spec.rows[0]` is null, expected a mapping")),
    ("{size: 1, labels: {}}", Wrong("4:25: `spec.labels` is 0 fields long, expected at least 1")),
    ("{size: 1, labels: {a: 1}}", Wrong("4:29: `spec.labels.a` is a number, expected a string")),
    ("{size: 1, free: {known: 1}}", Wrong("4:31: `spec.free.known` is a number, expected a string")),
    ("{size: 1, free: x}", Wrong("4:23: `spec.free` is a string, expected a mapping")),
    ("{size: 1, template: {kind: Pod}}", Wrong("4:27: `spec.template.apiVersion` is required")),
    ("{size: 1, store: {}}", Wrong("4:24: `spec.store` needs exactly one of: disk; bucket")),
    ("{size: 1, store: {disk: a, bucket: b}}", Wrong("4:24: `spec.store` needs exactly one of: disk; bucket")),
    ("{size: 1, seize: 2}", Wrong("4:17: unknown field `spec.seize`")),
    ("{size: 1, rows: [{name: a, with: 1}]}", Wrong("4:34: unknown field `spec.rows[0].with`")),
    ("{size: 1, compositionRef: {name: a}}", Wrong("4:17: unknown field `spec.compositionRef`")),
    ("{size: 1, crossplane: {compositionRef: {}}}", Wrong("4:46: `spec.crossplane.compositionRef.name` is required")),
    ("{size: 60}", ByCrossplane("4:7: `spec` breaks a rule of its definition: a large shelf needs an owner")),
    ("{size: 1, owner: xy}", ByCrossplane("4:24: `spec.owner` breaks a rule of its definition: nobody is called xy")),
    ("{size: 1, since: yesterday}", ByCrossplane("4:24: `spec.since` is not as its definition says: ")),
];

/// Specs of books, and what is said of each.
pub const BOOKS: &[(&str, Said)] = &[
    ("{parameters: {pages: 1}}", Right),
    ("{parameters: {pages: 1}, compositeDeletePolicy: Background, writeConnectionSecretToRef: {name: a}}", Right),
    ("{title: a}", Wrong("4:7: `spec.parameters` is required")),
    ("{parameters: {pages: many}}", Wrong("4:28: `spec.parameters.pages` is a string, expected an integer")),
    ("{parameters: {pages: 1}, compositeDeletePolicy: Never}", Wrong("4:55: `spec.compositeDeletePolicy` is `Never`")),
    ("{parameters: {pages: 1}, crossplane: {}}", Wrong("4:32: unknown field `spec.crossplane`")),
];

/// Metadata beside the name, and what is said of it.
pub const METADATA: &[(&str, Said)] = &[
    ("labels: {a.b/c: D-1_2.3, e: ''}, annotations: {a: 'b c'}", Right),
    ("labels: null", Right),
    ("labels: {a: b c}", Wrong("3:")),
    ("labels: {a b: c}", Wrong("3:")),
    ("labels: {a: 1}", Wrong("3:")),
    ("annotations: {a: true}", Wrong("3:")),
    ("lables: {a: b}", Wrong("3:")),
];

/// A claim as a file has it.
pub fn claim(kind: &str, name: &str, more: &str, spec: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!(
        "apiVersion: library.example.org/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: team-a{more}}}\nspec: {spec}\n"
    )
}

/// All of it: the name of the file, the claim, and what is said of it.
pub fn all() -> Vec<(String, String, Said)> {
    let of = |kind: &'static str, more: &'static [(&str, Said)]| {
        more.iter().enumerate().map(move |(at, (spec, said))| {
            let name = format!("{}-{at}", kind.to_lowercase());
            (format!("{name}.yaml"), claim(kind, &name, "", spec), *said)
        })
    };
    let metadata = METADATA.iter().enumerate().map(|(at, (more, said))| {
        let name = format!("metadata-{at}");
        (format!("{name}.yaml"), claim("Shelf", &name, more, "{size: 1}"), *said)
    });
    of("Shelf", SHELVES).chain(of("Book", BOOKS)).chain(metadata).collect()
}

/// A checkout of claims beside one of the hub repository.
pub struct Checkouts {
    pub root: TempDir,
}

impl Checkouts {
    pub fn new() -> Self {
        let checkouts = Self { root: tempfile::tempdir().expect("a folder") };
        checkouts.write("hub/hub.yaml", HUB);
        checkouts.write("hub/beads/library/bead.yaml", BEAD);
        checkouts.write("hub/beads/library/apis/shelves.yaml", SHELF);
        checkouts.write("hub/beads/library/apis/books.yaml", BOOK);
        checkouts.write("claims/README.md", "Order here.\n");
        checkouts
    }

    /// With all claims of the corpus.
    pub fn with_corpus() -> Self {
        let checkouts = Self::new();
        for (file, claim, _) in all() {
            checkouts.write(&format!("claims/{file}"), &claim);
        }
        checkouts
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(path, text).expect("written");
    }

    pub fn edit(&self, path: &str, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.root.path().join(path)).expect("a file");
        self.write(path, &edit(text));
    }

    /// The check of the claims against the hub repository.
    pub fn check(&self, more: &str, path: &Path) -> Run {
        let line = format!("claims check claims --hub hub {more}");
        Mixin::new(&line).folder(self.root.path()).env("PATH", path).run()
    }
}

/// What was found, by file: `line:column: message`.
pub fn findings(run: &Run) -> Vec<(String, String)> {
    let document: Value = from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr));
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
    let found = document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (text(it, "file"), format!("{}:{}: {}", it["line"], it["column"], text(it, "message"))));
    found.collect()
}

/// The claims of the corpus of which something else is said than should be.
pub fn otherwise(found: &[(String, String)], with_crossplane: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, claim, said) in all() {
        let of_file: Vec<&str> =
            found.iter().filter(|(name, _)| *name == file).map(|(_, said)| said.as_str()).collect();
        let is_said = match said {
            Wrong(words) => of_file.len() == 1 && of_file[0].starts_with(words),
            ByCrossplane(words) if with_crossplane => of_file.len() == 1 && of_file[0].starts_with(words),
            Right | ByCrossplane(_) => of_file.is_empty(),
        };
        if !is_said {
            wrong.push(format!("{said:?}, and not {of_file:?}:\n{claim}"));
        }
    }
    wrong
}
