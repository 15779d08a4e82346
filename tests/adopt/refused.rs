//! What is not taken over, each with what was found and what to do. Nothing runs there but the API server.

use std::fs;

use backstack::yaml;
use serde_json::{Value, json};

use super::fixture::{Theirs, edit, without_pods};
use crate::hub::fixture::{HIGHLY_AVAILABLE, TESTBED, eventually};

/// Demands that a take-over is refused for this reason, with this remedy.
#[track_caller]
fn is_refused(theirs: &Theirs, settings: &[&str], reason: &str, remedy: &str) {
    theirs.adopt(settings).expect(3).says(reason).says("nothing was written").says(remedy);
    assert!(theirs.hub.commits().is_empty(), "nothing was pushed");
}

fn object(api_version: &str, kind: &str, name: &str, rest: &Value) -> Value {
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "argocd"}});
    object.as_object_mut().expect("an object").extend(rest.as_object().expect("fields").clone());
    object
}

#[test]
#[ignore = "needs the testbed"]
fn what_cannot_be_taken_over_is_refused_with_what_to_do() {
    let theirs = Theirs::new();
    let plain = without_pods(theirs.manifest());
    theirs.apply_client_side(&plain);
    applications_that_cannot_stay(&theirs);
    workloads_that_cannot_be_changed(&theirs, plain);
    those_who_would_write_back(&theirs);
    what_helm_has_not_finished(&theirs);
    // What then remains is well, also with what people have set.
    let looked = theirs.adopt(&[LET_GO, "check: true"]).expect(0).says("the hub may come");
    looked.says("stays: ConfigMap argocd/argocd-cmd-params-cm, key server.insecure");
    versions_and_flavours_that_are_not_the_bundles(&theirs);
}

/// How a step says that Terraform has let go.
const LET_GO: &str = "mayRemove: [Terraform]";

fn applications_that_cannot_stay(theirs: &Theirs) {
    let source = json!({"project": "default", "source": {"repoURL": theirs.shop_url(), "path": "."},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"}});
    let holds = |group: &str, kind: &str, name: &str| {
        let held = json!({"group": group, "version": "v1", "kind": kind, "namespace": "argocd", "name": name});
        json!({"spec": source, "status": {"resources": [held]}})
    };
    let put = |kind: &str, name: &str, rest: &Value| theirs.put(object("argoproj.io/v1alpha1", kind, name, rest));
    put("Application", "argo-cd", &holds("apps", "Deployment", "argocd-server"));
    put("Application", "above", &holds("argoproj.io", "Application", "argo-cd"));
    put("Application", "root", &json!({"spec": source}));
    put("AppProject", "hub", &json!({"spec": {"sourceRepos": ["*"]}}));
    let both = "mayRemove: [above, argo-cd]";
    is_refused(theirs, &[], "Application argocd/argo-cd manages this Argo CD", both);
    is_refused(theirs, &["mayRemove: [argo-cd]"], "Application argocd/above brings what manages", both);
    is_refused(
        theirs,
        &[both],
        "Application argocd/root has a name that the hub needs",
        "mayReplace: [Application/root]",
    );
    is_refused(theirs, &[both], "AppProject argocd/hub has a name that the hub needs", "use another project");
    theirs.hub.kubectl(&["delete", "application", "argo-cd", "above", "root", "-n", "argocd"]);
    theirs.hub.kubectl(&["delete", "appproject", "hub", "-n", "argocd"]);
}

fn workloads_that_cannot_be_changed(theirs: &Theirs, mut objects: Vec<Value>) {
    let delete = |name: &str| theirs.hub.kubectl(&["delete", "deployment", name, "-n", "argocd"]);
    edit(&mut objects, "Deployment", "argocd-server", |it| {
        (it["metadata"]["name"], it["metadata"]["namespace"]) = (json!("argo-argocd-server"), json!("argocd"));
        theirs.put(it.clone());
    });
    let other = "Deployment argocd/argo-argocd-server would have to be made anew";
    is_refused(theirs, &[], other, "mayReplace: [Deployment/argo-argocd-server]");
    delete("argo-argocd-server");
    delete("argocd-redis");
    edit(&mut objects, "Deployment", "argocd-redis", |it| {
        it["metadata"]["namespace"] = json!("argocd");
        for labels in ["/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
            it.pointer_mut(labels).expect("labels")["app.kubernetes.io/name"] = json!("redis");
        }
        theirs.put(it.clone());
    });
    let redis = "Deployment argocd/argocd-redis would have to be made anew";
    is_refused(theirs, &[], redis, "mayReplace: [Deployment/argocd-redis]");
    delete("argocd-redis");
}

/// Makes a kind that takes anything.
fn define(theirs: &Theirs, group: &str, kind: &str, version: &str) {
    let (single, plural) = (kind.to_lowercase(), format!("{}s", kind.to_lowercase()));
    let name = format!("{plural}.{group}");
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let versions = json!([{"name": version, "served": true, "storage": true, "schema": schema}]);
    theirs.put(json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {"group": group, "scope": "Namespaced", "versions": versions,
            "names": {"kind": kind, "plural": plural, "singular": single}}}));
    let definition = format!("crd/{name}");
    theirs.hub.kubectl(&["wait", &definition, "--for=condition=Established", "--timeout=180s"]);
    // Established is said before discovery knows of it.
    let listing = format!("/apis/{group}/{version}");
    eventually("the kind is listed", || theirs.hub.kubectl(&["get", "--raw", &listing]).contains(&plural));
}

