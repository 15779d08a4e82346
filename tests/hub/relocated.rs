//! A hub from a bundle whose images were copied into another registry, as Porter tells its bundles.

use std::fs;

use serde_json::{Value, json};

use super::fixture::{Hub, TESTBED};
use crate::support::images;

#[test]
#[ignore = "needs the testbed"]
fn a_copied_hub_runs_from_the_registry_of_the_copy() {
    let hub = Hub::with_crossplane();
    let published = images::images_of(&hub.bundle());
    assert_eq!(published.len(), 4, "{published:?}"); // Argo CD, dex, redis, Crossplane
    let closed = format!("{}/closed/hub", TESTBED.registry());
    let copied = |(index, image): (usize, &String)| {
        (image.clone(), json!(format!("{closed}@{}", images::push(&format!("{closed}:{index}"), image))))
    };
    let map: Value = published.iter().enumerate().map(copied).collect::<serde_json::Map<_, _>>().into();
    let app = hub.folder.path().join("cnab/app");
    fs::create_dir_all(&app).expect("the bundle's place");
    fs::write(app.join("relocation-mapping.json"), map.to_string()).expect("the map");

    hub.apply(&accounts());

    hub.run("install").expect(0);

    // In git, and nowhere but in the inventory is there another registry.
    // Long references stand on a line of their own.
    let rendered = hub.files(&["argocd", "components/crossplane/values.yaml"]);
    let rendered: String = rendered.split_whitespace().filter(|word| *word != ">-").collect::<Vec<_>>().join(" ");
    for field in [format!("image: {closed}@sha256:"), format!("repository: {closed}@sha256")] {
        assert!(rendered.contains(&field), "no `{field}` is in git");
    }
    let elsewhere: Vec<&String> = published.iter().filter(|image| rendered.contains(repository(image))).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");

    // On the cluster, where the pods are ready: the testbed asks the registry for every one of these images.
    let pods = hub.pod_images();
    assert!(pods.len() > 5, "{pods:?}");
    assert!(pods.iter().all(|image| image.starts_with(&format!("{closed}@sha256:"))), "{pods:?}");
    let secrets =
        hub.kubectl(&["get", "pods", "-n", "argocd", "-o", "jsonpath={.items[*].spec.imagePullSecrets[*].name}"]);
    assert_eq!(secrets.split_whitespace().filter(|name| *name == "pull").count(), 7, "{secrets}");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");

    hub.run("verify").expect(0);
    hub.run("install").expect(0).says("no change");
}

/// The image without its tag.
fn repository(image: &str) -> &str {
    image.rsplit_once(':').expect("a tag").0
}

/// What `docs/relocation.md` has people make for a registry with a password: Argo CD's accounts, before it is there.
fn accounts() -> String {
    let parts =
        "application-controller applicationset-controller dex-server notifications-controller redis repo-server server";
    let account = |part: &str| {
        format!(
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: argocd-{part}, namespace: argocd}}\n\
             imagePullSecrets: [{{name: pull}}]\n"
        )
    };
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: argocd}\n".to_owned();
    namespace + &parts.split_whitespace().map(account).collect::<String>()
}
