//! Whole take-overs from other tools than `kubectl apply`, each with the real Argo CD at work.

use std::fs;
use std::path::Path;
use std::process::Command;

use backstack::yaml;
use serde_json::{Value, json};

use crate::adopt::fixture::{Theirs, edit};
use crate::hub::fixture::{TESTBED, eventually, managers};

/// What the workloads of the chart are called beside those of upstream.
const RELEASE: &str = "argo";

/// Helm 4, on the cluster of the hub.
fn helm(theirs: &Theirs, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(TESTBED.bin().join("helm"));
    let home = theirs.hub.folder.path().join("helm");
    let output = command
        .args(args)
        .arg("--kubeconfig")
        .arg(theirs.hub.cluster.kubeconfig())
        .args(["--namespace", "argocd"])
        .env("HELM_CONFIG_HOME", &home)
        .env("HELM_CACHE_HOME", &home)
        .env("HELM_DATA_HOME", &home)
        .output()
        .expect("helm starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Writes a chart with the traits of argo-helm's: workloads with the name of the release before theirs, the instance in what
/// cannot be changed in them, definitions that are kept, and an object that upstream's manifest does not have.
fn write_chart(folder: &Path, mut objects: Vec<Value>) {
    for object in &mut objects {
        let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
        object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm");
        object["metadata"]["labels"]["app.kubernetes.io/instance"] = json!(RELEASE);
        if object["kind"] == "CustomResourceDefinition" {
            object["metadata"]["annotations"]["helm.sh/resource-policy"] = json!("keep");
        }
        if object["spec"]["template"].is_object() {
            object["metadata"]["name"] = json!(format!("{RELEASE}-{name}"));
            for labels in ["/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
                object.pointer_mut(labels).expect("labels")["app.kubernetes.io/instance"] = json!(RELEASE);
            }
        }
    }
    objects.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "of-the-chart"}}));
    let chart = "apiVersion: v2\nname: argo-cd\nversion: 10.1.1\nappVersion: v3.6.1\n";
    fs::create_dir_all(folder.join("templates")).expect("a folder");
    fs::create_dir_all(folder.join("objects")).expect("a folder");
    fs::write(folder.join("Chart.yaml"), chart).expect("the chart");
    // Descriptions of definitions have braces: they are no templates.
    let all = objects.iter().map(yaml::print).collect::<Vec<_>>().join("---\n");
    fs::write(folder.join("objects/all.yaml"), all).expect("the objects");
    fs::write(folder.join("templates/all.yaml"), r#"{{ .Files.Get "objects/all.yaml" }}"#).expect("the template");
}

#[test]
#[ignore = "needs the testbed"]
fn an_argo_cd_of_helm_is_taken_over_and_helm_forgets_it() {
    let theirs = Theirs::new();
    let hub = &theirs.hub;
    let chart = hub.folder.path().join("chart");
    write_chart(&chart, theirs.manifest());
    let chart = chart.to_str().expect("a path");
    let (installed, said) = helm(&theirs, &["install", RELEASE, chart]);
    assert!(installed, "{said}");
    theirs.definitions_are_served();
    theirs.deploy_shop();
    let uids = theirs.uids();
    let of_chart = hub.object("configmap", "of-the-chart").expect("it")["metadata"]["uid"].clone();

    let refused = theirs.adopt(&[]).expect(3).says("Helm release argocd/argo").says("would have to be made anew");
    let named: Vec<String> = refused
        .stderr
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" under another name")?.split_once(" would have to be made anew"))
        .map(|(object, _)| object.replace("argocd/", "").replace(' ', "/"))
        .collect();
    assert_eq!(named.len(), 7, "{}", refused.stderr);
    assert!(hub.commits().is_empty(), "nothing was pushed");

    let replaced = format!("mayReplace: [{}]", named.join(", "));
    let adopted =
        theirs.adopt(&[&replaced]).expect(0).says("kept       ConfigMap argocd/of-the-chart: Helm had brought it");
    adopted.says("Secret argocd/sh.helm.release.v1.argo.v1: Helm no longer knows release argo revision 1");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert_eq!(theirs.uids(), uids);
    assert_eq!(hub.object("configmap", "of-the-chart").expect("it stays")["metadata"]["uid"], of_chart);
    for object in theirs.brought() {
        let marks = &object["metadata"]["annotations"]["meta.helm.sh/release-name"];
        assert!(marks.is_null(), "{}: {marks}", object["metadata"]["name"]);
    }
    let workloads = hub.kubectl(&["get", "deployments,statefulsets", "-n", "argocd", "-o", "name"]);
    assert!(!workloads.contains("argo-argocd"), "{workloads}");
    // Helm neither removes it nor takes it back.
    let (gone, said) = helm(&theirs, &["uninstall", RELEASE]);
    assert!(!gone && said.contains("not found"), "{said}");
    let (again, said) = helm(&theirs, &["install", RELEASE, chart]);
    assert!(!again && said.contains("invalid ownership metadata"), "{said}");
    hub.run("verify").expect(0);
}

