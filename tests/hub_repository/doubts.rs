//! What a bead's Crossplane content does that its author may not mean: told as warnings, at their places.

use backstack::files::Tree;
use serde_json::{Value, json};

use super::bead::rendered;

const BEAD: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: gke}
spec:
  version: 0.1.0
  application: {namespace: gke, manifests: app}
  crossplane: {definitions: apis, apis: [{group: e.org, kind: Thing, plural: things}]}
  permissions:
    clusterResources:
    - {group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: things.e.org}
    - {group: apiextensions.crossplane.io, kind: Composition, name: things.e.org}
";
const DEFINITION: &str = "\
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: things.e.org}
spec:
  scope: Namespaced
  group: e.org
  names: {kind: Thing, plural: things}
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
            properties:
              size: {type: integer}
              ratio: {type: number}
              name: {type: string}
              enabled: {type: boolean}
              level: {type: string, enum: [low, high]}
              any: {x-kubernetes-preserve-unknown-fields: true}
";
const COMPOSITION: &str = "\
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: things.e.org}
spec:
  compositeTypeRef: {apiVersion: e.org/v1, kind: Thing}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: function-patch-and-transform}
    input:
      apiVersion: pt.fn.crossplane.io/v1beta1
      kind: Resources
      patchSets:
      - {name: common, patches: [SET]}
      resources:
      - name: one
        base: {apiVersion: v1, kind: ConfigMap, data: {list: [{a: 1}, {b: 2}, {b: 3, c: 4}], all: [{b: 1}]}}
        patches:
        - {type: PatchSet, patchSetName: common}
        PATCH
";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn warnings_of(definition: &str, composition: &str) -> Vec<String> {
    let mut files = Tree::default();
    for (path, text) in [("apis/a.yaml", definition), ("apis/b.yaml", composition), ("app/a.yaml", MAP)] {
        files.insert(path, text).expect("free");
    }
    let bead = rendered(BEAD, files, &json!({})).unwrap_or_else(|failure| panic!("{}", failure.render()));
    bead.warnings.iter().map(ToString::to_string).collect()
}

/// The warnings of a patch of a resource.
fn of(patch: &str) -> Vec<String> {
    warnings_of(DEFINITION, &COMPOSITION.replace("SET", "").replace("PATCH", &format!("- {{{patch}}}")))
}

/// The warnings of a field with transforms behind it.
fn of_field(field: &str, transforms: &Value) -> Vec<String> {
    of(&format!("fromFieldPath: spec.{field}, toFieldPath: data.x, transforms: {transforms}"))
}

fn format(text: &str) -> Value {
    json!([{"type": "string", "string": {"type": "Format", "fmt": text}}])
}

#[track_caller]
fn one(warnings: &[String], place: &str, said: &str) {
    assert!(warnings.len() == 1 && warnings[0].starts_with(place) && warnings[0].contains(said), "{warnings:#?}");
}

