//! Without a hub: every kind of mistake at its place, and what nobody has looked at.

use std::path::Path;

use serde_json::{Value, from_str};

use super::corpus::{Checkouts, claim, findings, otherwise};

/// Where there are no programs.
const NOWHERE: &str = "/nowhere";

#[test]
fn every_mistake_of_the_corpus_is_told_once_at_its_place() {
    let run = Checkouts::with_corpus().check("-o json", Path::new(NOWHERE));
    assert_eq!(run.code, 1, "{}", run.stderr);
    let found = findings(&run);
    assert_eq!(otherwise(&found, false), [""; 0]);
}

#[test]
fn what_nobody_has_looked_at_is_told_and_nothing_else_is_called_right() {
    let checkouts = Checkouts::new();
    checkouts.write("claims/a/shelf.yaml", &claim("Shelf", "a", "", "{size: 60, since: yesterday}"));
    checkouts.write("claims/.gitlab-ci.yml", "stages: [check]\n");
    let run = checkouts.check("", Path::new(NOWHERE));
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    for line in [
        "left out: .gitlab-ci.yml, no object to Argo CD",
        "not looked at: rules in CEL of Shelf.library.example.org: `crossplane` is not on PATH; install crossplane",
        "not looked at: the format date-time of `spec.since` in Shelf.library.example.org",
        "looked at  1 claim of 1 kind against the definitions of 1 bead: schemas, names, namespaces, secrets\n",
    ] {
        assert!(run.stderr.contains(line), "{line}:\n{}", run.stderr);
    }
}

#[test]
fn a_kind_without_its_definition_counts_for_no_schema() {
    let checkouts = Checkouts::new();
    std::fs::remove_file(checkouts.root.path().join("hub/beads/library/apis/shelves.yaml")).expect("removed");
    checkouts.write("claims/shelf.yaml", &claim("Shelf", "a", "", "{}"));
    let run = checkouts.check("", Path::new(NOWHERE));
    assert!(run.stderr.contains("of Shelf.library.example.org of bead library: no XRD of it is in"), "{}", run.stderr);
    assert!(run.stderr.contains("definitions of 1 bead: names, namespaces, secrets\n"), "{}", run.stderr);
    checkouts.write("claims/book.yaml", &claim("Book", "a", "", "{parameters: {pages: 1}}"));
    let run = checkouts.check("", Path::new(NOWHERE));
    assert!(run.stderr.contains("schemas of 1 of the kinds, names, namespaces"), "{}", run.stderr);
}

#[test]
fn a_person_sees_the_line_and_a_forge_gets_its_own_form() {
    let checkouts = Checkouts::new();
    checkouts.write("claims/shelf.yaml", &claim("Shelf", "a", "", "{size: 0}"));
    let run = checkouts.check("", Path::new(NOWHERE));
    assert!(
        run.stderr.contains("4 | spec: {size: 0}") && run.stderr.ends_with("error: the claims have 1 mistake\n"),
        "{}",
        run.stderr
    );
    let run = checkouts.check("-o github", Path::new(NOWHERE));
    assert_eq!(
        run.stdout,
        "::error file=shelf.yaml,line=4,endLine=4,col=14,title=backstack-claims::`spec.size` is 0, expected at least 1\n"
    );
    let run = checkouts.check("-o gitlab", Path::new(NOWHERE));
    let issues: Value = from_str(&run.stdout).expect("JSON");
    assert_eq!(issues[0]["location"], serde_json::json!({"path": "shelf.yaml", "lines": {"begin": 4}}));
    assert_eq!((issues[0]["severity"].as_str(), run.code), (Some("major"), 1));
}

