use serde_json::json;

use super::*;
use crate::files::Snapshot;
use crate::render::bead::ClaimKind;
use crate::words::argo::{HOOK, SYNC_OPTIONS};
use crate::words::crossplane::{EXTENSIONS_V1, EXTENSIONS_V2};

/// What a hub offers: a composite resource of two versions, a claim, and a kind in a package.
fn offer() -> Offer {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
        "size": {"type": "integer", "minimum": 1},
        "mode": {"type": "string", "enum": ["fast", "slow"]},
    }}}});
    let version = |name: &str| json!({"name": name, "served": true, "referenceable": true, "schema": {"openAPIV3Schema": schema}});
    let mut old = version("v1alpha1");
    old["deprecated"] = true.into();
    let mut gone = version("v0");
    gone["served"] = false.into();
    let shelf = json!({"apiVersion": EXTENSIONS_V2, "spec": {"group": "e.org", "scope": "Namespaced",
        "names": {"kind": "Shelf", "plural": "shelves"}, "versions": [gone, old, version("v1")]}});
    let book = json!({"apiVersion": EXTENSIONS_V1, "spec": {"group": "e.org",
        "names": {"kind": "XBook", "plural": "xbooks"}, "claimNames": {"kind": "Book", "plural": "books"},
        "versions": [version("v1")]}});
    let kind = |kind: &str, definition| {
        Offered::of(&ClaimKind {
            group: "e.org".to_owned(),
            kind: kind.to_owned(),
            bead: "library".to_owned(),
            definition,
        })
    };
    Offer {
        kinds: vec![kind("Shelf", Some(shelf)), kind("Book", Some(book)), kind("Packed", None)],
        namespaces: vec!["team-*".to_owned()],
        path: ".".to_owned(),
    }
}

const SHELF: &str = "apiVersion: e.org/v1\nkind: Shelf\nmetadata: {name: a, namespace: team-a}\nspec: {size: 1}\n";

const JSON: &str = r#"{"apiVersion": "e.org/v1", "kind": "Shelf"}"#;

fn files(all: &[(&str, &str)]) -> Snapshot {
    all.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).into()))).collect()
}

fn said(all: &[(&str, &str)]) -> Vec<String> {
    let read = Files::read(".", &files(all));
    let found = look(&read.orders, &offer(), &mut Marks::of(&[]));
    read.mistakes.iter().chain(&found.mistakes).chain(&found.warnings).map(ToString::to_string).collect()
}

#[test]
fn a_claim_that_is_right_is_right() {
    let claim = SHELF.replace("Shelf", "Book").replace("size: 1", "size: 1, compositeDeletePolicy: Foreground");
    let kept = format!("name: a, finalizers: [e.org/kept], annotations: {{{SYNC_OPTIONS}: Prune=false}},");
    let claim = claim.replace("name: a,", &kept);
    let shelf = SHELF.replace("size: 1", "size: 2, mode: fast, crossplane: {compositionRef: {name: x}}");
    assert_eq!(said(&[("a.yaml", &claim), ("b.yaml", &shelf)]), [""; 0]);
}

