//! What is true of a hub that was installed on an empty cluster and handed over: one hub, and every promise in turn.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use serde_json::Value;

use super::fixture::{Hub, Run, TESTBED, eventually, managers, started};

/// Functions with their names.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => { [$((stringify!($promise), $promise)),*] };
}

/// A promise by its name.
type Promise = (&'static str, fn(&Hub));

/// What is promised of a hub from its first minute, in an order in which none disturbs the next.
const PROMISES: [Promise; 10] = promises![
    a_first_install_is_synced_at_the_pushed_commit_and_proved,
    argocd_is_as_the_document_has_it,
    no_released_object_keeps_a_backstack_manager,
    what_was_applied_is_what_git_holds,
    the_credential_in_the_cluster_cannot_push,
    a_rerun_makes_no_commit_and_changes_no_object,
    no_secret_is_printed_by_any_action,
    status_and_verify_tell_how_the_hub_is,
    drift_is_healed,
    an_edit_in_git_reaches_the_cluster_and_a_removed_key_disappears_from_it,
];

/// What a document says of Argo CD beyond its version.
const AS_PEOPLE_RUN_IT: &str = "    config:
      admin.enabled: 'false'
      oidc.config: '{name: Example, issuer: https://id.example.org, clientID: $sso:id}'
    rbac: {policy.default: role:readonly, policy.csv: 'g, platform, role:admin'}
    patches:
    - target: {kind: Deployment, name: argocd-repo-server}
      patch: |
        spec: {template: {spec: {containers: [{name: argocd-repo-server, resources: {requests: {cpu: 10m}}}]}}}
    - target: {kind: Deployment, name: argocd-notifications-controller}
      patch: '$patch: delete'
    - target: {kind: StatefulSet}
      patch: '[{op: add, path: /spec/template/spec/priorityClassName, value: system-cluster-critical}]'
";
/// The value of the Secret that its settings refer to.
const SSO_ID: &str = "client-of-the-first-install";

#[test]
#[ignore = "needs the testbed"]
fn a_first_install_keeps_every_promise() {
    let hub = Hub::with_crossplane();
    hub.edit_document(|text| text.replacen("  argocd:\n", &format!("  argocd:\n{AS_PEOPLE_RUN_IT}"), 1));
    // Later runs leave the Secret out, and it stays.
    let step =
        hub.step("install").replace("file: hub.yaml", "file: hub.yaml\n        secrets: {sso: {id: {env: SSO_ID}}}");
    let mut install = hub.command(&hub.bundle(), "install");
    let timeline = hub.folder.path().join("timeline.json");
    install.env("SSO_ID", SSO_ID).arg("--timeline").arg(&timeline);
    let run = Run::of(started(install, &step)).expect(0).says("Secret argocd/sso  written");
    assert!(!run.stderr.contains(SSO_ID), "{}", run.stderr);
    the_timeline_has_every_phase(&fs::read_to_string(timeline).expect("a timeline"));
    let mut broken = Vec::new();
    for (name, promise) in PROMISES {
        println!("{name}");
        broken.extend(catch_unwind(AssertUnwindSafe(|| promise(&hub))).is_err().then_some(name));
    }
    assert_eq!(broken, [""; 0], "what each of them said is above");
}

/// Each begins where the one before it has ended, and what was waited for stands beside them.
fn the_timeline_has_every_phase(text: &str) {
    let timeline: Value = serde_json::from_str(text).expect("JSON");
    let events: Vec<&Value> =
        timeline["traceEvents"].as_array().expect("events").iter().filter(|it| it["ph"] == "X").collect();
    let phases: Vec<&Value> = events.iter().copied().filter(|it| it["tid"] == 1).collect();
    let names: Vec<&str> = phases.iter().filter_map(|it| it["name"].as_str()).collect();
    let wanted = ["cluster", "render", "commit", "credential", "apply", "sync", "release", "proven", "done"];
    assert!(wanted.iter().all(|it| names.contains(it)), "{names:?}");
    for two in phases.windows(2) {
        let ended = two[0]["ts"].as_u64().zip(two[0]["dur"].as_u64()).map(|(at, took)| at + took);
        assert!(ended.zip(two[1]["ts"].as_u64()).is_some_and(|(end, next)| end.abs_diff(next) <= 1), "{two:?}");
    }
    for wait in ["Argo CD heals the drift canary", "Argo CD compares argocd with git and the cluster"] {
        assert!(events.iter().any(|it| it["tid"] == 2 && it["name"] == wait), "{wait}: {text}");
    }
}

fn applications(hub: &Hub) -> Vec<Value> {
    let list: Value = serde_json::from_str(&hub.kubectl(&["get", "applications", "-n", "argocd", "-o", "json"]))
        .expect("kubectl prints JSON");
    list["items"].as_array().expect("a list").clone()
}

/// The objects of the kinds that the bootstrap applies, with their managers.
fn objects(hub: &Hub) -> Vec<Value> {
    const KINDS: &str = "namespaces,customresourcedefinitions,serviceaccounts,roles,rolebindings,clusterroles,\
        clusterrolebindings,configmaps,secrets,services,deployments,statefulsets,networkpolicies,appprojects,applications";
    let list: Value =
        serde_json::from_str(&hub.kubectl(&["get", KINDS, "-n", "argocd", "-o", "json", "--show-managed-fields"]))
            .expect("kubectl prints JSON");
    list["items"].as_array().expect("a list").clone()
}

fn a_first_install_is_synced_at_the_pushed_commit_and_proved(hub: &Hub) {
    let head = hub.commits()[0].clone();
    for application in applications(hub) {
        let name = &application["metadata"]["name"];
        assert_eq!(application["status"]["sync"]["status"], "Synced", "{name}");
        assert_eq!(application["status"]["health"]["status"], "Healthy", "{name}");
        assert_eq!(application["status"]["sync"]["revision"], head.as_str(), "{name}");
    }
    let names: Vec<String> =
        applications(hub).iter().map(|it| it["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(names, ["argocd", "crossplane", "root"]);
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert!(proof["objects"].as_u64().is_some_and(|count| count > 60), "{proof:#}");
    assert!(!hub.kubectl(&["get", "deployment", "crossplane", "-n", "crossplane-system", "-o", "name"]).is_empty());
}

fn argocd_is_as_the_document_has_it(hub: &Hub) {
    let repo_server = hub.object("deployment", "argocd-repo-server").expect("the repo-server");
    let pod = &repo_server["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["resources"]["requests"]["cpu"], "10m");
    assert!(!pod["containers"][0]["args"].is_null() && !pod["initContainers"].is_null(), "the rest is there: {pod:#}");
    let controller = hub.object("statefulset", "argocd-application-controller").expect("the controller");
    assert_eq!(controller["spec"]["template"]["spec"]["priorityClassName"], "system-cluster-critical");
    assert!(hub.object("deployment", "argocd-notifications-controller").is_none(), "a patch takes it away");
    let rbac = hub.object("configmap", "argocd-rbac-cm").expect("its policy");
    assert_eq!(rbac["data"]["policy.csv"], "g, platform, role:admin");
    for object in [&repo_server, &controller, &rbac] {
        assert!(managers(object).contains(&"argocd-controller".to_owned()), "{}", object["metadata"]["name"]);
    }
    let secret = hub.object("secret", "sso").expect("the Secret of the step");
    assert_eq!(managers(&secret), ["backstack-credentials"]);
    // Argo CD itself says what the reference stands for.
    let server = hub.cluster.argocd_server("argocd").expect("the server is up");
    eventually("Argo CD resolves the reference", || {
        let mut curl = Command::new("curl");
        curl.args(["--insecure", "--silent", "--max-time", "10"]).arg(format!("https://{server}/api/v1/settings"));
        let output = curl.output().expect("curl starts");
        let settings: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        settings["oidcConfig"]["clientID"] == SSO_ID
    });
}

fn a_rerun_makes_no_commit_and_changes_no_object(hub: &Hub) {
    let commits = hub.commits();
    // The status of an Application is the controller's own: it writes it at every comparison.
    let versions = || -> Vec<(String, String)> {
        let of = |it: &Value| {
            (format!("{}/{}", it["kind"], it["metadata"]["name"]), it["metadata"]["resourceVersion"].to_string())
        };
        objects(hub).iter().filter(|it| it["kind"] != "Application").map(of).collect()
    };
    let specs = || -> Vec<Value> { applications(hub).into_iter().map(|it| it["spec"].clone()).collect() };
    let (before, specs_before) = (versions(), specs());
    assert!(before.len() > 60, "{} objects", before.len());
    hub.run("install").expect(0).says("0 objects applied").says("0 objects released");
    hub.run("upgrade").expect(0).says("0 objects applied");
    assert_eq!(hub.commits(), commits);
    assert_eq!(versions(), before);
    assert_eq!(specs(), specs_before);
}

fn no_released_object_keeps_a_backstack_manager(hub: &Hub) {
    let objects = objects(hub);
    assert!(objects.len() > 60, "{} objects", objects.len());
    let by_argocd = objects.iter().filter(|it| managers(it).contains(&"argocd-controller".to_owned())).count();
    assert!(by_argocd > 60, "{by_argocd} objects");
    for object in &objects {
        let managers = managers(object);
        assert!(!managers.contains(&"backstack".to_owned()), "{}: {managers:?}", object["metadata"]["name"]);
    }
    let secret = hub.object("secret", "hub-repository").expect("the repository credential");
    assert_eq!(managers(&secret), ["backstack-credentials"]);
}

fn what_was_applied_is_what_git_holds(hub: &Hub) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = hub.repository.url_for(hub.repository.reader());
    let cloned = Command::new("git").args(["clone", "--quiet", &url]).arg(folder.path()).status();
    assert!(cloned.expect("git starts").success());
    let diff = Command::new(TESTBED.bin().join("kubectl"))
        .arg("--kubeconfig")
        .arg(hub.cluster.kubeconfig())
        .args(["diff", "--server-side", "--force-conflicts", "--field-manager=argocd-controller", "-f"])
        .arg(folder.path().join("argocd"))
        .output()
        .expect("kubectl starts");
    assert!(diff.status.code().is_some_and(|code| code <= 1), "{}", String::from_utf8_lossy(&diff.stderr));
    // Argo CD adds its tracking annotation, which git does not hold; nothing else may differ.
    let text = String::from_utf8(diff.stdout).expect("a diff is text");
    let differing: Vec<&str> = text
        .lines()
        .filter(|line| {
            (line.starts_with('+') || line.starts_with('-')) && !line.starts_with("+++") && !line.starts_with("---")
        })
        .filter(|line| !line.contains("argocd.argoproj.io/tracking-id") && !line.contains("generation:"))
        .filter(|line| !matches!(line.trim_start_matches(['+', '-']).trim(), "annotations:"))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

fn an_edit_in_git_reaches_the_cluster_and_a_removed_key_disappears_from_it(hub: &Hub) {
    let data = |key: &str| hub.object("configmap", "argocd-cm").map(|it| it["data"][key].clone()).unwrap_or_default();
    // A key that the bootstrap itself has set: only a released one can go.
    let bootstrap_key = "application.resourceTrackingMethod";
    assert_eq!(data(bootstrap_key), "annotation");
    let edit = |change: &dyn Fn(&str) -> String| {
        hub.commit(|folder| {
            let file = folder.join("argocd/configmap-argocd-cm.yaml");
            let text = fs::read_to_string(&file).expect("argocd-cm is in git");
            fs::write(&file, change(&text)).expect("argocd-cm is written");
        });
    };
    edit(&|text| {
        let without = text.lines().filter(|line| !line.contains(bootstrap_key)).collect::<Vec<_>>().join("\n");
        without.replacen("data:\n", "data:\n  url: https://argocd.example.org\n", 1) + "\n"
    });
    hub.eventually_synced("argocd", "the edit reaches the cluster", || data("url") == "https://argocd.example.org");
    hub.eventually_synced("argocd", "the removed key disappears", || data(bootstrap_key).is_null());
    // People's edits are kept by a re-run.
    let commits = hub.commits();
    hub.run("install").expect(0);
    assert_eq!(hub.commits(), commits);
    edit(&|text| {
        text.lines().filter(|line| !line.contains("argocd.example.org")).collect::<Vec<_>>().join("\n").replacen(
            "data:\n",
            &format!("data:\n  {bootstrap_key}: annotation\n"),
            1,
        ) + "\n"
    });
    hub.eventually_synced("argocd", "the second removal reaches the cluster", || data("url").is_null());
    hub.run("install").expect(0); // waits until Argo CD is at the last commit everywhere
    hub.run("verify").expect(0);
}

fn drift_is_healed(hub: &Hub) {
    let canary = || hub.object("configmap", "backstack-canary");
    let uid = canary().expect("the canary")["metadata"]["uid"].clone();
    hub.kubectl(&["delete", "configmap", "backstack-canary", "-n", "argocd"]);
    eventually("the deleted ConfigMap comes back", || canary().is_some_and(|it| it["metadata"]["uid"] != uid));
    hub.kubectl(&["patch", "configmap", "backstack-canary", "-n", "argocd", "-p", r#"{"data":{"heal":"off"}}"#]);
    eventually("the changed key is healed", || canary().is_some_and(|it| it["data"]["heal"] == "on"));
}

fn the_credential_in_the_cluster_cannot_push(hub: &Hub) {
    let secret = hub.object("secret", "hub-repository").expect("the repository credential");
    assert_eq!(secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"], "repository");
    let folder = tempfile::tempdir().expect("a folder");
    let url = hub.repository.url_for(hub.repository.reader());
    let git = |args: &[&str], at: &Path| {
        Command::new("git").arg("-C").arg(at).args(args).env("GIT_TERMINAL_PROMPT", "0").output().expect("git starts")
    };
    assert!(git(&["clone", "--quiet", &url, "."], folder.path()).status.success());
    let pushed = git(&["push", "--dry-run", "origin", "HEAD:refs/heads/other"], folder.path());
    assert!(!pushed.status.success());
    let writer = &hub.repository.writer().password;
    let all = hub.kubectl(&["get", "secrets,configmaps", "-A", "-o", "json"]);
    let encoded = base64::engine::general_purpose::STANDARD.encode(writer);
    assert!(!all.contains(writer.as_str()) && !all.contains(&encoded), "the push password is in the cluster");
}

fn status_and_verify_tell_how_the_hub_is(hub: &Hub) {
    // After the drift of another test Argo CD may still be comparing.
    eventually("the hub is ready", || hub.run("status").expect(0).stderr.contains("hub is Ready"));
    hub.run("status").expect(0).says("crossplane");
    let status: Value = serde_json::from_str(&hub.output("status")).expect("the status is JSON");
    assert_eq!(status["status"], "Ready");
    assert_eq!(status["components"]["argocd"]["status"], "Ready");
    let other = hub.step("status").replace("          push:", "          branch: other\n          push:");
    let other = Run::of(started(hub.command(&hub.bundle(), "status"), &other)).expect(3);
    other.says("this cluster is already a hub of").says("(branch other)");
    hub.run("verify").expect(0).says("Argo CD heals drift");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true);
    assert!(proof["canaryHealedMs"].is_u64(), "{proof:#}");
}

fn no_secret_is_printed_by_any_action(hub: &Hub) {
    for action in ["install", "status", "verify"] {
        let run = hub.run_with(action, &[("PORTER_DEBUG", "true")], None).expect(0);
        for user in [hub.repository.writer(), hub.repository.reader()] {
            assert!(!run.stderr.contains(&user.password), "{action} prints a password");
        }
    }
}
