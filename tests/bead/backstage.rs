//! A bead in the catalog of a real Backstage, by git alone: one location in its configuration, and no restart.

use backstack::hub_repository::layout::{CATALOG, RepoFile};
use backstack::render::bead::STAYS;
use backstack_testbed::Backstage;
use serde_json::Value;

use super::fixture::Bead;
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;

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

/// A bead with a template.
fn bead(hub: &Hub) -> Bead<'_> {
    let bead = Bead::new(hub, "hello").with("parameters: {replicas: 0}");
    bead.edit("bead.yaml", |text| {
        text.replace("  application:\n", "  backstage: {entities: catalog}\n  application:\n")
    });
    bead.edit("catalog/catalog-info.yaml", |_| ENTRY.to_owned());
    bead.edit("catalog/template.yaml", |_| TEMPLATE.to_owned());
    bead
}

fn find(backstage: &Backstage, kind: &str, name: &str) -> Option<Value> {
    let entities = backstage.entities().expect("the catalog");
    entities.into_iter().find(|entity| entity["kind"] == kind && entity["metadata"]["name"] == name)
}

#[test]
#[ignore = "needs the testbed"]
fn backstage_lists_a_bead_from_its_installation_to_its_removal() {
    let hub = Hub::installed(Kind::Back);
    let backstage = TESTBED.backstage(&hub.repository, &format!("{CATALOG}/*.yaml")).expect("Backstage starts");
    eventually("the catalog of the hub is read", || find(&backstage, "Location", "beads").is_some());
    eventually("what the hub has from its first day is listed", || {
        find(&backstage, "System", "hub").is_some() && find(&backstage, "Component", "backstage").is_some()
    });
    assert_eq!(find(&backstage, "Template", "hello"), None);

    let bead = bead(&hub);
    bead.run("install").expect(0);
    eventually("the template is listed", || find(&backstage, "Template", "hello").is_some());
    assert!(find(&backstage, "Location", "bead-hello").is_some());
    let template = find(&backstage, "Template", "hello").expect("listed");
    let origin = &template["metadata"]["annotations"]["backstage.io/managed-by-origin-location"];
    assert_eq!(origin, &format!("url:{}", hub.repository.file_url("backstage/beads/*.yaml")));
    let form = "/api/scaffolder/v2/templates/default/template/hello/parameter-schema";
    assert_eq!(backstage.get(form).expect("a form")["steps"][0]["schema"]["required"][0], "whom");

    bead.run("uninstall").expect(0);
    eventually("the template is gone", || {
        find(&backstage, "Template", "hello").is_none() && find(&backstage, "Location", "bead-hello").is_none()
    });
    assert!(find(&backstage, "Location", "beads").is_some());
    assert_ne!(hub.files(&[&RepoFile::Entry(STAYS).path()]), "");
}
