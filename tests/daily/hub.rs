//! A hub that is looked at with nothing but its kubeconfig.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;
use crate::support::{Mixin, Run, with_token};

/// May look at everything of a hub but at Secrets.
const READER: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": "default"}},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": [
        {"apiGroups": ["argoproj.io", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io"],
         "resources": ["*"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["namespaces", "configmaps", "pods", "services", "serviceaccounts",
            "replicationcontrollers"], "verbs": ["get", "list"]}]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "reader"},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
     "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": "default"}]}]}"#;

/// The commit as it is shown.
fn short(commit: &str) -> &str {
    &commit[..12]
}

/// Runs a verb with the kubeconfig of the hub, and no other word of it.
fn run(hub: &Hub, line: &str) -> Run {
    run_by(hub, hub.cluster.kubeconfig(), line)
}

/// The same with another kubeconfig.
fn run_by(hub: &Hub, kubeconfig: &Path, line: &str) -> Run {
    let mixin = Mixin::new(line).with_path().env("BACKSTACK_PACE", "4");
    let run = mixin.arg("--kubeconfig").arg(kubeconfig).run();
    for user in [hub.repository.writer(), hub.repository.reader()] {
        assert!(!format!("{}{}", run.stdout, run.stderr).contains(&user.password), "{line}: a password is shown");
    }
    run
}

/// The document of a verb, which is as its schema says.
#[track_caller]
fn document(hub: &Hub, verb: &str, options: &str, code: i32) -> Value {
    run(hub, &format!("{verb} {options} --output json")).exits(code).document(verb)
}

fn objects(diff: &Value) -> Vec<(&str, &str, Value)> {
    let all = diff["objects"].as_array().expect("a list").iter();
    all.map(|it| (it["what"].as_str().expect("text"), it["change"].as_str().expect("text"), it["fields"].clone()))
        .collect()
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_is_looked_at_by_its_kubeconfig_alone() {
    let hub = Hub::installed(Kind::Plain);
    let url = hub.repository.url();
    let head = hub.commits()[0].clone();

    let status = document(&hub, "status", "--exit-code", 0);
    assert_eq!((&status["status"], &status["revision"]), (&json!("Ready"), &json!(head)), "{status:#}");
    assert_eq!(status["repository"], json!({"url": url, "branch": "main", "head": head}));
    assert_eq!(
        run(&hub, "status --output name").stdout,
        "application.argoproj.io/argocd\napplication.argoproj.io/root\n"
    );
    let yaml = run(&hub, "status --output yaml");
    assert!(yaml.stdout.contains("status: Ready\n"), "{}", yaml.stdout);
    let told = run(&hub, &format!("status --repository {url}@main"));
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stderr.contains("hub is Ready: all 2 Applications are Synced and Healthy"), "{}", told.stderr);
    let other = run(&hub, &format!("status --repository {url}@dev"));
    assert_eq!((other.code, other.stderr.contains("this cluster is already a hub of")), (3, true), "{}", other.stderr);
    assert!(!other.stderr.contains("Ready"), "{}", other.stderr);

    // By another address of the host, and by one where nobody answers.
    let there = url.replace("127.0.0.1", "localhost");
    assert_eq!(document(&hub, "status", &format!("--git-url {there}"), 0)["repository"]["head"], json!(head));
    let nowhere = document(&hub, "status", "--git-url http://localhost:1/hub.git", 0);
    assert!(nowhere["repository"].get("head").is_none(), "{nowhere:#}");
    assert!(nowhere["notLookedAt"].to_string().contains("the commit that the branch is at: "), "{nowhere:#}");

    let proof = document(&hub, "verify", "", 0);
    assert_eq!((&proof["holds"], &proof["revision"]), (&json!(true), &json!(head)), "{proof:#}");
    run(&hub, "verify").exits(0).says(&format!("done       the hub at {} is proven; next: ", short(&head)));

    let same = document(&hub, "diff", "--exit-code", 0);
    assert_eq!((&same["differs"], &same["revision"]), (&json!(false), &json!(head)), "{same:#}");
    assert!(same["unchanged"].as_u64().is_some_and(|it| it > 50), "{same:#}");

    // Argo CD sleeps: what is pushed does not come, and what is changed stays.
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=0"]);
    hub.kubectl(&[
        "patch",
        "configmap",
        "backstack-canary",
        "-n",
        "argocd",
        "--type=merge",
        "-p",
        r#"{"data": {"heal": "off"}}"#,
    ]);
    let pushed = hub.commit(|folder| {
        let file = folder.join("argocd/configmap-argocd-cm.yaml");
        let before = fs::read_to_string(&file).expect("argocd-cm is in git");
        fs::write(&file, before.replacen("data:\n", "data:\n  help.chatText: asked\n", 1)).expect("written");
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-people, namespace: argocd}\n";
        fs::write(folder.join("argocd/of-people.yaml"), map).expect("written");
    });
    let status = document(&hub, "status", "--exit-code", 6);
    let message = status["message"].as_str().expect("text");
    assert!(
        message.starts_with(&format!("{} is pushed, Argo CD is at {}", short(&pushed), short(&head))),
        "{status:#}"
    );
    assert_eq!((&status["status"], &status["repository"]["head"]), (&json!("Pending"), &json!(pushed)));
    assert_eq!(run(&hub, "status").code, 0, "without --exit-code it is an answer");

    let diff = document(&hub, "diff", "--exit-code", 5);
    assert_eq!((&diff["differs"], &diff["revision"]), (&json!(true), &json!(pushed)), "{diff:#}");
    let mut found = objects(&diff);
    found.sort_by(|one, other| one.0.cmp(other.0));
    assert_eq!(
        found,
        [
            ("ConfigMap argocd/argocd-cm", "update", json!(["data.help.chatText"])),
            ("ConfigMap argocd/backstack-canary", "update", json!(["data.heal"])),
            ("ConfigMap argocd/of-people", "add", Value::Null),
            ("StatefulSet argocd/argocd-application-controller", "update", json!(["spec.replicas"])),
        ]
    );
    let markdown = run(&hub, "diff --output markdown");
    assert!(markdown.stdout.contains("| cluster | 1 | 3 | 0 | 0 |"), "{}", markdown.stdout);
    let late = run(&hub, "wait --timeout 5s");
    assert_eq!((late.code, late.stderr.contains("not yet at")), (4, true), "{}", late.stderr);

    // It wakes.
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=1"]);
    let waited = document(&hub, "wait", "--timeout 5m", 0);
    assert_eq!(
        (&waited["revision"], &waited["applications"]),
        (&json!(pushed), &json!(["argocd", "root"])),
        "{waited:#}"
    );
    assert_eq!(document(&hub, "status", "--exit-code", 0)["status"], "Ready");
    assert_eq!(document(&hub, "diff", "--exit-code", 0)["differs"], false);
    for line in [format!("wait --revision {pushed} --application argocd"), "wait --application root -o name".to_owned()]
    {
        assert_eq!(run(&hub, &line).code, 0, "{line}");
    }

    // What has left git, while Argo CD sleeps.
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=0"]);
    hub.commit(|folder| fs::remove_file(folder.join("argocd/of-people.yaml")).expect("removed"));
    let diff = document(&hub, "diff", "", 0);
    let gone = ("ConfigMap argocd/of-people", "remove", Value::Null);
    assert!(objects(&diff).contains(&gone), "{diff:#}");
}

