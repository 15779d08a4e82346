//! The servers that every testbed has, and Argo CD.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use backstack_testbed::{Description, Repository, Testbed, testbed};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;

use crate::support::{TESTBED, kubectl, processes_of, running, until};

#[tokio::test]
#[ignore = "needs the built peers"]
async fn argo_cd_runs_when_the_cluster_asks_for_it() {
    let testbed = Testbed::start_own(1).expect("started");
    let dir = testbed.description().dir.clone();
    let cluster = testbed.lease().await.expect("a cluster");

    kubectl(&testbed, &cluster, &["create", "namespace", "argocd"]);
    let manifest = testbed.argocd_module().join("manifests/install.yaml");
    let manifest = manifest.to_str().expect("a path");
    kubectl(&testbed, &cluster, &["apply", "--server-side", "-n", "argocd", "-f", manifest]);
    until("five processes run", || running(&cluster) == 5);
    kubectl(&testbed, &cluster, &["wait", "-n", "argocd", "--for=condition=Ready", "pod", "--all", "--timeout=60s"]);

    kubectl(&testbed, &cluster, &["scale", "-n", "argocd", "deploy/argocd-repo-server", "--replicas=0"]);
    until("the repo-server has ended", || running(&cluster) == 4);
    let wrong = "argocd-server=quay.io/argoproj/argocd:v0.0.1";
    kubectl(&testbed, &cluster, &["set", "image", "-n", "argocd", "deploy/argocd-server", wrong]);
    until("a wrong image is not pulled", || {
        let processes = cluster.processes().expect("listed");
        processes.iter().any(|process| process.state == "ImagePullBackOff")
    });

    drop(cluster);
    let cluster = testbed.lease_pretending().await.expect("the same cluster");
    assert_eq!(running(&cluster), 0);
    let namespaces: Api<Namespace> = Api::all(cluster.client().await.expect("a client"));
    assert!(namespaces.get_opt("argocd").await.expect("asked").is_none());

    drop(cluster);
    drop(testbed);
    assert_eq!(processes_of(&dir), Vec::<String>::new());
    assert!(!dir.exists());
}

#[tokio::test]
#[ignore = "needs the built peers"]
async fn pods_become_ready_or_fail_as_told() {
    let testbed = &*TESTBED;
    let cluster = testbed.lease().await.expect("a cluster");
    kubectl(testbed, &cluster, &["run", "good", "--image=any"]);
    kubectl(testbed, &cluster, &["run", "bad", "--image=any", "--labels=testbed/pod=ImagePullBackOff"]);
    kubectl(testbed, &cluster, &["wait", "--for=condition=Ready", "pod/good", "--timeout=30s"]);
    let reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}";
    until("the bad pod is stuck", || {
        let output = kubectl(testbed, &cluster, &["get", "pod", "bad", "-o", reason]);
        output.stdout == b"ImagePullBackOff"
    });
    let pods: Api<Pod> = Api::default_namespaced(cluster.client().await.expect("a client"));
    assert_eq!(pods.list(&kube::api::ListParams::default()).await.expect("listed").items.len(), 2);
}

#[test]
#[ignore = "needs the built peers"]
fn the_git_server_knows_its_users() {
    let repository = TESTBED.repository().expect("made");
    let work = tempfile::tempdir().expect("a directory");
    git(work.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(work.path(), &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", "one"]);

    let push = |repository: &Repository, user| {
        let url = repository.url_for(user);
        git(work.path(), &["push", "--quiet", &url, "main"]).status.success()
    };
    assert!(!push(&repository, repository.reader()));
    repository.refuse_pushes("it's protected").expect("written");
    assert!(!push(&repository, repository.writer()));
    repository.accept_pushes().expect("removed");
    assert!(push(&repository, repository.writer()));

    let reads = |url: &str| git(work.path(), &["ls-remote", "--exit-code", url]).status.success();
    assert!(reads(&repository.url_for(repository.reader())));
    assert!(!reads(&repository.url()));
    repository.hide().expect("hidden");
    assert!(!reads(&repository.url_for(repository.reader())));
    repository.show().expect("shown");
    assert!(reads(&repository.url_for(repository.reader())));
}

#[test]
#[ignore = "needs the built peers"]
fn nothing_outlives_the_supervisor() {
    for kill in [false, true] {
        let dir = tempfile::tempdir().expect("a directory");
        let mut supervisor = Command::new(env!("CARGO_BIN_EXE_testbed"))
            .args(["serve", "--until-eof", "--temporary", "--dir"])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stderr(fs::File::create(dir.path().join("supervisor.log")).expect("a log"))
            .spawn()
            .expect("started");
        let description: Description = testbed::await_ready(dir.path(), &mut supervisor, |_| {}).expect("up");
        assert_eq!(description.clusters.len(), 1);
        assert!(processes_of(dir.path()).len() > 5);
        if kill {
            supervisor.kill().expect("killed");
        } else {
            drop(supervisor.stdin.take());
        }
        supervisor.wait().expect("ended");
        assert_eq!(dir.path().exists(), kill, "the directory goes with the supervisor");
        until("all processes are gone", || processes_of(dir.path()).is_empty());
    }
}

fn git(dir: &Path, args: &[&str]) -> Output {
    Command::new("git").current_dir(dir).env("GIT_TERMINAL_PROMPT", "0").args(args).output().expect("started")
}