#[test]
fn every_mistake_has_its_place_and_one_remedy() {
    for (from, to, words) in [
        ("Shelf", "Shelv", "a.yaml:2:7: no bead of the hub offers Shelv of e.org (hint: did you mean `Shelf`?)"),
        (
            "Shelf",
            "XBook",
            "a.yaml:2:7: XBook is the composite resource behind the claim Book, and has no namespace (hint: write `kind: Book`)",
        ),
        (
            "e.org/v1",
            "f.org/v1",
            "a.yaml:2:7: no bead of the hub offers Shelf of f.org (hint: did you mean that of bead library, `apiVersion: e.org/v1alpha1`?)",
        ),
        ("e.org/v1", "e.org/v2", "a.yaml:1:13: v2 of Shelf.e.org is not served (hint: served: v1alpha1, v1)"),
        ("e.org/v1", "e.org/v0", "a.yaml:1:13: v0 of Shelf.e.org is not served (hint: served: v1alpha1, v1)"),
        ("e.org/v1", "e.org/v1alpha1", "a.yaml:1:13: v1alpha1 of Shelf.e.org is deprecated"),
        (
            ", namespace: team-a",
            "",
            "a.yaml:3:11: `metadata.namespace` is required: no other one is meant where there is none (hint: the hub takes claims in: team-*)",
        ),
        (
            "team-a",
            "argocd",
            "a.yaml:3:32: claims may not be in the namespace argocd (hint: the hub takes claims in: team-*)",
        ),
        (
            "team-a",
            "team_a",
            "a.yaml:3:32: `team_a` cannot be the name of a namespace (hint: lower-case letters, digits and `-`, at most 63, with a letter or digit at both ends)",
        ),
        (
            "name: a",
            "name: A",
            "a.yaml:3:18: `A` cannot be the name of an object (hint: lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part)",
        ),
        ("name: a", "name: 1", "a.yaml:3:18: `metadata.name` is a text (hint: put the value in quotes)"),
        ("name: a, ", "", "a.yaml:3:11: `metadata.name` is required"),
        (
            "name: a",
            "generateName: a-",
            "a.yaml:3:26: `metadata.generateName` makes another object at every sync, so Argo CD cannot sync it (hint: write `name`)",
        ),
        ("name: a", "name: a, uid: x", "a.yaml:3:21: `metadata.uid` is the cluster's to write (hint: leave it out)"),
        (
            "name: a",
            "name: a, lables: {}",
            "a.yaml:3:21: unknown field `metadata.lables`: the cluster would drop it without a word (hint: did you mean `labels`?)",
        ),
        (
            "name: a",
            "name: a, labels: {x: 1}",
            "a.yaml:3:33: `metadata.labels.x` is a text (hint: put the value in quotes)",
        ),
        (
            "name: a",
            "name: a, labels: {x: a b}",
            "a.yaml:3:33: `a b` cannot be the value of a label (hint: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends)",
        ),
        (
            "name: a",
            "name: a, labels: {-x: a}",
            "a.yaml:3:30: `-x` cannot be a key of labels (hint: it is `name` or `prefix/name`: a name of at most 63 letters, digits, `-`, `_` and `.`)",
        ),
        ("{size: 1}", "{size: 0}", "a.yaml:4:14: `spec.size` is 0, expected at least 1"),
        (
            "{size: 1}",
            "{sise: 1, size: 1}",
            "a.yaml:4:8: unknown field `spec.sise`: the cluster would drop it without a word (hint: did you mean `size`?)",
        ),
        ("{size: 1}", "{}", "a.yaml:4:7: `spec.size` is required"),
        ("spec: {size: 1}\n", "", "a.yaml:1:1: `spec` is required"),
        (
            "spec: {size: 1}",
            "spec: {size: 1}\nsize: 1",
            "a.yaml:5:1: unknown field `size`: the cluster would drop it without a word (hint: what is ordered stands below `spec`: `spec.size`?)",
        ),
        (
            "apiVersion: e.org/v1\n",
            "",
            "a.yaml:1:1: the object has no `apiVersion` (hint: if the file is not for the hub, put `# +argocd:skip-file-rendering` into it)",
        ),
    ] {
        let text = SHELF.replacen(from, to, 1);
        assert_ne!(text, SHELF, "{from}");
        assert_eq!(said(&[("a.yaml", &text)]), [words], "{text}");
    }
}

#[test]
fn what_would_end_a_claim_or_is_not_taken_is_no_metadata() {
    for (more, words) in [
        (
            "annotations: {helm.sh/hook-weight: '1'}",
            "a.yaml:3:35: `helm.sh/hook-weight` makes the claim a hook, which Argo CD deletes and makes anew at every sync (hint: leave it out)",
        ),
        (
            &format!("annotations: {{{HOOK}: Sync}}"),
            &format!(
                "a.yaml:3:35: `{HOOK}` makes the claim a hook, which Argo CD deletes and makes anew at every sync (hint: leave it out)"
            ),
        ),
        (
            &format!("annotations: {{{SYNC_OPTIONS}: 'Prune=false, Replace=true'}}"),
            "a.yaml:3:68: `Replace=true` lets Argo CD delete the claim and make it anew (hint: leave it out)",
        ),
        ("finalizers: x", "a.yaml:3:33: `metadata.finalizers` is no list"),
        (
            "finalizers: [e.org/kept, 1]",
            "a.yaml:3:46: this cannot be the name of a finalizer (hint: it is `name` or `prefix/name`: a name of at most 63 letters, digits, `-`, `_` and `.`)",
        ),
        (
            "ownerReferences: {a: b}",
            "a.yaml:3:21: `metadata.ownerReferences` is the cluster's to write (hint: leave it out)",
        ),
    ] {
        let text = SHELF.replacen("name: a", &format!("name: a, {more}"), 1);
        assert_eq!(said(&[("a.yaml", &text)]), [words], "{text}");
    }
}

#[test]
fn a_name_has_room_for_what_is_made_for_it() {
    let long = SHELF.replace("name: a,", &format!("name: {},", "a".repeat(64)));
    assert_eq!(said(&[("a.yaml", &long)]), ["a.yaml:3:18: `metadata.name` is 64 characters long, expected at most 63"]);
    assert_eq!(said(&[("a.yaml", &long.replacen("aa", "a", 1))]), [""; 0]);
}