#[test]
fn a_verb_that_prints_an_error_text_is_told() {
    for (field, text) in
        [("size", "%d"), ("ratio", "a-%d"), ("any", "%03d"), ("missing", "%d"), ("size", "%s"), ("enabled", "%s")]
    {
        one(&of_field(field, &format(text)), "apis/b.yaml:20:", "prints an error text");
    }
    for (field, text) in
        [("size", "%v"), ("size", "%.0f"), ("name", "%s"), ("any", "%s"), ("enabled", "%t"), ("missing", "%s")]
    {
        assert_eq!(of_field(field, &format(text)), [""; 0], "{text}");
    }
    let converted = |kind: &str, text: &str| {
        let mut transforms = vec![json!({"type": "convert", "convert": {"toType": kind}})];
        transforms.extend(format(text).as_array().expect("a list").clone());
        of_field("size", &transforms.into())
    };
    assert_eq!((converted("int64", "%d").len(), converted("string", "%s").len()), (0, 0));
    one(&converted("string", "%d"), "apis/b.yaml:20:", "`%d` of a string");
    let combined = |text: &str, second: &str| {
        of(&format!(
            "type: CombineFromComposite, toFieldPath: data.x, combine: {{strategy: string, string: {{fmt: '{text}'}}, \
             variables: [{{fromFieldPath: spec.name}}, {{fromFieldPath: spec.{second}}}]}}"
        ))
    };
    assert_eq!(combined("%s-%s", "level"), [""; 0]);
    one(&combined("%s-%d", "size"), "apis/b.yaml:20:", "float64");
    one(&combined("%s", "level"), "apis/b.yaml:20:", "1 verbs for 2 values");
    // Of a composed resource no schema is known.
    let back = |text: &str| {
        of(&format!(
            "type: ToCompositeFieldPath, fromFieldPath: spec.size, toFieldPath: status.x, transforms: {}",
            format(text)
        ))
    };
    assert_eq!((back("%s").len(), back("%d").len()), (0, 1));
    let set = COMPOSITION
        .replace("PATCH", "")
        .replace("SET", &format!("{{fromFieldPath: spec.size, toFieldPath: data.x, transforms: {}}}", format("%d")));
    one(&warnings_of(DEFINITION, &set), "apis/b.yaml:14:", "float64");
}

#[test]
fn a_match_that_may_be_null_is_told() {
    let matching = |field: &str, more: Value| {
        let mut with = json!({"patterns": [{"type": "literal", "literal": "low", "result": "1"}]});
        with.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        of_field(field, &json!([{"type": "match", "match": with}]))
    };
    one(&matching("name", json!({})), "apis/b.yaml:20:", "a value that no pattern matches becomes null");
    one(&matching("level", json!({})), "apis/b.yaml:20:", "becomes null");
    assert_eq!(matching("name", json!({"fallbackValue": "2"})), [""; 0]);
    assert_eq!(matching("name", json!({"fallbackTo": "Input"})), [""; 0]);
    let both = json!([{"type": "literal", "literal": "low"}, {"type": "regexp", "regexp": "^h.*"}]);
    assert_eq!(matching("level", json!({"patterns": both})), [""; 0], "all values of the schema");
    assert_eq!(matching("name", json!({"patterns": [{"type": "regexp", "regexp": ".*"}]})), [""; 0]);
}

#[test]
fn a_wildcard_that_reaches_less_than_it_says_is_told() {
    let to = |path: &str| of(&format!("fromFieldPath: spec.name, toFieldPath: '{path}'"));
    one(&to("data.list[*].b"), "apis/b.yaml:20:", "reaches 2 of 3 elements in the base of one");
    one(&to("data.list[*].d"), "apis/b.yaml:20:", "reaches nothing in the base of one, and the patch fails");
    one(&to("data.none[*].b"), "apis/b.yaml:20:", "reaches nothing");
    assert_eq!((to("data.all[*].b").len(), to("data.list[*]").len(), to("data.list[0].d").len()), (0, 0, 0));
    let combined = "type: CombineFromComposite, toFieldPath: 'data.list[*].b', combine: {strategy: string, \
                    string: {fmt: '%s'}, variables: [{fromFieldPath: spec.name}]}";
    one(&of(combined), "apis/b.yaml:20:", "takes no `[*]`");
    let after = "fromFieldPath: spec.any, toFieldPath: data.list}\n        - {fromFieldPath: spec.name, toFieldPath: 'data.list[*].b'";
    assert_eq!(of(after), [""; 0], "what a patch has written is not known");
}

#[test]
fn a_definition_of_v2_says_its_scope() {
    let composition = COMPOSITION.replace("SET", "").replace("PATCH", "");
    assert_eq!(warnings_of(DEFINITION, &composition), [""; 0]);
    let unsaid = DEFINITION.replace("  scope: Namespaced\n", "");
    one(&warnings_of(&unsaid, &composition), "apis/a.yaml:5:", "says no `scope`");
    assert_eq!(warnings_of(&unsaid.replace(".io/v2", ".io/v1"), &composition), [""; 0], "LegacyCluster everywhere");
}
