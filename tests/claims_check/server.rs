//! Against the real Crossplane and its command line: what the check says is what the server says.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use backstack::claims::orders::Offered;
use backstack::render::bead::offered_by;
use serde_json::Value;

use super::corpus::{BOOK, Checkouts, SHELF, Said, all, claim, findings, otherwise};
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;
use crate::support::Mixin;

/// A folder with Crossplane's command line under its own name.
fn with_crossplane(checkouts: &Checkouts) -> PathBuf {
    let folder = checkouts.root.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    symlink(TESTBED.bin().join("crank"), folder.join("crossplane")).expect("a link");
    folder
}

#[test]
#[ignore = "needs the testbed"]
fn with_crossplane_rules_in_cel_are_looked_at() {
    let checkouts = Checkouts::with_corpus();
    // It would call both the same, and only one is wrong.
    let other = claim("Shelf", "twin", "", "{size: 60}").replace("team-a", "team-b");
    checkouts.write("claims/twin-a.yaml", &claim("Shelf", "twin", "", "{size: 1}"));
    checkouts.write("claims/twin-b.yaml", &other);
    let run = checkouts.check("-o json", &with_crossplane(&checkouts));
    let found = findings(&run);
    assert_eq!(otherwise(&found, true), [""; 0]);
    assert!(
        found.iter().any(|(file, _)| file == "twin-b.yaml") && !found.iter().any(|(file, _)| file == "twin-a.yaml")
    );
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(document["notLookedAt"], serde_json::json!([]));
    assert!(document["lookedAt"].as_str().is_some_and(|it| it.contains("by crossplane 2.")), "{document}");
}

#[test]
#[ignore = "needs the testbed"]
fn a_program_that_cannot_validate_is_no_judge() {
    let checkouts = Checkouts::new();
    checkouts.write("claims/shelf.yaml", &claim("Shelf", "a", "", "{size: 60}"));
    let folder = checkouts.root.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    // Crossplane itself, which is called as its command line is.
    symlink(TESTBED.bin().join("crossplane"), folder.join("crossplane")).expect("a link");
    let run = checkouts.check("", &folder);
    let line = "not looked at: rules in CEL of Shelf.library.example.org: ";
    assert!(run.code == 0 && run.stderr.contains(line), "{}", run.stderr);
}

#[test]
#[ignore = "needs the testbed"]
fn the_server_takes_what_is_right_and_nothing_else() {
    let hub = Hub::installed(Kind::Crossplane);
    hub.kubectl(&["create", "namespace", "team-a"]);
    for (definition, plurals) in [(SHELF, &["shelves"][..]), (BOOK, &["xbooks", "books"])] {
        hub.apply(definition);
        for plural in plurals {
            let name = format!("{plural}.library.example.org");
            eventually(&name, || hub.object("crd", &name).is_some_and(|it| is_established(&it)));
        }
    }
    for (xrd, kind, name) in [("shelves", "Shelf", "shelves"), ("xbooks", "Book", "books")] {
        let xrd = hub.object("xrd", &format!("{xrd}.library.example.org")).expect("the definition");
        let live = hub.object("crd", &format!("{name}.library.example.org")).expect("what Crossplane has made of it");
        let offered = offered_by(&xrd, "library").iter().map(Offered::of).find(|it| it.kind == kind).expect("offered");
        for (ours, theirs) in versions(&offered.definition.expect("known")).iter().zip(&versions(&live)) {
            assert_eq!(ours, theirs, "{kind}");
        }
    }

    let checkouts = Checkouts::with_corpus();
    hub.apply(PROJECT);
    let kubeconfig = hub.cluster.kubeconfig();
    let run =
        Mixin::new("claims check claims -o json --kubeconfig").arg(kubeconfig).folder(checkouts.root.path()).run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    let found = findings(&run);
    let refused: BTreeSet<&str> = found.iter().map(|(file, _)| file.as_str()).collect();
    for (file, claim, said) in all() {
        let server = hub.refusal(&claim);
        assert_eq!(server.is_empty(), said == Said::Right, "{server}\n{claim}");
        assert_eq!(refused.contains(file.as_str()), said != Said::Right, "{found:?}\n{claim}");
    }
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        (&document["notLookedAt"], &document["kinds"]),
        (&serde_json::json!([]), &serde_json::json!(["Book.library.example.org", "Shelf.library.example.org"]))
    );
    let stored = hub.kubectl(&["get", "shelves,books", "--all-namespaces", "--output", "name"]);
    assert_eq!(stored, "", "nothing is changed");

    // What the project does not allow the hub does not offer.
    hub.apply(&PROJECT.replace("kind: Book", "kind: Boot"));
    let run =
        Mixin::new("claims check claims -o json --kubeconfig").arg(kubeconfig).folder(checkouts.root.path()).run();
    let said = findings(&run);
    assert!(
        said.iter().any(|(file, said)| file == "book-0.yaml" && said.contains("no bead of the hub offers Book")),
        "{said:?}"
    );
}

const PROJECT: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: claims, namespace: argocd}
spec:
  sourceRepos: ['https://git.example.org/claims.git']
  destinations: [{server: 'https://kubernetes.default.svc'}, {server: 'https://kubernetes.default.svc', namespace: team-*}]
  namespaceResourceWhitelist: [{group: library.example.org, kind: Shelf}, {group: library.example.org, kind: Book}]
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: claims, namespace: argocd}
spec:
  project: claims
  destination: {server: 'https://kubernetes.default.svc'}
  source: {repoURL: 'https://git.example.org/claims.git', path: .}
";

fn is_established(crd: &Value) -> bool {
    let conditions = crd["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|it| it["type"] == "Established" && it["status"] == "True")
}

/// The versions of a definition, with what decides about an object.
fn versions(crd: &Value) -> Vec<Value> {
    let all = crd["spec"]["versions"].as_array().expect("versions").iter();
    let said = ["name", "served", "storage", "schema"];
    all.map(|it| said.iter().map(|key| ((*key).to_owned(), it[key].clone())).collect()).collect()
}
