//! A hub whose cluster is gone comes back on another one, as docs/disaster.md says; `UPDATE=1` writes what a run says there.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::repository::{Left, of_a_plain_hub, uid};
use super::secrets::Safe;
use crate::hub::fixture::{Hub, Run as Ended, started};
use crate::hub::installed::Kind;
use crate::support::page::Page;
use crate::support::{Mixin, PorterHome, Run, text};

const PAGE: &str = "docs/disaster.md";
/// What the page shows of its bundle begins and ends so.
const FENCE: (&str, &str) = ("```yaml\n# porter.yaml\n", "```\n");

/// What people have in a folder when it happens: the bundle of the page, the identity, the export.
struct Way {
    folder: TempDir,
    safe: Safe,
    page: Page,
}

impl Way {
    fn new(url: &str) -> Self {
        let (folder, safe) = (tempfile::tempdir().expect("a folder"), Safe::new());
        let told = text(PAGE);
        let bundle = told.split_once(FENCE.0).and_then(|(_, rest)| rest.split_once(FENCE.1)).expect("a bundle").0;
        fs::create_dir_all(folder.path().join("again")).expect("a folder");
        fs::write(folder.path().join("again/porter.yaml"), bundle).expect("written");
        fs::copy(safe.file("key.txt"), folder.path().join("key.txt")).expect("copied");
        let mut page = Page::default();
        page.call(url, "https://git.example.org/me/hub.git");
        page.call(&safe.recipient, "age1…");
        page.call(&folder.path().display().to_string(), ".");
        Self { folder, safe, page }
    }

    /// Runs a line of the page with the kubeconfig of this hub, and writes down what it says.
    fn run(&mut self, hub: &Hub, line: &str, code: i32) -> Run {
        fs::copy(hub.cluster.kubeconfig(), self.folder.path().join("cluster.kubeconfig")).expect("copied");
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        let home = PorterHome::new().mixin("backstack", &program);
        let meant = line
            .replace("age1…", &self.safe.recipient)
            .replace("https://git.example.org/me/hub.git", &hub.repository.url());
        let mut run = Mixin::new("").folder(self.folder.path()).args(meant.split_whitespace());
        run = run.env("PORTER_HOME", home.path()).with_path().env("BACKSTACK_PACE", "4");
        for (name, value) in hub.credentials() {
            run = run.env(name, value);
        }
        let run = run.run().exits(code);
        for user in [hub.repository.writer(), hub.repository.reader()] {
            assert!(!run.stderr.contains(&user.password), "{line} prints a password");
        }
        self.page.write_down(&format!("backstack {line}"), &run.stderr, code);
        run
    }
}

