//! An Argo CD that people have brought with `kubectl apply` becomes a hub as docs/adopt.md says, and goes on meanwhile.
//! `UPDATE=1` writes what a run says to the page.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::fixture::{Theirs, edit};
use crate::hub::fixture::managers;
use crate::support::page::Page;
use crate::support::text;

const PAGE: &str = "docs/adopt.md";
/// What the page shows of its step begins and ends so.
const FENCE: (&str, &str) = ("```yaml\n# adopt.yaml\n", "```\n");
/// The repository of the page.
const REPOSITORY: &str = "https://git.example.org/me/hub.git";

/// Writes the step of the page, for the repository of this test.
fn write_step(theirs: &Theirs) {
    let page = text(PAGE);
    let step = page.split_once(FENCE.0).and_then(|(_, rest)| rest.split_once(FENCE.1)).expect("a step").0;
    fs::write(theirs.hub.bundle().join("adopt.yaml"), step.replace(REPOSITORY, &theirs.hub.repository.url()))
        .expect("written");
}

/// Runs a line of the page, and writes down what it says.
fn play(theirs: &Theirs, page: &mut Page, line: &str, code: i32) -> String {
    let hub = &theirs.hub;
    let program = Path::new(env!("CARGO_BIN_EXE_backstack")).parent().expect("a folder").display().to_string();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(hub.bundle())
        .env("PATH", format!("{program}:{}", std::env::var("PATH").expect("a path")))
        .env("BACKSTACK_ROOT", hub.folder.path())
        .env("BACKSTACK_PACE", "4")
        .env("KUBECONFIG", hub.cluster.kubeconfig())
        .envs(hub.credentials())
        .output()
        .expect("sh starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    page.write_down(line, &said, code);
    said
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for words in words {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
}

#[test]
#[ignore = "needs the testbed"]
fn an_argo_cd_of_kubectl_is_taken_over_with_all_that_people_have_in_it() {
    let theirs = Theirs::new();
    let mut objects = theirs.manifest();
    edit(&mut objects, "ConfigMap", "argocd-cm", |it| {
        it["data"] = json!({"url": "https://argocd.example.org", "timeout.reconciliation": "120s"});
    });
    edit(&mut objects, "Deployment", "argocd-repo-server", |it| {
        let env = it["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut().expect("variables");
        env.push(json!({"name": "OF_PEOPLE", "value": "yes"}));
    });
    theirs.apply_client_side(&objects);
    theirs.deploy_shop();
    let hub = &theirs.hub;
    hub.kubectl(&["wait", "pod", "--all", "-n", "argocd", "--for=condition=Ready", "--timeout=120s"]);
    let (uids, pods) = (theirs.uids(), theirs.pods());
    assert_eq!((uids.len(), pods.len()), (6, 7), "{uids:?} {pods:?}");
    write_step(&theirs);
    let mut page = Page::default();
    page.call(&hub.repository.url(), REPOSITORY);
    page.call(&hub.cluster.kubeconfig().display().to_string(), "hub.kubeconfig");

    page.tell("Without that line:");
    let refused = play(&theirs, &mut page, "grep -v 'adopt: true' adopt.yaml | backstack install", 3);
    says(&refused, &["was installed by somebody else", "adopt: true", "version: v3.6.1, plain", "kubectl apply"]);
    says(&refused, &["2 Applications: made, shop", "1 ApplicationSets: makes", "2 projects: default, team"]);
    assert!(hub.commits().is_empty(), "nothing was pushed");
    assert_eq!((theirs.uids(), theirs.pods()), (uids.clone(), pods.clone()));

    page.tell("With it:");
    let adopted = play(&theirs, &mut page, "backstack install --file adopt.yaml", 0);
    says(
        &adopted,
        &["goes on, its pods too: Deployment argocd/argocd-server", "stays: ConfigMap argocd/argocd-cm, key url"],
    );
    says(&adopted, &["each with its UID"]);
    assert!(!adopted.contains("argocd.example.org"), "values are not told: {adopted}");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert_eq!(theirs.uids(), uids, "what people have is what it was");
    assert_eq!(theirs.pods(), pods, "no pod was restarted");
    let settings = hub.object("configmap", "argocd-cm").expect("the settings")["data"].clone();
    assert_eq!(settings["url"], "https://argocd.example.org");
    let server = hub.object("deployment", "argocd-repo-server").expect("the repo server");
    assert!(server.to_string().contains("OF_PEOPLE"), "what people have set stays");
    let found = proof["findings"].as_array().expect("findings");
    let is_told = |field: &str| found.iter().any(|it| it["field"] == field && it["manager"] == "before-adoption");
    assert!(is_told("data.url"), "{found:#?}");
    assert!(found.len() < 10, "what the API server has filled in is nobody's setting: {found:#?}");

    let brought = theirs.brought();
    assert!(brought.len() > 40, "{}", brought.len());
    for object in brought {
        let (managers, name) = (managers(&object), object["metadata"]["name"].clone());
        assert!(managers.contains(&"argocd-controller".to_owned()), "{name}: {managers:?}");
        assert!(!managers.iter().any(|it| it.starts_with("kubectl") || it == "backstack"), "{name}: {managers:?}");
        let marks = &object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
        assert!(marks.is_null(), "{name} could be taken for kubectl's");
    }

    page.tell("Again, it changes nothing, and the line can be taken out:");
    let commits = hub.commits();
    says(&play(&theirs, &mut page, "backstack install --file adopt.yaml", 0), &["0 objects applied"]);
    hub.run("install").expect(0).says("0 objects applied").says("0 objects released");
    assert_eq!((hub.commits(), theirs.pods()), (commits, pods));
    page.agrees_with_part_of(PAGE);
}