fn those_who_would_write_back(theirs: &Theirs) {
    let hub = &theirs.hub;
    define(theirs, "helm.toolkit.fluxcd.io", "HelmRelease", "v2");
    theirs.put(object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "argo", &json!({"spec": {}})));
    let flux = ["helm.toolkit.fluxcd.io/name=argo", "helm.toolkit.fluxcd.io/namespace=argocd"];
    hub.kubectl(&[&["label", "deployment", "argocd-server", "-n", "argocd"], flux.as_slice()].concat());
    is_refused(theirs, &[], "HelmRelease argocd/argo of Flux, which is not suspended", "suspend it");
    let suspended = r#"{"spec": {"suspend": true}}"#;
    hub.kubectl(&["patch", "helmrelease", "argo", "-n", "argocd", "--type=merge", "-p", suspended]);
    define(theirs, "argoproj.io", "ArgoCD", "v1beta1");
    theirs.put(object("argoproj.io/v1beta1", "ArgoCD", "gitops", &json!({"spec": {}})));
    is_refused(theirs, &[], "ArgoCD argocd/gitops writes back", "move away");
    hub.kubectl(&["delete", "argocds.argoproj.io", "gitops", "-n", "argocd"]);
    let params = object("v1", "ConfigMap", "argocd-cmd-params-cm", &json!({"data": {"server.insecure": "true"}}));
    theirs.kubectl_with(&["apply", "--server-side", "--field-manager=Terraform", "-f", "-"], &[params]);
    is_refused(theirs, &[], "Terraform has installed it", LET_GO);
}

fn what_helm_has_not_finished(theirs: &Theirs) {
    let name = "sh.helm.release.v1.argo.v2";
    let mut release = object("v1", "Secret", name, &json!({"type": "helm.sh/release.v1"}));
    release["metadata"]["labels"] =
        json!({"owner": "helm", "name": "argo", "version": "2", "status": "pending-upgrade"});
    theirs.put(release);
    is_refused(theirs, &[LET_GO], "revision 2 of Helm release argo is pending-upgrade", "finish it with Helm");
    theirs.hub.kubectl(&["delete", "secret", name, "-n", "argocd"]);
}

fn versions_and_flavours_that_are_not_the_bundles(theirs: &Theirs) {
    let hub = &theirs.hub;
    let set_image = |image: &str| {
        let image = format!("*={image}");
        hub.kubectl(&["set", "image", "statefulset/argocd-application-controller", "-n", "argocd", &image]);
    };
    set_image("quay.io/argoproj/argocd:v2.14.9");
    is_refused(theirs, &[LET_GO], "it is version 2.14.9", "to 2.14, then to 3.0");
    set_image("quay.io/argoproj/argocd:v3.3.0");
    theirs.adopt(&[LET_GO, "check: true"]).expect(0).says("notes about 3.4, 3.5, 3.6; below 3.3.2");
    hub.kubectl(&["delete", "deployment", "argocd-server", "-n", "argocd"]);
    is_refused(theirs, &[LET_GO], "it is a core installation", "install.yaml");
    hub.kubectl(&["delete", "clusterrole", "-l", "app.kubernetes.io/part-of=argocd"]);
    is_refused(theirs, &[LET_GO], "it is a namespaced installation", "install.yaml");
}

/// The way there is looked at, and not gone.
#[test]
#[ignore = "needs the testbed"]
fn a_highly_available_argo_cd_wants_a_bundle_of_its_flavour() {
    let theirs = Theirs::new();
    let text = fs::read_to_string(TESTBED.argocd_module().join(HIGHLY_AVAILABLE)).expect("the manifest");
    let objects = yaml::manifests(HIGHLY_AVAILABLE, &text).expect("the manifest is YAML");
    theirs.apply_client_side(&without_pods(objects));
    theirs
        .adopt(&["check: true"])
        .expect(3)
        .says("it is highly available, and the manifest that the bundle pins is plain")
        .says("write `variant: ha` below `argocd` in hub.yaml");

    theirs.hub.make_highly_available();
    let looked = theirs.adopt(&["check: true"]).expect(0).says("the hub may come").says("highly available");
    looked.says("goes on, its pods too: StatefulSet argocd/argocd-redis-ha-server");
    assert!(theirs.hub.commits().is_empty(), "nothing was pushed");
}
