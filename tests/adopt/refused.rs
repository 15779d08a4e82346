//! What is not taken over, each with what was found and what to do. Nothing runs there but the API server.

use serde_json::{Value, json};

use super::fixture::{Theirs, edit, without_pods};

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

    // Those who would write back.
    hub.kubectl(&[
        "label",
        "deployment",
        "argocd-server",
        "-n",
        "argocd",
        "helm.toolkit.fluxcd.io/name=argo",
        "helm.toolkit.fluxcd.io/namespace=flux",
    ]);
    theirs.adopt(&[]).says("installed by:").says("Flux HelmRelease flux/argo");
}
