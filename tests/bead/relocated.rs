//! A bead from a bundle whose images were copied into another registry, as Porter tells its bundles.

use std::fs;

use serde_json::{Value, json};

use super::fixture::Bead;
use crate::hub::fixture::{Hub, TESTBED};
use crate::hub::installed::Kind;
use crate::support::images;

#[test]
#[ignore = "needs the testbed"]
fn a_copied_bead_runs_from_the_registry_of_the_copy() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::shipped(&hub, "crossplane");
    let published = images::images_of(&bead.bundle());
    assert_eq!(published, ["xpkg.crossplane.io/crossplane/crossplane:v2.1.0"]);
    let closed = format!("{}/closed/crossplane", TESTBED.registry());
    let copy = format!("{closed}@{}", images::push(&format!("{closed}:1"), &published[0]));
    let app = hub.folder.path().join("cnab/app");
    fs::create_dir_all(&app).expect("the bundle's place");
    let map: Value = json!({&published[0]: &copy});
    fs::write(app.join("relocation-mapping.json"), map.to_string()).expect("the map");

    bead.run("install").expect(0).says("relocate   1 image from");

    // In git, and on the cluster, where the pods are ready: the testbed asks the registry for their image.
    let values = hub.files(&["beads/crossplane/values.yaml"]);
    assert!(values.contains(&format!("repository: {closed}@sha256")), "{values}");
    let pods = hub.pod_images();
    let copied = pods.iter().filter(|image| **image == copy).count();
    let elsewhere = pods.iter().filter(|image| image.contains("crossplane") && **image != copy).count();
    assert!(copied >= 2 && elsewhere == 0, "{pods:?}");
    bead.run("install").expect(0).says("no change");
    bead.run("verify").expect(0);

    // Without the map it would go back to the registry that a closed site does not reach.
    fs::remove_file(app.join("relocation-mapping.json")).expect("removed");
    let head = hub.commits()[0].clone();
    let run = bead.run("install").expect(3);
    run.says(&format!("{}: is taken from {copy}", published[0])).says("beads/crossplane/lock.yaml");
    assert_eq!(hub.commits()[0], head);
}
