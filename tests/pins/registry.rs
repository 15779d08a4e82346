//! The real registry: what Helm and Crossplane have pushed there is pinned.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::fixture::{GoProxy, folder, lock, read};
use crate::hub::fixture::TESTBED;
use crate::support::images;

fn helm(folder: &Path, args: &[&str]) -> String {
    let helm = Command::new(TESTBED.bin().join("helm")).args(args).current_dir(folder).env("HOME", folder).output();
    let helm = helm.expect("helm starts");
    let said = String::from_utf8_lossy(&helm.stdout).into_owned() + &String::from_utf8_lossy(&helm.stderr);
    assert!(helm.status.success(), "{said}");
    said
}

#[test]
#[ignore = "needs the testbed"]
fn charts_and_images_of_a_registry_are_pinned() {
    let registry = TESTBED.registry();
    let none = GoProxy::new();
    let place = tempfile::tempdir().expect("a folder");
    fs::create_dir(place.path().join("pinned")).expect("made");
    for version in ["1.0.0", "1.0.1+up2"] {
        let text = format!("apiVersion: v2\nname: pinned\nversion: {version}\n");
        fs::write(place.path().join("pinned/Chart.yaml"), text).expect("written");
        helm(place.path(), &["package", "pinned"]);
        let archive = format!("pinned-{version}.tgz");
        helm(place.path(), &["push", &archive, &format!("oci://{registry}/pins"), "--plain-http"]);
    }
    let digest = images::push(&format!("{registry}/pins/app:1.0.0"), "pause:1");
    let hub = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: hub}}\nspec:\n  argocd: {{version: 3.6.1}}\n  components:\n  - name: a\n    \
         namespace: a\n    chart: {{oci: 'oci://{registry}/pins', name: pinned, version: 1.0.0}}\n    images:\n    - image: {registry}/pins/app:1.0.0\n      \
         values: {{repository: image}}\n"
    );
    let bundle = folder(&[("hub.yaml", &hub), ("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    none.call(&format!("pin image {registry}/pins/app:1.0.0"), bundle.path()).exits(0);
    assert!(read(&bundle, "hub.yaml").contains(&format!("pins/app:1.0.0@{digest}")), "{}", read(&bundle, "hub.yaml"));
    let line = format!("pin chart pinned --repository oci://{registry}/pins --version 1.0.1+up2");
    none.call(&line, bundle.path()).exits(0);
    let pinned = read(&bundle, "hub.yaml");
    assert!(pinned.contains("version: 1.0.1+up2, digest: sha256:"), "{pinned}");
    let shown = helm(
        place.path(),
        &["pull", &format!("oci://{registry}/pins/pinned"), "--version", "1.0.1+up2", "--plain-http"],
    );
    let told = pinned.split("digest: ").nth(1).and_then(|it| it.split('}').next()).expect("a digest");
    assert!(shown.contains(told), "{shown}: {told}");
    // By the lock it is the archive that counts, and it is what Helm has packed.
    let locked = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    none.call(&line, locked.path()).exits(0);
    none.call("vendor .", locked.path()).exits(0);
    let chart = fs::read_to_string(locked.path().join("assets/pinned/Chart.yaml")).expect("there");
    assert!(chart.contains("version: 1.0.1+up2"), "{chart}");
    none.call("outdated", bundle.path()).exits(0).says("looked at  2 pins, outdated: 0; not looked at: 0");
}
