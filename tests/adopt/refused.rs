//! What is not taken over, each with what was found and what to do. Nothing runs there but the API server.

use std::fs;

use backstack::gitops::sha256;
use backstack::spec::yaml;
use serde_json::{Value, json};

use super::fixture::{Theirs, edit, without_pods};
use crate::hub::fixture::TESTBED;

/// Demands that a take-over is refused for this reason, with this remedy.
#[track_caller]
fn is_refused(theirs: &Theirs, settings: &[&str], reason: &str, remedy: &str) {
    theirs.adopt(settings).expect(3).says(reason).says("nothing was written").says(remedy);
    assert!(theirs.hub.commits().is_empty(), "nothing was pushed");
}

fn object(api_version: &str, kind: &str, name: &str, rest: Value) -> Value {
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "argocd"}});
    object.as_object_mut().expect("an object").extend(rest.as_object().expect("fields").clone());
    object
}

#[test]
#[ignore = "needs the testbed"]
fn what_cannot_be_taken_over_is_refused_with_what_to_do() {
    let theirs = Theirs::new();
    let hub = &theirs.hub;
    let plain = without_pods(theirs.manifest());
    theirs.apply_client_side(&plain);
    let apply =
        |object: Value| theirs.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &[object]);

    // Applications of others that cannot stay as they are.
    let source = json!({"project": "default", "source": {"repoURL": theirs.shop_url(), "path": "."},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"}});
    let resource = |group: &str, kind: &str, name: &str| json!({"group": group, "version": "v1", "kind": kind, "namespace": "argocd", "name": name});
    let holds = |what: Value| json!({"spec": source, "status": {"resources": [what]}});
    let api = "argoproj.io/v1alpha1";
    apply(object(api, "Application", "argo-cd", holds(resource("apps", "Deployment", "argocd-server"))));
    apply(object(api, "Application", "above", holds(resource("argoproj.io", "Application", "argo-cd"))));
    apply(object(api, "Application", "root", json!({"spec": source})));
    apply(object(api, "AppProject", "hub", json!({"spec": {"sourceRepos": ["*"]}})));
    is_refused(&theirs, &[], "Application argocd/argo-cd manages this Argo CD", "mayRemove: [above, argo-cd]");
    is_refused(
        &theirs,
        &["mayRemove: [argo-cd]"],
        "Application argocd/above brings what manages",
        "mayRemove: [above, argo-cd]",
    );
    is_refused(&theirs, &[], "Application argocd/root has a name that the hub needs", "mayReplace: [Application/root]");
    is_refused(&theirs, &[], "AppProject argocd/hub has a name that the hub needs", "use another project");
    hub.kubectl(&["delete", "application", "argo-cd", "above", "root", "-n", "argocd"]);
    hub.kubectl(&["delete", "appproject", "hub", "-n", "argocd"]);

    // Workloads that cannot be changed, or stand there under another name.
    let mut other = plain.clone();
    edit(&mut other, "Deployment", "argocd-server", |it| {
        it["metadata"]["name"] = json!("argo-argocd-server");
        it["metadata"]["namespace"] = json!("argocd");
        apply(it.clone());
    });
    is_refused(
        &theirs,
        &[],
        "Deployment argocd/argo-argocd-server would have to be made anew",
        "mayReplace: [Deployment/argo-argocd-server]",
    );
    hub.kubectl(&["delete", "deployment", "argo-argocd-server", "-n", "argocd"]);
    edit(&mut other, "Deployment", "argocd-redis", |it| {
        hub.kubectl(&["delete", "deployment", "argocd-redis", "-n", "argocd"]);
        it["metadata"]["namespace"] = json!("argocd");
        it["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = json!("redis");
        it["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = json!("redis");
        apply(it.clone());
    });
    is_refused(
        &theirs,
        &[],
        "Deployment argocd/argocd-redis would have to be made anew",
        "mayReplace: [Deployment/argocd-redis]",
    );
    hub.kubectl(&["delete", "deployment", "argocd-redis", "-n", "argocd"]);

    // Those who would write back, and those of whom nobody knows whether they would.
    let definition = |group: &str, kind: &str, version: &str| {
        let plural = format!("{}s", kind.to_lowercase());
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let versions = json!([{"name": version, "served": true, "storage": true, "schema": schema}]);
        let names = json!({"kind": kind, "plural": plural, "singular": kind.to_lowercase()});
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions}})
    };
    let define = |group: &str, kind: &str, version: &str| {
        apply(definition(group, kind, version));
        let name = format!("crd/{}s.{group}", kind.to_lowercase());
        hub.kubectl(&["wait", &name, "--for=condition=Established", "--timeout=60s"]);
    };
    define("helm.toolkit.fluxcd.io", "HelmRelease", "v2");
    apply(object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "argo", json!({"spec": {}})));
    let flux = ["helm.toolkit.fluxcd.io/name=argo", "helm.toolkit.fluxcd.io/namespace=argocd"];
    hub.kubectl(&[&["label", "deployment", "argocd-server", "-n", "argocd"], flux.as_slice()].concat());
    is_refused(&theirs, &[], "HelmRelease argocd/argo of Flux, which is not suspended", "suspend it");
    hub.kubectl(&[
        "patch",
        "helmrelease",
        "argo",
        "-n",
        "argocd",
        "--type=merge",
        "-p",
        r#"{"spec": {"suspend": true}}"#,
    ]);
    define("argoproj.io", "ArgoCD", "v1beta1");
    apply(object("argoproj.io/v1beta1", "ArgoCD", "gitops", json!({"spec": {}})));
    is_refused(&theirs, &[], "ArgoCD argocd/gitops writes back", "move away");
    hub.kubectl(&["delete", "argocd", "gitops", "-n", "argocd"]);
    let params = object("v1", "ConfigMap", "argocd-cmd-params-cm", json!({"data": {"server.insecure": "true"}}));
    theirs.kubectl_with(&["apply", "--server-side", "--field-manager=Terraform", "-f", "-"], &[params]);
    is_refused(&theirs, &[], "Terraform has installed it", "mayRemove: [Terraform]");

    // Helm in the middle of something.
    let labels = json!({"owner": "helm", "name": "argo", "version": "2", "status": "pending-upgrade"});
    let mut release = object("v1", "Secret", "sh.helm.release.v1.argo.v2", json!({"type": "helm.sh/release.v1"}));
    release["metadata"]["labels"] = labels;
    apply(release);
    let let_go = "mayRemove: [Terraform]";
    is_refused(&theirs, &[let_go], "revision 2 of Helm release argo is pending-upgrade", "finish it with Helm");
    hub.kubectl(&["delete", "secret", "sh.helm.release.v1.argo.v2", "-n", "argocd"]);

    // What then remains is well, also with what people have set.
    let looked = theirs.adopt(&[let_go, "check: true"]).expect(0).says("the hub may come");
    looked.says("stays: ConfigMap argocd/argocd-cmd-params-cm, key server.insecure");

    // Flavours and versions that are not the bundle's.
    let set_image = |image: &str| {
        hub.kubectl(&[
            "set",
            "image",
            "statefulset/argocd-application-controller",
            "-n",
            "argocd",
            &format!("*={image}"),
        ]);
    };
    set_image("quay.io/argoproj/argocd:v2.14.9");
    is_refused(&theirs, &[let_go], "it is version 2.14.9", "to 2.14, then to 3.0");
    set_image("quay.io/argoproj/argocd:v3.3.0");
    theirs.adopt(&[let_go, "check: true"]).expect(0).says("notes about 3.4, 3.5, 3.6; below 3.3.2");
    hub.kubectl(&["delete", "deployment", "argocd-server", "-n", "argocd"]);
    is_refused(&theirs, &[let_go], "it is a core installation", "install.yaml");
    hub.kubectl(&["delete", "clusterrole", "-l", "app.kubernetes.io/part-of=argocd"]);
    is_refused(&theirs, &[let_go], "it is a namespaced installation", "install.yaml");
}