/// What argocd-autopilot has in its repository: `bootstrap/` with its own Applications, `projects/` with those of people.
fn write_autopilot(theirs: &Theirs, objects: &[Value]) {
    let url = theirs.shop_url();
    let application = |name: &str, path: &str, cascades: bool| {
        let mut application = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": name, "namespace": "argocd",
                "labels": {"app.kubernetes.io/managed-by": "argocd-autopilot", "app.kubernetes.io/name": name}},
            "spec": {"project": "default", "source": {"repoURL": url, "path": path, "targetRevision": "main"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"},
                "syncPolicy": {"automated": {"allowEmpty": true, "prune": true, "selfHeal": true}}}});
        if cascades {
            application["metadata"]["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
        }
        application
    };
    let resources = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": "cluster-resources", "namespace": "argocd"},
        "spec": {"generators": [{"list": {"elements": []}}], "syncPolicy": {"preserveResourcesOnDeletion": true},
            "template": {"metadata": {"name": "cluster-resources-{{name}}"}, "spec": {"project": "default",
                "source": {"repoURL": url, "path": "none"}, "destination": {"server": "https://kubernetes.default.svc"}}}}});
    let project = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": "testing", "namespace": "argocd"},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}});
    let root = application("root", "projects", true);
    let itself = application("argo-cd", "bootstrap/argo-cd", false);
    theirs
        .shop
        .commit(|folder| {
            let write = |path: &str, object: &Value| {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, object.to_string()).expect("a file");
            };
            write("bootstrap/root.json", &root);
            write("bootstrap/argo-cd.json", &itself);
            write("bootstrap/cluster-resources.json", &resources);
            write("projects/testing.json", &project);
            for (index, object) in objects.iter().enumerate() {
                write(&format!("bootstrap/argo-cd/{index}.json"), object);
            }
        })
        .expect("committed");
    theirs.kubectl_with(&["apply", "-f", "-"], &[application("autopilot-bootstrap", "bootstrap", true)]);
}

#[test]
#[ignore = "needs the testbed"]
fn an_argo_cd_of_autopilot_is_taken_over_and_its_projects_stay_the_users() {
    let theirs = Theirs::new();
    let hub = &theirs.hub;
    let mut objects = theirs.manifest();
    theirs.apply_client_side(&objects);
    for object in &mut objects {
        let is_namespaced = !["CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"]
            .contains(&object["kind"].as_str().expect("a kind"));
        if is_namespaced {
            object["metadata"]["namespace"] = json!("argocd");
        }
    }
    // Argo CD could not apply it otherwise.
    edit(&mut objects, "CustomResourceDefinition", "applicationsets.argoproj.io", |it| {
        it["metadata"]["annotations"] = json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true"});
    });
    write_autopilot(&theirs, &objects);
    let synced =
        |name: &str| hub.object("application", name).is_some_and(|it| it["status"]["sync"]["status"] == "Synced");
    for name in ["autopilot-bootstrap", "root", "argo-cd"] {
        hub.eventually_synced("autopilot-bootstrap", name, || synced(name));
    }
    let uid = |kind: &str, name: &str| hub.object(kind, name).expect("it is there")["metadata"]["uid"].clone();
    let before =
        [uid("appproject", "testing"), uid("applicationset", "cluster-resources"), uid("configmap", "argocd-cm")];
    let pods = theirs.pods();

    let refused = theirs.adopt(&[]).expect(3).says("argocd-autopilot");
    let refused = refused.says("mayRemove: [argo-cd, autopilot-bootstrap]").says("mayReplace: [Application/root]");
    refused.says("Application argocd/autopilot-bootstrap brings what manages this Argo CD");

    let settings = ["mayRemove: [argo-cd, autopilot-bootstrap]", "mayReplace: [Application/root]"];
    // However often it is killed, and in whatever phase, the next run goes on.
    for phase in ["commit", "hold", "renamed", "removed", "let go", "apply", "sync", "release"] {
        theirs.adopt_killed_at(phase, &settings);
    }
    theirs.adopt(&settings).expect(0);
    assert_eq!(hub.commits().len(), 1, "one commit, however often it was tried");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert!(hub.object("application", "root-before").is_some(), "root of people goes on under another name");
    let after =
        [uid("appproject", "testing"), uid("applicationset", "cluster-resources"), uid("configmap", "argocd-cm")];
    assert_eq!(after, before);
    assert_eq!(theirs.pods(), pods, "no pod was restarted");
    assert!(
        hub.object("application", "autopilot-bootstrap").is_none() && hub.object("application", "argo-cd").is_none()
    );
    // What people push goes on to reach the cluster.
    theirs
        .shop
        .commit(|folder| {
            let project = folder.join("projects/testing.json");
            let other = fs::read_to_string(&project).expect("the project").replace("testing", "second");
            fs::write(folder.join("projects/second.json"), other).expect("a file");
        })
        .expect("committed");
    hub.eventually_synced("root-before", "a project of people comes", || hub.object("appproject", "second").is_some());
    assert!(hub.object("appproject", "testing").is_some());
    for object in theirs.brought() {
        let managers = managers(&object);
        let is_client_side = |it: &Value| it["manager"] == "argocd-controller" && it["operation"] == "Update";
        let entries = object["metadata"]["managedFields"].as_array().expect("entries");
        assert!(!entries.iter().any(is_client_side), "{}: {managers:?}", object["metadata"]["name"]);
    }
    eventually("the hub is proven again", || hub.run("verify").code() == 0);
}