#[test]
fn what_is_there_twice_is_told_with_both_places() {
    let other = SHELF.replace("size: 1", "size: 2").replace("e.org/v1", "e.org/v1alpha1");
    let told = said(&[("a.yaml", SHELF), ("b/c.yml", &format!("# x\n{other}"))]);
    let words = "b/c.yml:4:18: Shelf team-a/a is ordered twice: it is in a.yaml:3, too (hint: leave one of the two out, or rename it)";
    assert!(told.contains(&words.to_owned()), "{told:?}");
    assert_eq!(said(&[("a.yaml", SHELF), ("b.yaml", &SHELF.replace("team-a", "team-b"))]), [""; 0]);
}

#[test]
fn a_secret_is_told_and_not_shown() {
    let text = SHELF.replace("size: 1", "size: 1, password: planted-1");
    let read = Files::read(".", &files(&[("a.yaml", &text)]));
    let look_with = |marks: &[String]| {
        let found = look(&read.orders, &offer(), &mut Marks::of(marks));
        found.mistakes.iter().map(ToString::to_string).filter(|it| it.contains("secret")).collect::<Vec<_>>()
    };
    let told = look_with(&[]);
    assert!(
        told[0].starts_with("a.yaml:4:27: `spec.password` holds a secret") && !told[0].contains("planted"),
        "{told:?}"
    );
    assert!(told[0].contains("--not-secret a.yaml:spec.password"), "{told:?}");
    assert_eq!(look_with(&["a.yaml:spec.password".to_owned()]), [""; 0]);
}

#[test]
fn what_is_in_a_package_is_not_called_right() {
    let read = Files::read(".", &files(&[("a.yaml", &SHELF.replace("Shelf", "Packed"))]));
    let found = look(&read.orders, &offer(), &mut Marks::of(&[]));
    assert_eq!(
        Vec::from_iter(&found.unseen),
        ["the schema of Packed.e.org of bead library: no XRD of it is in the hub repository"]
    );
    assert!(found.mistakes.is_empty());
}

#[test]
fn files_are_read_as_argo_cd_reads_them() {
    let list =
        format!("apiVersion: v1\nkind: List\nmetadata: {{}}\nitems:\n- {}", SHELF.trim_end().replace('\n', "\n  "));
    let workflow = "on: push\njobs: {}\n";
    let found = Files::read(
        "claims",
        &files(&[
            ("a.yaml", &format!("{SHELF}---\n---\n{}", SHELF.replace("name: a", "name: b"))),
            ("b/list.yml", &list),
            (".github/workflows/x.yaml", SHELF),
            (".gitlab-ci.yml", workflow),
            ("values.yaml", "a: [\n"),
            ("kept/out.yaml", &format!("# +argocd:skip-file-rendering\n{SHELF}")),
            ("README.md", SHELF),
            ("object.json", "{}"),
        ]),
    );
    assert_eq!(found.mistakes, []);
    let names: Vec<String> =
        found.orders.iter().map(|it| format!("{} {}", it.source.name, it.text("/metadata/name"))).collect();
    assert_eq!(names, ["claims/a.yaml a", "claims/a.yaml b", "claims/b/list.yml a"]);
    assert_eq!(
        found.left_out,
        [
            ("claims/.gitlab-ci.yml".to_owned(), "no object to Argo CD"),
            ("claims/kept/out.yaml".to_owned(), "it says so itself"),
            ("claims/values.yaml".to_owned(), "no YAML, and no object to Argo CD"),
        ]
    );
}

#[test]
fn what_stops_argo_cd_is_a_mistake() {
    for (text, words) in [
        (format!("{SHELF}---\na: b\n"), "a.yaml:6:1: Argo CD takes this for an object, and it has no `kind`"),
        (SHELF.replace("kind: Shelf", "kind:"), "a.yaml:1:1: Argo CD takes this for an object, and it has no `kind`"),
        (format!("{SHELF}\tx"), "a.yaml:5:2: not valid YAML"),
        (SHELF.replace("spec:", "kind: Shelf\nspec:"), "a.yaml:4:1: not valid YAML"),
        (format!("{JSON}\n{JSON}\n"), "a.yaml:2:1: not valid YAML"),
        (JSON.replace('}', r#", "kind": "Shelf"}"#), "a.yaml:1:45: not valid YAML"),
        (format!("{JSON}\n---\na: [\n"), "a.yaml:3:4: not valid YAML"),
        ("'apiVersion': e.org/v1\n'kind': Shelf\n---\n---\na: [\n".to_owned(), "a.yaml:5:4: not valid YAML"),
    ] {
        let told = said(&[("a.yaml", &text)]);
        assert!(told.first().is_some_and(|it| it.starts_with(words)), "{text}: {told:?}");
    }
}

#[test]
fn what_is_in_utf_16_is_a_mistake() {
    for mark in [[0xff, 0xfe], [0xfe, 0xff]] {
        let files = Snapshot::from([("a.yaml".to_owned(), Some([&mark[..], b"\0a\0"].concat().into()))]);
        let told: Vec<String> = Files::read(".", &files).mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["a.yaml:1:1: the file is in UTF-16: Argo CD reads it (hint: save it in UTF-8)"]);
    }
}
