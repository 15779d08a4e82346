//! uninstall: refuses what it cannot answer for, removes the rest in order, and looks back.

use super::fixture::{Hub, eventually};
use super::installed::Kind;

const FOREIGN_APPLICATION: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: somebody-elses, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://example.org/x.git, path: ., targetRevision: HEAD}
  destination: {server: https://kubernetes.default.svc, namespace: default}
";

/// A kind of managed resources, as a provider brings it.
pub const MANAGED_KIND: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: buckets.s3.example.org}
spec:
  group: s3.example.org
  scope: Cluster
  names: {kind: Bucket, plural: buckets, categories: [crossplane, managed]}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
";

#[test]
#[ignore = "needs the testbed"]
fn a_removal_is_refused_while_others_depend_on_the_hub_then_leaves_nothing_and_is_repeatable() {
    let hub = Hub::installed(Kind::Component);

    // The bundle of another hub, which follows the same branch by mistake.
    hub.edit_document(|text| text.replacen("  name: hub\n", "  name: other\n", 1));
    for action in ["install", "upgrade", "diff"] {
        hub.run(action).expect(3).says("holds hub hub, and the bundle is hub other; nothing was written");
    }
    for action in ["uninstall", "status", "verify", "recover"] {
        hub.run(action).expect(3).says("the hub on this cluster is hub, and the bundle is of hub other");
    }
    hub.edit_document(|text| text.replacen("  name: other\n", "  name: hub\n", 1));

    hub.apply(FOREIGN_APPLICATION);
    hub.run("uninstall").expect(3).says("Application argocd/somebody-elses").says("nothing was removed");
    hub.kubectl(&["delete", "application", "somebody-elses", "-n", "argocd"]);

    hub.apply(MANAGED_KIND);
    eventually("the managed kind is served", || {
        hub.kubectl(&["api-resources", "--categories=managed", "-o", "name"]).contains("buckets.s3.example.org")
    });
    hub.apply("{apiVersion: s3.example.org/v1, kind: Bucket, metadata: {name: precious}}");
    hub.run("uninstall").expect(3).says("Bucket precious");
    let root = hub.object("application", "root").expect("root");
    assert_eq!(root["spec"]["syncPolicy"]["automated"]["enabled"], true, "a refusal changes nothing");
    hub.kubectl(&["delete", "bucket", "precious"]);

    // Another project's CRD in Argo CD's group is nobody's to take away.
    hub.apply(
        &MANAGED_KIND.replace("s3.example.org", "argoproj.io").replace(", categories: [crossplane, managed]", ""),
    );
    let commits = hub.commits();
    let webhook =
        || hub.kubectl(&["get", "validatingwebhookconfiguration", "crossplane-no-usages", "--ignore-not-found"]);
    assert!(!webhook().is_empty(), "Crossplane has made it");
    // A sync that is under way makes the root anew when it goes.
    let sync = r#"{"operation": {"initiatedBy": {"username": "somebody"}, "sync": {"syncStrategy": {"hook": {}}}}}"#;
    hub.kubectl(&["patch", "application", "root", "-n", "argocd", "--type=merge", "-p", sync]);
    let run = hub.run("uninstall").expect(0).says("nothing of the hub is left");
    let run = run.says("goes       ValidatingWebhookConfiguration crossplane-no-usages: it calls nothing but services");
    let run =
        run.says("ValidatingWebhookConfiguration crossplane-no-usages: the service that it calls went with the hub");
    run.says("CRDs of Crossplane (").says("of pkg.crossplane.io").says("| xargs kubectl delete");
    assert!(webhook().is_empty());
    assert!(!hub.kubectl(&["get", "crd", "buckets.argoproj.io", "-o", "name"]).is_empty());
    assert_eq!(hub.commits(), commits, "the repository is left alone");
    for (kind, name) in [
        ("namespace", "argocd"),
        ("crd", "applications.argoproj.io"),
        ("crd", "beads.backstack.dev"),
        ("clusterrole", "argocd-server"),
    ] {
        assert!(hub.kubectl(&["get", kind, name, "--ignore-not-found"]).is_empty(), "{kind} {name}");
    }
    assert!(hub.kubectl(&["get", "deployments", "-n", "crossplane-system"]).is_empty());
    hub.run("uninstall").expect(0).says("nothing to remove");

    // Git holds it still, so it may come by either.
    hub.run("upgrade").expect(0).says("the hub is in git and not on this cluster: it is brought there");
}

#[test]
#[ignore = "needs the testbed"]
fn a_namespace_that_others_use_or_made_is_kept_and_said() {
    let hub = Hub::installed(Kind::Plain);
    hub.kubectl(&["create", "secret", "generic", "sso", "-n", "argocd", "--from-literal=key=value"]);
    hub.run("uninstall").expect(0).says("Namespace argocd: an object of others is in it: Secret argocd/sso");
    hub.kubectl(&["get", "secret", "sso", "-n", "argocd"]);
    hub.run("uninstall").expect(0);
}