/// Of the old cluster nothing is left but its repository and the export. The claims wait until somebody lets them go.
#[test]
#[ignore = "needs the testbed"]
fn a_hub_comes_back_on_another_cluster_as_the_page_says() {
    let old = Hub::installed(Kind::Plain);
    let mut way = Way::new(&old.repository.url());
    old.commit(|folder| {
        fs::create_dir_all(folder.join("orders")).expect("a folder");
        fs::write(folder.join("orders/order.yaml"), ORDER).expect("written");
        fs::write(folder.join("root/apps/claims.yaml"), claims(&old.repository.url())).expect("written");
    });
    old.eventually_synced("root", "root has the claims", || old.object("application", "claims").is_some());
    old.eventually_synced("root", "root is at rest", || {
        old.object("application", "root").is_some_and(|it| {
            it["status"]["sync"]["status"] == "Synced" && it["status"]["sync"]["revision"] == old.commits()[0].as_str()
        })
    });
    way.page.tell("As long as the hub lives, its Secrets are exported by a schedule:");
    way.run(&old, "secrets export --kubeconfig cluster.kubeconfig --recipient age1… --to hub.age", 0);
    let session = old.object("secret", "argocd-secret").expect("there")["data"]["server.secretkey"].clone();

    way.page.tell("Then the cluster is gone. Onto a fresh one come the Secrets first:");
    let left = Left::of(old);
    let hub = left.elsewhere();
    way.run(&hub, "secrets import --kubeconfig cluster.kubeconfig --identity key.txt hub.age", 0);
    way.page.tell("The repository is that of the old cluster, and is not written to by mistake:");
    let install = "bundle run install again --param repository=https://git.example.org/me/hub.git --cred kubeconfig=cluster.kubeconfig \
        --cred git-push-username=GIT_PUSH_USERNAME --cred git-push-password=GIT_PUSH_PASSWORD \
        --cred git-pull-username=GIT_PULL_USERNAME --cred git-pull-password=GIT_PULL_PASSWORD";
    let before = hub.commits();
    way.run(&hub, install, 3).says("move: true").says(&left.uid);
    assert_eq!(hub.commits(), before, "nothing is committed");
    assert!(hub.object("deployment", "argocd-server").is_none(), "nothing is installed");
    way.page.tell("Whoever knows that the old hub is gone says so:");
    let run = way
        .run(&hub, &format!("{install} --param move=true"), 0)
        .says("held: Argo CD leaves Application argocd/claims alone");
    assert!(run.stderr.contains("argocd/argocd-secret"), "{}", run.stderr);

    assert_eq!(hub.commits().len(), before.len() + 1, "one commit");
    assert_eq!(changed(&hub), ["hub.yaml", "lock.yaml", "spokes/probe/configmap.yaml"]);
    assert!(hub.files(&["lock.yaml"]).contains(&uid(&hub)));
    assert_eq!(
        hub.object("secret", "argocd-secret").expect("there")["data"]["server.secretkey"],
        session,
        "sessions go on"
    );
    assert!(hub.object("configmap", "an-order").is_none(), "nothing is ordered anew");

    way.page.tell("Run again, it finds nothing to do:");
    way.run(&hub, install, 0).says("0 objects applied");
    assert_eq!(hub.commits().len(), before.len() + 1);
    assert!(hub.object("configmap", "an-order").is_none(), "and the claims are held still");
    hub.kubectl(&["annotate", "application", "claims", "-n", "argocd", "argocd.argoproj.io/skip-reconcile-"]);
    hub.eventually_synced("claims", "the claims come", || hub.object("configmap", "an-order").is_some());
    std::mem::take(&mut way.page).agrees_with_part_of(PAGE);
}

/// What the repository holds is not of a use for any hub.
#[test]
#[ignore = "needs the testbed"]
fn a_repository_that_is_no_hub_is_refused_before_anything_is_written() {
    let left = of_a_plain_hub();
    let hub = left.elsewhere();
    let from = |more: &str| {
        hub.step("install").replace("file: hub.yaml", &format!("from: repository\n        move: true{more}"))
    };
    let refused = |step: &str, said: &str| {
        let run = Ended::of(started(hub.command(&hub.bundle(), "install"), step));
        assert_ne!(run.code(), 0, "{}", run.stderr);
        run.says(said);
        assert!(hub.object("namespace", "argocd").is_none(), "{said}");
    };
    let commits = hub.commits();
    refused(&from("").replace(&hub.repository.url(), &format!("{}-nowhere", hub.repository.url())), "hub.git-nowhere");
    refused(&from("").replace("push: {", "branch: other\n          push: {"), "there is no hub");
    hub.commit(|folder| {
        let lock = fs::read_to_string(folder.join("lock.yaml")).expect("a lock");
        fs::write(folder.join("lock.yaml"), lock.replace(env!("CARGO_PKG_VERSION"), "99.0.0")).expect("written");
    });
    refused(&from(""), "written by backstack 99.0.0");
    hub.commit(|folder| fs::remove_file(folder.join("lock.yaml")).expect("removed"));
    refused(&from(""), "lock.yaml is missing");
    assert_eq!(hub.commits().len(), commits.len() + 2, "only the edits of this test");
}

/// The files that the last commit has changed.
fn changed(hub: &Hub) -> Vec<String> {
    let dir = hub.repository.dir();
    let output = Command::new("git").arg("-C").arg(dir).args(["diff", "--name-only", "main~1", "main"]).output();
    let output = output.expect("git starts").stdout;
    String::from_utf8(output).expect("git speaks UTF-8").lines().map(str::to_owned).collect()
}

const ORDER: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: an-order, namespace: argocd}}\n";

/// An Application of this name, as a hub with claims has it; what it orders is in the same repository here.
fn claims(url: &str) -> String {
    let application: Value = serde_json::json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "claims",
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/ignore-healthcheck": "true", "argocd.argoproj.io/sync-wave": "1000"},
        },
        "spec": {
            "project": "hub",
            "destination": {"server": "https://kubernetes.default.svc"},
            "source": {"repoURL": url, "targetRevision": "main", "path": "orders"},
            "syncPolicy": {"automated": {"enabled": true, "selfHeal": true}},
        },
    });
    application.to_string()
}
