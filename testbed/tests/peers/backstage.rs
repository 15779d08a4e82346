//! A real Backstage reads the repository as it would on a forge, and runs what it finds there.

use std::fs;
use std::path::Path;

use backstack_testbed::{Backstage, loopback};
use serde_json::{Value, json};

use crate::support::{TESTBED, processes_of, until};

const FILES: &str = "catalog/*.yaml";
/// A location that finds no file at all keeps what it found before, so one file always stays.
const STAYS: &str = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: stays}\nspec: {}\n";

const TEMPLATE: &str = "apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: greeting, title: A greeting}
spec:
  type: service
  parameters:
  - title: Whom
    properties: {whom: {type: string}}
  steps:
  - {id: fetch, name: Fetch, action: 'fetch:template', input: {url: ./greeting, values: {whom: '${{ parameters.whom }}'}}}
  - {id: read, name: Read, action: 'fs:readdir', input: {paths: ['.'], recursive: true}}
  output: {text: [{title: Files, content: '${{ steps.read.output.files | dump }}'}]}
";

fn templates(backstage: &Backstage) -> Vec<Value> {
    let entities = backstage.entities().expect("listed");
    entities.into_iter().filter(|entity| entity["kind"] == "Template").collect()
}

fn write(dir: &Path, path: &str, text: &str) {
    let file = dir.join(path);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

#[test]
#[ignore = "needs the testbed"]
fn backstage_lists_and_runs_what_is_in_git() {
    let repository = TESTBED.repository().expect("a repository");
    repository.commit(|dir| write(dir, "catalog/stays.yaml", STAYS)).expect("pushed");
    let backstage = TESTBED.backstage(&repository, FILES).expect("started");
    until("the catalog is read", || backstage.entities().expect("listed").len() > 1);
    assert_eq!(templates(&backstage), [] as [Value; 0]);

    let added = |dir: &Path| {
        write(dir, "catalog/greeting.yaml", TEMPLATE);
        write(dir, "catalog/greeting/hello-${{ values.whom }}.txt", "Hello ${{ values.whom }}\n");
    };
    repository.commit(added).expect("pushed");
    until("the template is listed", || templates(&backstage).len() == 1);

    let task = json!({"templateRef": "template:default/greeting", "values": {"whom": "world"}});
    let task = backstage.post("/api/scaffolder/v2/tasks", &task).expect("a task");
    let path = format!("/api/scaffolder/v2/tasks/{}", task["id"].as_str().expect("an id"));
    until("the template has run", || backstage.get(&path).expect("a task")["status"] != "processing");
    let events = backstage.get(&format!("{path}/events")).expect("events");
    assert!(events.to_string().contains("hello-world.txt"), "{events:#}");

    repository.commit(|dir| fs::remove_file(dir.join("catalog/greeting.yaml")).expect("removed")).expect("pushed");
    until("the template is gone", || templates(&backstage).is_empty());

    let port = backstage.url().rsplit(':').next().expect("a port").to_owned();
    let files = TESTBED.description().dir.join("backstage").join(port);
    assert_eq!(processes_of(&files).len(), 1);
    drop(backstage);
    assert_eq!(processes_of(&files), [] as [String; 0]);
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn the_forge_answers_those_who_have_a_token() {
    let repository = TESTBED.repository().expect("a repository");
    let commit = repository.commit(|dir| write(dir, "a/b.txt", "text")).expect("pushed");
    let git = TESTBED.git();
    let port = git.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let name =
        repository.url().rsplit('/').next().and_then(|name| name.strip_suffix(".git")).expect("a name").to_owned();
    let ask = async |token: &str, question: &str| {
        let path = format!("/api/v3/repos/testbed/{name}/{question}");
        let bearer = format!("Bearer {token}");
        let answer = loopback::request(port, "GET", &path, &[("Authorization", &bearer)], &[]).await.expect("answered");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    };
    let token = &git.reader.password;
    assert_eq!(ask("guessed", "contents/a/b.txt?ref=main").await.0, 401);
    assert_eq!(ask(token, "contents/a/b.txt?ref=main").await, (200, "text".to_owned()));
    assert_eq!(ask(token, "contents/a/b.txt?ref=other").await.0, 404);
    assert_eq!(ask(token, "contents/a/c.txt?ref=main").await.0, 404);
    assert!(ask(token, "commits/main/status").await.1.contains(&commit));
    assert_eq!(ask(token, "commits/other/status").await.0, 404);
}
