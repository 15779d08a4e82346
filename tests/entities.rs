//! What Backstage makes of the catalog of a bead: said by `bead check` as the real catalog says it.

mod corpus;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use backstack_testbed::build::backstage::Backend;
use backstack_testbed::paths::Cache;
use corpus::{Files, Verdict, corpus, whole};
use serde_json::{Value, json};

use crate::support::{Mixin, Run, data};

const DOCUMENT: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: b}
spec:
  version: 0.1.0
  application: {namespace: b, manifests: app}
  backstage: {entities: catalog}
";
const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
/// The entry of a bead, as a hub has it.
const ENTRY: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: bead-b}
spec: {type: url, targets: [./b/catalog-info.yaml]}
";

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// `bead check` of a bead with this catalog.
fn check(files: &Files) -> Run {
    check_with(DOCUMENT, files)
}

fn check_with(document: &str, files: &Files) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("bead.yaml"), document);
    write(&folder.path().join("app/a.yaml"), MANIFEST);
    for (path, text) in files {
        write(&folder.path().join("catalog").join(path), &whole(text));
    }
    Mixin::new("bead check -o json").folder(folder.path()).run()
}

fn check_entry(text: &str) -> Run {
    check(&Files::from([("catalog-info.yaml", text.to_owned())]))
}

fn ours(files: &Files) -> Verdict {
    let run = check(files);
    if run.code != 0 {
        assert_eq!(run.code, 2, "{files:?}\n{}", run.stderr);
        return Verdict::Refused;
    }
    let found: Value = serde_json::from_str(&run.stdout).expect("JSON");
    if found["warnings"].to_string().contains("Backstage by itself does not know") {
        return Verdict::Foreign;
    }
    Verdict::Taken
}

/// What the packages of the real catalog say, all in one process.
fn theirs(cases: &[Files]) -> Vec<Verdict> {
    let cache = Cache::locate().expect("a cache");
    Backend::ensure(&cache).expect("installed");
    let backend = Backend::locate(&cache);
    let repository = |files: &Files| {
        let below = |(path, text): (&&str, &String)| (format!("backstage/beads/b/{path}"), json!(whole(text)));
        let mut all: serde_json::Map<String, Value> = files.iter().map(below).collect();
        all.insert("backstage/beads/b.yaml".to_owned(), ENTRY.into());
        all
    };
    let cases: Vec<_> = cases.iter().map(repository).collect();
    let input = json!({"backend": backend.dir(), "entry": "backstage/beads/b.yaml", "cases": cases}).to_string();
    let mut child = Command::new(backend.node())
        .arg(data("testbed/peers/backstage/judge.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success());
    let all: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).expect("JSON");
    let verdict = |errors: Vec<String>| match errors.as_slice() {
        [] => Verdict::Taken,
        all if all.iter().all(|it| it.contains("No processor recognized the entity")) => Verdict::Foreign,
        _ => Verdict::Refused,
    };
    all.into_iter().map(verdict).collect()
}

#[test]
fn catalogs_are_taken_and_refused_as_written_in_the_corpus() {
    let all = corpus();
    assert!(all.len() > 100, "{}", all.len());
    let wrong: Vec<_> = all.iter().filter(|(verdict, files)| ours(files) != *verdict).collect();
    assert!(wrong.is_empty(), "{} of {} otherwise: {wrong:#?}", wrong.len(), all.len());
}

#[test]
#[ignore = "needs the packages of Backstage"]
fn the_real_catalog_takes_and_refuses_the_same() {
    let (expected, cases): (Vec<Verdict>, Vec<Files>) = corpus().into_iter().unzip();
    let found = theirs(&cases);
    assert_eq!(found.len(), cases.len());
    // What Backstage refuses for its group, we refuse too, though it says that no processor knows it.
    let is_same = |theirs: Verdict, expected: Verdict| {
        theirs == expected || (theirs == Verdict::Foreign && expected == Verdict::Refused)
    };
    let all = found.into_iter().zip(expected).zip(&cases);
    let wrong: Vec<_> = all.filter(|((theirs, expected), _)| !is_same(*theirs, *expected)).collect();
    assert!(wrong.is_empty(), "{} of {} otherwise: {wrong:#?}", wrong.len(), cases.len());
}

#[test]
fn mistakes_have_their_place_and_say_what_they_freeze() {
    let run = check_entry(
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: 12\nspec: {owner: a}\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: x\n  title: 3\nspec: {owner: a}\n",
    );
    let run = run.exits(2).says("catalog/catalog-info.yaml:4:9").says("takes nothing new of all the files");
    let run = run.says("`metadata.name` is a number, expected a text").says("put the value in quotes");
    run.says("catalog/catalog-info.yaml:11:10").says("catalog has 2 mistakes");
    check_entry("a: \"x\n").exits(2).says("not valid YAML").says("takes nothing new of all the files");
}

#[test]
fn an_entity_is_in_the_catalog_once_and_some_names_are_the_hubs() {
    let system = "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: x}\nspec: {owner: a}\n";
    let twice = format!("{system}---\n{}", system.replace("name: x", "name: X, namespace: default"));
    check_entry(&twice).exits(2).says("catalog/catalog-info.yaml:8:").says("is at catalog/catalog-info.yaml:3, too");
    check_entry(&twice.replace("namespace: default", "namespace: other")).exits(0);
    let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: beads}\nspec: {}\n";
    check_entry(location).exits(2).says("the hub itself has a Location `beads`");
}

