//! No secret that is planted in a document or in the content of a bead reaches git, or what is printed.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::hub_repository::fixture::hub;
use crate::hub_repository::publish::Server;
use crate::support::Mixin;
use crate::support::fake_api::{Answer, FakeApi};

const DOCUMENT: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: b}
spec:
  version: 0.1.0
  application: {namespace: b, manifests: app}
  backstage: {entities: catalog}
  parameters:
  - {name: note, type: string, default: nothing}
";
const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: b}
data:
  note: '${ parameters.note }'
";
const ENTITY: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: b}
spec: {type: service, lifecycle: production, owner: team}
";

/// A bead in whose files nothing is to be found.
fn bead() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [("bead.yaml", DOCUMENT), ("app/a.yaml", CONFIG), ("catalog/catalog-info.yaml", ENTITY)] {
        add(folder.path(), file, text);
    }
    folder
}

fn add(folder: &Path, file: &str, text: &str) {
    let file = folder.join(file);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    let before = fs::read_to_string(&file).unwrap_or_default();
    fs::write(file, before + text).expect("written");
}

/// Where a secret is planted, and how it is named in the error.
const PLANTED: [(&str, &str, &str); 14] = [
    ("bead.yaml", "  links: {source: 'https://me:planted-1@git.example.org/'}\n", "spec.links.source"),
    ("bead.yaml", "  - {name: adminPassword, type: string, default: planted-1}\n", "spec.parameters[1].default"),
    ("app/a.yaml", "  password: planted-1\n", "data.password"),
    ("app/a.yaml", "  app.properties: |\n    a=b\n    db.password=planted-1\n", "data.app.properties.db.password"),
    ("app/a.yaml", "  app.json: '{\"a\": [{\"apiKey\": \"planted-1\"}]}'\n", "data.app.json.a[0].apiKey"),
    ("app/a.yaml", "  dsn: 'postgres://app:planted-1@db/app'\n", "data.dsn"),
    (
        "app/d.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: b}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - {name: c, image: 'r.example.org/c:1', env: [{name: DB_PASSWORD, value: planted-1}]}\n",
        "spec.template.spec.containers[0].env[0].value",
    ),
    (
        "app/d.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: b}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - {name: c, image: 'r.example.org/c:1', args: [--password, planted-1]}\n",
        "spec.template.spec.containers[0].args[1]",
    ),
    (
        "app/a.yaml",
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: b}\ndata: {token: planted-1}\n",
        "data.token",
    ),
    ("catalog/catalog-info.yaml", "# https://me:planted-1@h.example\n", "the text"),
    ("catalog/more.yaml", "spec: {steps: [{input: {token: planted-1}}]}\n", "spec.steps[0].input.token"),
    ("catalog/skeleton/.env", "DB_PASSWORD=planted-1\n", "DB_PASSWORD"),
    ("catalog/skeleton/run.sh", "#!/bin/sh\napp --token planted-1\n", "token"),
    ("catalog/skeleton/main.py", "url = 'https://me:planted-1@h.example'\n", "the text"),
];

#[test]
fn what_is_planted_is_refused_at_its_place_and_not_shown() {
    Mixin::new("bead check").folder(bead().path()).run().exits(0);
    for (file, text, named) in PLANTED {
        let folder = bead();
        add(folder.path(), file, text);
        for verb in ["bead render", "bead check"] {
            let run = Mixin::new(verb).folder(folder.path()).run().exits(2).says(named).says("committed to git");
            assert!(!(run.stdout.clone() + &run.stderr).contains("planted"), "{file} {named}: {}", run.stderr);
            // The first line of what is planted, or a later one of it.
            let run = run.says("notSecret").says(&format!("{file}:"));
            let line = run.stderr.split(&format!("{file}:")).nth(1).and_then(|rest| rest.split(':').next());
            let line: usize = line.and_then(|line| line.parse().ok()).expect("a line");
            assert!(line > bead_text(file).lines().count(), "{file} {named}: {}", run.stderr);
        }
    }
}

fn bead_text(file: &str) -> String {
    fs::read_to_string(bead().path().join(file)).unwrap_or_default()
}

#[test]
fn a_line_that_another_mistake_shows_is_shown_without_it() {
    for (file, text, words) in [
        (
            "app/x.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: other}, data: {token: planted-1}}\n",
            "namespace other",
        ),
        ("app/x.yaml", "{apiVersion: v1, data: {token: planted-1}}\n", "no `kind`"),
        ("app/x.yaml", "{apiVersion: v1, data: {token: planted-1}\n", "app/x.yaml:"),
        ("catalog/x.yaml", "{kind: Component, metadata: {name: x}, spec: {token: planted-1}}\n", "spec.token"),
        ("bead.yaml", "  nonsense: {token: planted-1}\n", "nonsense"),
        ("bead.yaml", "  nonsense: {token: planted-1\n", "bead.yaml:"),
    ] {
        let folder = bead();
        add(folder.path(), file, text);
        let run = Mixin::new("bead check").folder(folder.path()).run().exits(2).says(words);
        assert!(!(run.stdout + &run.stderr).contains("planted"), "{file} {words}");
    }
}