#[test]
#[ignore = "needs the testbed"]
fn whoever_may_not_read_secrets_is_told_what_is_not_known() {
    let hub = Hub::installed(Kind::Plain);
    hub.apply(READER);
    let token = hub.kubectl(&["create", "token", "reader", "-n", "default"]);
    let file = with_token(hub.cluster.kubeconfig(), &token);

    let status = run_by(&hub, file.path(), "status --output json");
    assert_eq!(status.code, 0, "{}", status.stderr);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["status"], "Ready", "{status:#}");
    assert!(
        status["message"].as_str().is_some_and(|it| it.ends_with("whether more is pushed is not known")),
        "{status:#}"
    );
    let unseen = status["notLookedAt"].as_array().expect("a list").iter().filter_map(Value::as_str);
    assert!(unseen.clone().any(|it| it.starts_with("the commit that the branch is at: ")), "{status:#}");
    for verb in ["verify", "diff", "wait"] {
        let run = run_by(&hub, file.path(), verb);
        assert_eq!(
            (run.code, run.stderr.contains("Secret argocd/hub-repository")),
            (1, true),
            "{verb}: {}",
            run.stderr
        );
    }
}

#[test]
#[ignore = "needs the testbed"]
fn what_a_chart_renders_is_named_and_the_rest_of_a_bead_is_looked_at() {
    let hub = Hub::installed(Kind::Crossplane);
    let same = document(&hub, "diff", "--exit-code", 0);
    let unseen = same["notLookedAt"].to_string();
    assert!(unseen.contains("what Argo CD renders for bead-crossplane-application"), "{same:#}");
    let told = run(&hub, "diff");
    assert!(told.stderr.contains("objects that were looked at; what was not looked at may differ"), "{}", told.stderr);
    assert!(!told.stderr.contains("no difference,"), "{}", told.stderr);

    let waited = document(&hub, "wait", "--bead crossplane", 0);
    assert_eq!(waited["applications"], json!(["bead-crossplane", "bead-crossplane-application"]), "{waited:#}");
    assert_eq!(document(&hub, "status", "--exit-code", 0)["status"], "Ready");

    // The Application of the bead's part stands in a folder of the bead.
    let application = hub.object("application", "bead-crossplane-application").expect("it is there");
    let retry = r#"{"spec": {"syncPolicy": {"retry": {"limit": 1}}}}"#;
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=0"]);
    hub.kubectl(&["patch", "application", "bead-crossplane-application", "-n", "argocd", "--type=merge", "-p", retry]);
    assert_ne!(application["spec"]["syncPolicy"]["retry"]["limit"], json!(1), "{application:#}");
    let diff = document(&hub, "diff", "--exit-code", 5);
    let changed = objects(&diff).into_iter().find(|it| it.0 == "Application argocd/bead-crossplane-application");
    let (_, change, fields) = changed.unwrap_or_else(|| panic!("{diff:#}"));
    assert_eq!((change, fields), ("update", json!(["spec.syncPolicy.retry.limit"])));
}