#[test]
fn what_is_not_looked_at_is_said() {
    let run = check_entry(
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec:\n  targets:\n  \
         - https://example.org/a.yaml\n  - /backstage/beads/b/catalog-info.yaml\n",
    );
    let run = run.exits(0).says("warning: what Backstage reads from `https://example.org/a.yaml` was not looked at");
    let found: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(found["warnings"].as_array().map(Vec::len), Some(2), "{found:#}");
    assert_eq!(found["warnings"][0]["file"], "catalog/catalog-info.yaml");
    assert_eq!((&found["warnings"][0]["line"], &found["warnings"][0]["column"]), (&json!(6), &json!(5)));
    assert!(found["warnings"][1]["hint"].as_str().expect("a hint").contains("on a branch with `/`"), "{found:#}");
}

#[test]
fn actions_that_not_every_backstage_has_are_required() {
    let template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\nspec:\n  type: service\n  \
                    steps:\n  - {id: a, action: 'debug:log'}\n  - {id: p, action: 'publish:gitlab'}\n";
    let files = Files::from([("catalog-info.yaml", template.to_owned())]);
    let run = check(&files).exits(0).says("catalog/catalog-info.yaml:8:21");
    run.says("not every Backstage has the action `publish:gitlab`, and the bead does not require it");
    let requires = "  requires: {backstage: {actions: ['publish:gitlab']}}\n";
    let run = check_with(&format!("{DOCUMENT}{requires}"), &files).exits(0);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn what_a_placeholder_leaves_to_others_is_said() {
    let api = |definition: &str| {
        let text = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: a}\nspec:\n  type: openapi\n  lifecycle: b\n  owner: c\n  definition:\n    DEFINITION\n";
        check_entry(&text.replace("DEFINITION", definition)).exits(0)
    };
    api("$text: https://example.org/a.yaml").says("catalog/catalog-info.yaml:9:12").says("was not looked at");
    api("$openapi: ./a.yaml").says("catalog/catalog-info.yaml:9:5").says("`$openapi` stands for was not looked at");
}

#[test]
fn a_kind_of_another_group_is_told_by_its_group() {
    let text = "apiVersion: example.com/v1\nkind: Component\nmetadata: {name: a}\nspec: {}\n";
    let run = check_entry(text).exits(0).says("catalog/catalog-info.yaml:1:13").says("`example.com/v1` `Component`");
    assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
    run.says("Backstage's own `Component` has the `apiVersion` backstage.io/v1alpha1");
}