#[test]
fn a_value_that_the_step_gives_is_looked_at_where_it_ends_up() {
    let folder = bead();
    add(folder.path(), "app/a.yaml", "  cookieSecret: '${ parameters.note }'\n");
    Mixin::new("bead check").folder(folder.path()).run().exits(2).says("data.cookieSecret");
    add(folder.path(), "bead.yaml", "  notSecret: ['app/a.yaml:data.cookieSecret']\n");
    Mixin::new("bead check").folder(folder.path()).run().exits(0);
    let token = "ghp_planted1planted1planted1";
    let run = Mixin::new("bead check").arg("--param").arg(format!("note={token}")).folder(folder.path()).run().exits(2);
    assert!(
        run.stderr.contains("`parameters.note` holds a token of GitHub") && !run.stderr.contains("planted1"),
        "{}",
        run.stderr
    );

    let folder = bead();
    add(folder.path(), "bead.yaml", "  - {name: hush, type: string, sensitive: true}\n");
    let run = Mixin::new("bead check").folder(folder.path()).run().exits(2);
    run.says("`hush` is sensitive, and what parameters stand for is committed to git").says("bead.yaml:10:");
}

#[test]
fn a_mark_excuses_what_it_names_and_one_without_use_is_told() {
    let folder = bead();
    add(folder.path(), "app/a.yaml", "  sessionToken: shown-to-all\n");
    add(folder.path(), "catalog/skeleton/.env.example", "DB_PASSWORD=example\n");
    let run = Mixin::new("bead check").folder(folder.path()).run().exits(2);
    let run = run.says("add `app/a.yaml:data.sessionToken` to `spec.notSecret`");
    assert!(run.stderr.contains("1 mistake"), "an example has words in the place of values: {}", run.stderr);
    add(folder.path(), "catalog/skeleton/.env.local", "DB_PASSWORD=example\n");
    let marks = "  notSecret: ['app/a.yaml:data.sessionToken', catalog/skeleton/.env.local, spec.nothing]\n";
    add(folder.path(), "bead.yaml", marks);
    let run = Mixin::new("bead check").folder(folder.path()).run().exits(0);
    let run = run.says("warning: `spec.nothing` is marked as no secret, and nothing there looks like one");
    assert_eq!(run.stderr.matches("is marked as no secret").count(), 1, "{}", run.stderr);
}

#[test]
fn a_mark_of_one_lets_no_other_through_and_no_line_shows_it() {
    let folder = bead();
    add(folder.path(), "app/a.yaml", "  .env: \"A=1\\nPASSWORD=changeme\\nGH=ghp_planted1planted1planted1\"\n");
    add(folder.path(), "catalog/x.yaml", "# ghp_planted2planted2planted2\nspec: {token: planted-3}\n");
    let marks = "  notSecret: ['app/a.yaml:data..env.PASSWORD', 'catalog/x.yaml:spec.token']\n";
    let all = Mixin::new("bead check").folder(folder.path()).run().exits(2).says("4 mistakes");
    assert!(!(all.stdout + &all.stderr).contains("planted"), "all of them are hidden");
    add(folder.path(), "bead.yaml", marks);
    let run = Mixin::new("bead check").folder(folder.path()).run().exits(2).says("2 mistakes");
    let run = run.says("`data..env` holds a token of GitHub").says("the text holds a token of GitHub");
    assert!(!run.stderr.contains("planted1") && !run.stderr.contains("planted2"), "{}", run.stderr);
}

#[test]
fn a_mark_can_be_copied_where_the_secret_is_a_word_of_it() {
    let folder = bead();
    let document = DOCUMENT.replace("manifests: app}", "manifests: app, values: {smtp: {password: application}}}");
    fs::write(folder.path().join("bead.yaml"), &document).expect("written");
    let told = Mixin::new("bead check").folder(folder.path()).run().exits(2);
    let told = told.says("add `spec.application.values.smtp.password` to `spec.notSecret`");
    assert!(!told.stderr.contains("password: application"), "{}", told.stderr);
}

#[tokio::test]
async fn an_installation_commits_nothing_of_it() {
    let server = Server::new();
    let mut input = hub();
    input.resolved.repository = server.access().url;
    "1".clone_into(&mut input.resolved.cluster_uid);
    let tree = backstack::render::hub::render(&input).expect("a hub").tree;
    let hub = server.publish(&tree).await.expect("published");
    let root = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "root", "uid": "2"},
        "spec": {"source": {"repoURL": server.access().url, "targetRevision": "main"}},
        "status": {"sync": {"status": "Synced", "revision": hub.revision}},
    });
    let api = FakeApi::introduced(move |path| match path {
        "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/root" => Answer::ok(root.to_string()),
        path if path.contains("/applications?") => Answer::ok(
            r#"{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "items": []}"#,
        ),
        _ => Answer(
            "404 Not Found",
            r#"{"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}"#.to_owned(),
        ),
    });
    let before = server.tree();
    for (file, text, named) in PLANTED {
        let folder = bead();
        add(folder.path(), file, text);
        let step = format!(
            "install:\n- backstack:\n    bead: {{cluster: {{kubeconfig: {}}}}}\n    timeout: 1m\n",
            api.kubeconfig().display()
        );
        let run = Mixin::new("install").with_path().folder(folder.path()).stdin(step).run();
        let run = run.exits(2).says(named).says("nothing was changed");
        assert!(!(run.stdout + &run.stderr).contains("planted"), "{file} {named}");
    }
    assert_eq!(server.tree(), before);
    assert!(!server.git(&["--git-dir", "hub.git", "log", "--patch", "--all"]).contains("planted"));
}