#[test]
fn the_folder_of_the_hub_document_is_the_one_that_counts() {
    let checkouts = Checkouts::new();
    checkouts.edit("hub/hub.yaml", |text| text.replace("claims.git'", "claims.git', path: ordered"));
    checkouts.write("claims/elsewhere.yaml", "a: [");
    let run = checkouts.check("", Path::new(NOWHERE));
    assert!(run.code == 2 && run.stderr.contains("claims/ordered is no folder"), "{}", run.stderr);
    checkouts.write("claims/ordered/shelf.yaml", &claim("Shelf", "a", "", "{size: 0}"));
    let run = checkouts.check("-o json", Path::new(NOWHERE));
    assert_eq!(findings(&run)[0].0, "ordered/shelf.yaml");
}

#[cfg(unix)]
#[test]
fn a_link_is_what_it_leads_to_unless_it_leads_out() {
    let checkouts = Checkouts::new();
    let claims = checkouts.root.path().join("claims");
    checkouts.write("claims/templates/shelf", &claim("Shelf", "a", "", "{size: 0}"));
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, claims.join(name)).expect("a link");
    link("templates/shelf", "in.yaml");
    link("nothing", "dead.yaml");
    let run = checkouts.check("-o json", Path::new(NOWHERE));
    assert_eq!(findings(&run), [("in.yaml".to_owned(), "4:14: `spec.size` is 0, expected at least 1".to_owned())]);
    assert!(run.stderr.contains("left out: dead.yaml, a link to nothing"), "{}", run.stderr);
    let absolute = claims.join("README.md");
    for (to, name) in [
        ("../hub/hub.yaml", "out.yaml"),
        ("../claims/README.md", "round"),
        ("../../hub", "templates/folder"),
        (absolute.to_str().expect("UTF-8"), "templates/absolute.md"),
    ] {
        link(to, name);
        let run = checkouts.check("-o json", Path::new(NOWHERE));
        let is_told = |(file, said): &(String, String)| file == name && said.contains("leads out");
        assert!(findings(&run).iter().any(is_told), "{name}: {}", run.stdout);
    }
}

#[test]
fn one_hub_is_named_and_it_is_one_with_claims() {
    let checkouts = Checkouts::new();
    let run = |line: &str| crate::support::Mixin::new(line).folder(checkouts.root.path()).run();
    for (line, words) in [
        ("claims check claims", "required arguments were not provided"),
        ("claims check claims --hub hub --live", "cannot be used with"),
        ("claims check claims --hub hub -o xml", "there is no form `xml`"),
        ("claims check claims --hub hub --file x", "--file has no effect here"),
        ("claims check nowhere --hub hub", "cannot read nowhere"),
        ("claims check claims --hub hubb", "there is no folder hubb"),
        ("claims check claims --hub claims", "hub.yaml is not in the folder claims"),
    ] {
        let run = run(line);
        assert!(run.code == 2 && run.stderr.contains(words), "{line}: {}", run.stderr);
    }
    checkouts.edit("hub/hub.yaml", |text| text.split("  claims:").next().expect("the head").to_owned());
    let run = run("claims check claims --hub hub");
    assert!(run.code == 2 && run.stderr.contains("the hub has no claims repository"), "{}", run.stderr);
}

#[test]
fn the_hub_repository_is_read_at_its_branch() {
    let checkouts = Checkouts::new();
    let git = |line: &str| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(line.split(' '));
        assert!(command.current_dir(checkouts.root.path().join("hub")).status().expect("git").success(), "{line}");
    };
    ["init --quiet --initial-branch=next", "add .", "commit --quiet --message=hub"].into_iter().for_each(git);
    checkouts.write("claims/shelf.yaml", &claim("Shelf", "a", "", "{size: 0}"));
    let address = format!("file://{}/hub", checkouts.root.path().display());
    let run = |hub: &str| {
        let run = crate::support::Mixin::new("claims check claims --hub").arg(hub).with_path();
        run.folder(checkouts.root.path()).run()
    };
    let read = run(&format!("{address}@next"));
    assert!(read.code == 1 && read.stderr.contains("shelf.yaml:4:14"), "{}", read.stderr);
    let none = run(&address);
    assert!(none.code == 2 && none.stderr.contains("(branch main) is not there"), "{}", none.stderr);
}