/// The highly available redis runs in no testbed, so the way there is looked at, and not gone.
#[test]
#[ignore = "needs the testbed"]
fn a_highly_available_argo_cd_wants_a_bundle_of_its_flavour() {
    let theirs = Theirs::new();
    let manifest = TESTBED.argocd_module().join("manifests/ha/install.yaml");
    let text = fs::read_to_string(&manifest).expect("the manifest");
    let objects = yaml::manifests("ha/install.yaml", &text).expect("the manifest is YAML");
    theirs.apply_client_side(&without_pods(objects));
    theirs
        .adopt(&["check: true"])
        .expect(3)
        .says("it is highly available, and the manifest that the bundle pins is plain");

    let lock = theirs.hub.bundle().join("lock.yaml");
    let pins = fs::read_to_string(&lock).expect("the lock");
    let (before, rest) = pins.split_once("  sha256: ").expect("the pin of Argo CD");
    let (_, rest) = rest.split_once("  url: ").expect("the address");
    let pin = format!("  sha256: {}\n  size: {}\n  url: ", sha256(text.as_bytes()), text.len());
    fs::write(&lock, [before, &pin, rest].concat()).expect("the lock");
    fs::write(theirs.hub.bundle().join("assets/argocd.yaml"), &text).expect("the asset");
    let looked = theirs.adopt(&["check: true"]).expect(0).says("the hub may come").says("highly available");
    looked.says("goes on, its pods too: StatefulSet argocd/argocd-redis-ha-server");
    assert!(theirs.hub.commits().is_empty(), "nothing was pushed");
}
