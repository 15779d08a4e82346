//! The custom actions of the hub: what they tell is true, and none of them changes anything.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::fixture::{Hub, eventually};
use super::installed::Kind;

/// The files that a commit changed, as `diff` names them.
fn committed(hub: &Hub, commit: &str) -> BTreeMap<String, String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(hub.repository.dir()).args(["show", "--format=", "--name-status", "--no-renames", commit]);
    let text = String::from_utf8(git.output().expect("git starts").stdout).expect("git speaks UTF-8");
    let change = |line: &str| {
        let (letter, path) = line.split_once('\t').expect("a letter and a path");
        let change = match letter {
            "A" => "add",
            "M" => "update",
            "D" => "remove",
            other => panic!("{other} {path}"),
        };
        (path.to_owned(), change.to_owned())
    };
    text.lines().map(change).collect()
}

fn told(diff: &Value, place: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = diff.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("no {place} in {diff:#}"));
    list.iter().map(|it| (text(&it["what"]), text(&it["change"]))).collect()
}

fn diff(hub: &Hub) -> Value {
    hub.run("diff").expect(0);
    serde_json::from_str(&hub.output("diff")).expect("the diff is JSON")
}

/// Every object of the hub with its version, but for Applications and Events, which others write all the time.
fn versions(hub: &Hub) -> BTreeMap<String, String> {
    const KINDS: &str = "namespaces,customresourcedefinitions,serviceaccounts,roles,rolebindings,clusterroles,\
        clusterrolebindings,configmaps,secrets,services,deployments,statefulsets,networkpolicies";
    let list: Value = serde_json::from_str(&hub.kubectl(&["get", KINDS, "-A", "-o", "json"])).expect("JSON");
    let of = |it: &Value| {
        let name = format!("{} {} {}", it["kind"], it["metadata"]["namespace"], it["metadata"]["name"]);
        (name, it["metadata"]["resourceVersion"].to_string())
    };
    list["items"].as_array().expect("a list").iter().map(of).collect()
}

#[test]
#[ignore = "needs the testbed"]
fn a_diff_tells_what_install_does_and_does_nothing_itself() {
    let hub = Hub::with_crossplane();

    // Before the first install.
    let before = versions(&hub);
    let first = diff(&hub);
    assert_eq!(first["differs"], true);
    assert!(hub.commits().is_empty(), "a diff commits nothing");
    assert_eq!(versions(&hub), before, "a diff writes nothing");
    let objects = told(&first, "/cluster/objects");
    assert_eq!(objects["Namespace argocd"], "add");
    assert_eq!(objects["Application argocd/root"], "add");
    assert_eq!(objects["Secret argocd/hub-repository"], "add");
    hub.run("install").expect(0);
    assert_eq!(told(&first, "/git/files"), committed(&hub, &hub.commits()[0]));

    // After it.
    let head = hub.commits()[0].clone();
    let before = versions(&hub);
    hub.run("diff").expect(0).says("no difference: nothing would change").says("argocd app diff crossplane");
    let same: Value = serde_json::from_str(&hub.output("diff")).expect("JSON");
    assert_eq!((&same["differs"], &same["git"]["revision"]), (&json!(false), &json!(head)), "{same:#}");
    assert_eq!(versions(&hub), before, "a diff writes nothing");
    assert_eq!(hub.commits()[0], head);

    // With a new bundle.
    hub.edit_document(|text| {
        text.replacen("  argocd:\n", "  argocd:\n    config: {url: \"https://argocd.example.org\"}\n", 1)
    });
    let before = versions(&hub);
    let run = hub
        .run("diff")
        .expect(0)
        .says("~ argocd/configmap-argocd-cm.yaml")
        .says("~ ConfigMap argocd/argocd-cm  (by argocd)");
    run.says("url: https://argocd.example.org");
    let change: Value = serde_json::from_str(&hub.output("diff")).expect("JSON");
    assert_eq!(versions(&hub), before, "a diff writes nothing");
    assert_eq!(hub.commits()[0], head);
    assert_eq!(
        told(&change, "/cluster/objects"),
        BTreeMap::from([("ConfigMap argocd/argocd-cm".to_owned(), "update".to_owned())])
    );
    assert_eq!(change["cluster"]["objects"][0]["fields"], json!(["data.url"]), "{change:#}");
    hub.run("upgrade").expect(0);
    assert_eq!(told(&change, "/git/files"), committed(&hub, &hub.commits()[0]));
    assert_eq!(diff(&hub)["differs"], false);

    // What a person and the bundle changed both.
    hub.commit(|folder| {
        let file = folder.join("argocd/configmap-argocd-cm.yaml");
        let text = fs::read_to_string(&file).expect("argocd-cm is in git");
        fs::write(&file, text.replace("argocd.example.org", "mine.example.org")).expect("written");
    });
    hub.edit_document(|text| text.replace("argocd.example.org", "theirs.example.org"));
    let refused = diff(&hub);
    assert_eq!(
        told(&refused, "/git/files"),
        BTreeMap::from([("argocd/configmap-argocd-cm.yaml".to_owned(), "refuse".to_owned())])
    );
    assert!(refused.get("cluster").is_none(), "{refused:#}");
    hub.run("install").expect(3).says("argocd/configmap-argocd-cm.yaml");
}

#[test]
#[ignore = "needs the testbed"]
fn what_failed_speaks_first_in_the_logs_and_no_secret_is_in_them() {
    let none = Hub::plain();
    none.run("logs").expect(0).says("there are no pods of Argo CD");
    drop(none);

    let hub = Hub::installed(Kind::Plain);
    let run = hub.run("logs").expect(0).says(" argocd-repo-server | ").says(" argocd-application-controller | ");
    for user in [hub.repository.writer(), hub.repository.reader()] {
        assert!(!run.stderr.contains(&user.password), "a password is in the logs");
    }
    let lines = run.stderr.lines().filter(|line| line.contains(" argocd-repo-server | ")).count();
    assert!((1..=50).contains(&lines), "{lines} lines");

    // An argument that the program does not know ends it at once.
    let broken = r#"[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--no-such-flag"}]"#;
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=0"]);
    hub.kubectl(&["patch", "deployment", "argocd-repo-server", "-n", "argocd", "--type=json", "-p", broken]);
    eventually("the pod crashes", || hub.kubectl(&["get", "pods", "-n", "argocd"]).contains("CrashLoopBackOff"));
    // By now the pod may be in its next attempt, so that its state is another one.
    let run = hub.run("logs").expect(0).says("not ready, started anew").says("no-such-flag");
    let first = run.stderr.lines().find(|line| line.contains(" | ")).expect("a line of a log");
    assert!(first.contains("argocd/argocd-repo-server"), "{first}");
}

#[test]
#[ignore = "needs the testbed"]
fn machines_are_answered_in_json() {
    let hub = Hub::installed(Kind::Plain);
    let answer = |action: &str| -> Value {
        let stdout = hub.answer_in_json(action);
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{action}: {error}: {stdout}"))
    };
    eventually("the hub is ready", || answer("status")["status"] == "Ready");
    assert_eq!(answer("status")["components"]["argocd"]["status"], "Ready");
    assert_eq!(answer("verify")["holds"], true);
    assert_eq!(answer("diff")["differs"], false);
}
