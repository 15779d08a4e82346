//! A bead in the catalog of a real Backstage, by git alone: one location in its configuration, and no restart.

use std::fs;
use std::path::Path;

use backstack::gitops::Tree;
use backstack::gitops::bead::{CATALOG, STAYS};
use backstack_testbed::Backstage;
use serde_json::Value;

use crate::gitops::fixture::hub;
use crate::hub::fixture::{TESTBED, eventually};
use crate::support::Mixin;

const TEMPLATE: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: hello, title: Say hello}
spec:
  type: service
  parameters:
  - title: Whom
    required: [whom]
    properties: {whom: {type: string}}
  steps:
  - {id: log, name: Log, action: 'debug:log', input: {message: 'Hello ${{ parameters.whom }}'}}
";
const ENTRY: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: hello-catalog}
spec: {targets: [./template.yaml]}
";

/// Writes what `bead render` makes of a bead with a template below a folder.
fn render_bead(to: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("hello");
    Mixin::new("bead new hello").folder(folder.path()).run().exits(0);
    let document = fs::read_to_string(bundle.join("bead.yaml")).expect("the document");
    let document = document.replace("  application:\n", "  backstage: {entities: catalog}\n  application:\n");
    fs::write(bundle.join("bead.yaml"), document).expect("written");
    fs::create_dir(bundle.join("catalog")).expect("made");
    fs::write(bundle.join("catalog/catalog-info.yaml"), ENTRY).expect("written");
    fs::write(bundle.join("catalog/template.yaml"), TEMPLATE).expect("written");
    Mixin::new(&format!("bead render --to {}", to.display())).folder(&bundle).run().exits(0);
}

fn write(tree: &Tree, to: &Path) {
    for (path, content) in tree.iter() {
        let file = to.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, content).expect("written");
    }
}

fn find(backstage: &Backstage, kind: &str, name: &str) -> Option<Value> {
    let entities = backstage.entities().expect("the catalog");
    entities.into_iter().find(|entity| entity["kind"] == kind && entity["metadata"]["name"] == name)
}

#[test]
#[ignore = "needs the testbed"]
fn backstage_lists_a_bead_while_its_file_is_in_git() {
    let repository = TESTBED.repository().expect("a repository");
    let tree = backstack::gitops::render(&hub()).expect("rendered");
    repository.commit(|folder| write(&tree, folder)).expect("pushed");
    let backstage = TESTBED.backstage(&repository, &format!("{CATALOG}/*.yaml")).expect("Backstage starts");
    eventually("the catalog of the hub is read", || find(&backstage, "Location", "beads").is_some());
    assert_eq!(find(&backstage, "Template", "hello"), None);

    let rendered = tempfile::tempdir().expect("a folder");
    let out = rendered.path().join("out");
    render_bead(&out);
    let copy = |to: &Path| {
        let copied = std::process::Command::new("cp").arg("-r").arg(out.join(".")).arg(to).status();
        assert!(copied.expect("cp starts").success());
    };
    repository.commit(copy).expect("pushed");
    eventually("the template is listed", || find(&backstage, "Template", "hello").is_some());
    assert!(find(&backstage, "Location", "bead-hello").is_some());
    let template = find(&backstage, "Template", "hello").expect("listed");
    let origin = &template["metadata"]["annotations"]["backstage.io/managed-by-origin-location"];
    assert_eq!(origin, &format!("url:{}", repository.file_url("backstage/beads/*.yaml")));
    let form = "/api/scaffolder/v2/templates/default/template/hello/parameter-schema";
    assert_eq!(backstage.get(form).expect("a form")["steps"][0]["schema"]["required"][0], "whom");

    let remove = |folder: &Path| {
        let catalog = folder.join(CATALOG);
        fs::remove_file(catalog.join("hello.yaml")).expect("removed");
        fs::remove_dir_all(catalog.join("hello")).expect("removed");
        assert!(folder.join(STAYS).exists());
    };
    repository.commit(remove).expect("pushed");
    eventually("the template is gone", || {
        find(&backstage, "Template", "hello").is_none() && find(&backstage, "Location", "bead-hello").is_none()
    });
    assert!(find(&backstage, "Location", "beads").is_some());
}
