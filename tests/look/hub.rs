//! `bead list`, `tree`, `open` and `logs` on a hub with a bead.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::look;
use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;
use crate::signals;

/// The first object of a kind and a name in a tree.
fn find<'t>(tree: &'t Value, kind: &str, name: &str) -> Option<&'t Value> {
    if tree["kind"] == kind && tree["name"] == name {
        return Some(tree);
    }
    let below = tree.get("trees").or(tree.get("children"))?.as_array()?;
    below.iter().find_map(|it| find(it, kind, name))
}

#[test]
#[ignore = "needs the testbed"]
fn what_hangs_on_a_hub_is_listed_and_drawn() {
    let hub = Hub::installed(Kind::Plain);
    let kubeconfig = hub.cluster.kubeconfig();
    look("bead list", kubeconfig).exits(0).says("this hub has no bead").says("not looked at: beads that are in git");

    let bead = Bead::new(&hub, "hello");
    bead.run("install").expect(0);
    let head = hub.commits()[0].clone();
    let list = look("bead list --output json", kubeconfig).exits(0).document("bead-list");
    let it = &list["beads"][0];
    assert_eq!(
        (&it["name"], &it["version"], &it["status"], &it["revision"]),
        (&json!("hello"), &json!("0.1.0"), &json!("Ready"), &json!(head))
    );
    assert_eq!(it["from"], json!({"repository": hub.repository.url(), "branch": "main", "path": "beads/hello/apps"}));
    let part = json!({"name": "application", "application": "bead-hello-application", "sync": "Synced", "health": "Healthy", "message": null});
    assert_eq!(it["parts"], json!([part]), "{list:#}");
    assert_eq!(look("bead list --output name", kubeconfig).exits(0).stdout, "bead.backstack.dev/hello\n");
    look("bead list", kubeconfig).exits(0).says("hello  0.1.0    Ready   application");

    // The whole tree, with nothing wrong in it.
    let tree = look("tree --output json", kubeconfig).exits(0).document("tree");
    assert_eq!(
        (tree["trees"].as_array().map(Vec::len), &tree["trees"][0]["name"]),
        (Some(1), &json!("root")),
        "{tree:#}"
    );
    let part = find(&tree, "Application", "bead-hello-application").expect("the part");
    assert_eq!(find(part, "Deployment", "hello").expect("its object")["message"], json!(null));
    let drawn = look("tree", kubeconfig).exits(0).says("found nothing wrong");
    let lines: Vec<&str> = drawn.stderr.lines().collect();
    assert!(lines.iter().any(|it| it.starts_with("├─ Application argocd/argocd  Synced Healthy")), "{}", drawn.stderr);
    assert!(!drawn.stderr.contains("Deployment hello/hello"), "folded: {}", drawn.stderr);
    look("tree bead-hello --all", kubeconfig).exits(0).says("   └─ ").says("─ Deployment hello/hello");
    look("tree bead-helo", kubeconfig).exits(1).says("did you mean `bead-hello`?");

    // What is not well is drawn, with what it says itself.
    hub.commit(|folder| {
        let file = folder.join("beads/hello/application/deployment-hello.hello.yaml");
        let text = std::fs::read_to_string(&file).expect("the object is in git");
        let sick = text.replacen("      labels:\n", "      labels:\n        testbed/pod: NotReady\n", 1);
        assert_ne!(sick, text, "{text}");
        std::fs::write(&file, sick).expect("written");
    });
    hub.eventually_synced("bead-hello-application", "it is not well", || {
        let tree = look("tree bead-hello --output json", kubeconfig).json();
        let message = find(&tree, "Deployment", "hello").map_or(&Value::Null, |it| &it["message"]);
        message.as_str().is_some_and(|it| it.contains("replicas"))
    });
    look("tree bead-hello", kubeconfig).exits(0).says("─ Deployment hello/hello: ").says("not well");
    // An image that does not come is named by whoever is asked.
    hub.commit(|folder| {
        let file = folder.join("beads/hello/application/deployment-hello.hello.yaml");
        let text = std::fs::read_to_string(&file).expect("the object is in git");
        std::fs::write(&file, text.replacen("testbed/pod: NotReady", "testbed/pod: ImagePullBackOff", 1))
            .expect("written");
    });
    let told = |text: &str| {
        text.contains("Pod hello/hello-") && text.contains("ImagePullBackOff: Back-off pulling image; image ")
    };
    hub.eventually_synced("bead-hello-application", "its image does not come", || {
        let tree = look("tree hello --output json", kubeconfig).json();
        find(&tree, "Deployment", "hello").is_some_and(|it| it["message"].as_str().is_some_and(told))
    });
    let status = look("status --output json", kubeconfig).exits(0).document("status");
    let message = &status["components"]["bead-hello-application"]["message"];
    assert!(message.as_str().is_some_and(told), "{status:#}");
    let late =
        look("wait --bead hello --timeout 20s", kubeconfig).exits(4).says("hint: the image has to be at that address");
    assert!(told(&late.stderr), "{}", late.stderr);
    look("wait --bead helo --timeout 5m", kubeconfig)
        .exits(1)
        .says("bead helo is not in the hub repository")
        .says("did you mean `hello`?");
    // One that is pushed and not there yet is waited for.
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=0"]);
    let pushed = Bead { timeout: "40s", ..Bead::new(&hub, "next") };
    pushed.run("install").expect(4);
    look("wait --bead next --timeout 5s", kubeconfig).exits(4);
    hub.kubectl(&["scale", "statefulset", "argocd-application-controller", "-n", "argocd", "--replicas=1"]);
    look("wait --bead next --timeout 5m", kubeconfig).exits(0).says("2 Applications are Synced and Healthy");
    eventually("the list tells it", || {
        look("bead list --output json", kubeconfig).json()["beads"][0]["status"] == "Pending"
    });
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_is_opened_and_its_logs_are_read() {
    let hub = Hub::installed(Kind::Plain);
    let kubeconfig = hub.cluster.kubeconfig();
    let secret = ["get", "secret", "argocd-initial-admin-secret", "-n", "argocd", "--ignore-not-found", "-o", "name"];
    eventually("the first password is there", || !hub.kubectl(&secret).is_empty());
    let run = look("open --output json", kubeconfig).exits(0);
    let opened = run.document("open");
    let tunnel =
        format!("kubectl --kubeconfig {} -n argocd port-forward service/argocd-server 8080:443", kubeconfig.display());
    assert_eq!(
        (&opened["argocd"]["portForward"], &opened["argocd"]["address"]),
        (&json!(tunnel), &json!("https://localhost:8080"))
    );
    assert_eq!(
        (&opened["login"]["user"], &opened["login"]["hasInitialPassword"], &opened["backstage"]),
        (&json!("admin"), &json!(true), &json!(null))
    );

    // The command that it names reads the password, and it prints it nowhere.
    let path = format!("{}:{}", TESTBED.bin().display(), std::env::var("PATH").expect("a path"));
    let read = opened["login"]["readPassword"].as_str().expect("a command");
    let read = Command::new("sh").args(["-c", read]).env("PATH", path).output().expect("a shell");
    let password = String::from_utf8(read.stdout).expect("text");
    assert!(password.len() >= 8, "{}", String::from_utf8_lossy(&read.stderr));
    let told = look("open", kubeconfig).exits(0).says("it is the first one").says("after: kubectl");
    assert!(!format!("{}{}{}{}", run.stdout, run.stderr, told.stdout, told.stderr).contains(&password));

    hub.kubectl(&["delete", "secret", "argocd-initial-admin-secret", "-n", "argocd"]);
    hub.apply(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: page, namespace: argocd}
spec:
  tls: [{hosts: [cd.example.org]}]
  rules: [{host: cd.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: argocd-server, port: {number: 443}}}}]}}]",
    );
    let opened = look("open --output json", kubeconfig).exits(0).document("open");
    let argocd = json!({"address": "https://cd.example.org", "by": "Ingress argocd/page", "portForward": null});
    assert_eq!((&opened["argocd"], &opened["login"]["readPassword"]), (&argocd, &json!(null)));

    // Logs: each line with its pod, on stdout alone.
    let run = look("logs repo-server --tail 5", kubeconfig).exits(0);
    assert!((1..=5).contains(&run.stdout.lines().count()), "{}", run.stdout);
    assert!(
        run.stdout.lines().all(|line| line.starts_with("argocd-repo-server-") && line.contains(" | ")),
        "{}",
        run.stdout
    );
    let all = look("logs --tail 1", kubeconfig).exits(0);
    assert!(all.stdout.lines().any(|it| it.starts_with("argocd-application-controller-0 | ")), "{}", all.stdout);
    look("logs repo-sever", kubeconfig).exits(2).says("did you mean `repo-server`?");

    // What is written later comes, too, as long as somebody reads.
    let mut child = following(kubeconfig, &["application-controller", "--tail", "0"]);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let refresh = ["annotate", "application", "root", "-n", "argocd", "--overwrite", "argocd.argoproj.io/refresh=hard"];
    hub.kubectl(&refresh);
    let line = lines.next().expect("a line").expect("text");
    assert!(line.starts_with("argocd-application-controller-0 | "), "{line}");
    drop(lines);
    let child = RefCell::new(child);
    eventually("it ends when nobody reads", || {
        hub.kubectl(&refresh);
        child.borrow_mut().try_wait().expect("a child").is_some()
    });

    let mut child = following(kubeconfig, &[]);
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    lines.next().expect("a line").expect("text");
    std::thread::spawn(move || lines.for_each(drop));
    assert_eq!(child.try_wait().expect("a child"), None, "it goes on");
    signals::send("INT", &child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

/// The program with `logs --follow`.
fn following(kubeconfig: &Path, options: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
    command.args(["logs", "--follow", "--kubeconfig"]).arg(kubeconfig).args(options);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts")
}
