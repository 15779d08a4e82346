//! An API of Crossplane keeps its scope: the real API server takes an XRD of v2 in place of one of v1 and says nothing.

use super::fixture::{Bead, TEXT, definition};
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

pub const DOCUMENT: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: paper}
spec:
  version: 1.0.0
  application: {namespace: paper, manifests: app}
  crossplane: {definitions: apis, apis: [{group: paper.example.org, kind: Sheet, plural: sheets}]}
  permissions:
    clusterResources:
    - {group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.paper.example.org'}
";

/// A definition that says no scope.
fn unsaid(plural: &str, version: &str) -> String {
    let kind = if plural == "sheets" { "Sheet" } else { "Reel" };
    let text = definition(kind, plural, "paper.example.org", "Namespaced", TEXT);
    text.replace("  scope: Namespaced\n", "").replace("crossplane.io/v2", &format!("crossplane.io/{version}"))
}

#[test]
#[ignore = "needs the testbed"]
fn a_version_that_changes_the_scope_of_an_api_is_refused() {
    let hub = Hub::installed(Kind::Crossplane);
    let scope = |xrd: &str| hub.object("xrd", xrd).expect("an XRD")["spec"]["scope"].clone();

    // What the API server makes of it: 200, and the scope that is stored.
    hub.apply(&unsaid("reels", "v1"));
    hub.apply(&unsaid("reels", "v2"));
    assert_eq!(scope("reels.paper.example.org"), "LegacyCluster");
    let said = definition("Reel", "reels", "paper.example.org", "Namespaced", TEXT);
    assert!(hub.refusal(&said).contains("Value is immutable"));

    let bead = Bead::new(&hub, "paper").with("acceptPrivileges: true");
    bead.edit("app/deployment.yaml", |text| text.replace("\"${ parameters.replicas }\"", "1"));
    bead.edit("bead.yaml", |_| DOCUMENT.to_owned());
    bead.edit("apis/sheets.yaml", |_| unsaid("sheets", "v1"));
    bead.run("install").expect(0);
    assert_eq!(scope("sheets.paper.example.org"), "LegacyCluster");

    let commits = hub.commits();
    let line = "CompositeResourceDefinition sheets.paper.example.org is LegacyCluster on this hub, and Namespaced in this version";
    bead.edit("apis/sheets.yaml", |_| unsaid("sheets", "v2"));
    for action in ["diff", "upgrade"] {
        bead.run(action).expect(3).says(line).says("nothing was changed").says("hint: a scope never changes");
    }
    assert_eq!(hub.commits(), commits);

    // What is on the cluster counts, not only what git has: the first version that has the XRD.
    bead.edit("apis/sheets.yaml", |_| unsaid("sheets", "v1"));
    bead.edit("apis/reels.yaml", |_| unsaid("reels", "v2"));
    bead.run("upgrade").expect(3).says("reels.paper.example.org is LegacyCluster on this hub");
}
