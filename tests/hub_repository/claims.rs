//! The claims of a hub: what their project allows follows the beads, commit by commit.

use backstack::document::{HubClaims, read_bead};
use backstack::files::Tree;
use backstack::git::Access;
use backstack::hub_repository::bead::REVISION;
use backstack::object::ObjectRef;
use backstack::publish::bead::RemovalStage;
use backstack::render::bead::{BeadInput, RenderedBead, Values};
use backstack::render::hub::{HubInput, applications_in, bootstrap_set, render};
use backstack::vendor::Assets;
use backstack::yaml;
use serde_json::{Value, json};

use super::fixture::{hub, input};
use super::publish::{Server, all, anything, soon};

const CLAIMS: &str =
    "\n  claims: {repository: {url: 'https://git.example.org/claims.git'}, namespaces: ['team-*', shared]}";
const PROJECT: &str = "root/projects/claims.yaml";

fn with_claims() -> HubInput {
    input("version: 3.6.1", &format!("[]{CLAIMS}"))
}

/// A bead with an XRD of this kind, in namespaces.
fn offering(kind: &str) -> RenderedBead {
    told(kind, None)
}

/// The same for a hub with these claims, of which it is told.
fn told(kind: &str, claims: Option<HubClaims>) -> RenderedBead {
    let plural = format!("{}s", kind.to_lowercase());
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: 0.1.0\n  application: \
         {{namespace: x, manifests: app}}\n  crossplane:\n    definitions: apis\n    apis: [{{group: e.org, kind: {kind}, \
         plural: {plural}}}]\n  permissions:\n    clusterResources: [{{group: apiextensions.crossplane.io, kind: \
         CompositeResourceDefinition, name: '*.e.org'}}]\n  backstage: {{entities: catalog}}\n"
    );
    let xrd = format!(
        "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata: {{name: {plural}.e.org}}\n\
         spec: {{scope: Namespaced, group: e.org, names: {{kind: {kind}, plural: {plural}}}}}\n"
    );
    let mut files = Tree::default();
    files
        .insert(
            "app/a.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {at: '${ hub.claims.repository }'}\n",
        )
        .expect("free");
    files.insert("apis/xrd.yaml", xrd).expect("free");
    files.insert("catalog/catalog-info.yaml", TEMPLATE).expect("free");
    files.insert("catalog/skeleton/a.txt", "${{ values.a }} ${ parameters.a } ${ hub.claims.host }\n").expect("free");
    backstack::render::bead::render(&BeadInput {
        bead: read_bead("bead.yaml", &document).unwrap_or_else(|failure| panic!("{}", failure.render())),
        files,
        assets: Assets::default(),
        parameters: Values::new(),
        hub: hub().resolved,
        claims,
        depth: 0,
        relocation: None,
        revision: REVISION,
    })
    .unwrap_or_else(|failure| panic!("{}", failure.render()))
}

fn project(text: &str) -> Value {
    yaml::manifests(PROJECT, text).expect("YAML").remove(0)
}

/// The kinds that the project at the branch allows.
fn allowed(server: &Server) -> Vec<String> {
    let project = project(&server.show(PROJECT));
    let list = project["spec"]["namespaceResourceWhitelist"].as_array().expect("a list").clone();
    list.iter().map(|it| format!("{}/{}", it["group"], it["kind"]).replace('"', "")).collect()
}

const TEMPLATE: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: x}
spec:
  type: resource
  parameters: [{properties: {repoUrl: {type: string, default: \"${ hub.claims.repoUrl }\"}}}]
  steps: [{action: 'debug:log', input: {message: '${{ parameters.name }}'}}]
";

const NOTHING: &str = "none.backstack.dev/None";

#[test]
fn the_project_allows_nothing_and_the_application_takes_nothing_away() {
    let tree = render(&with_claims()).expect("renders").tree;
    let project = project(tree.text(PROJECT).expect("there"));
    assert_eq!(
        project["spec"],
        json!({
            "description": "What the claims repository may order: what installed beads offer, and nothing without a namespace",
            "sourceRepos": ["https://git.example.org/claims.git"],
            "destinations": [
                {"server": "https://kubernetes.default.svc"},
                {"server": "https://kubernetes.default.svc", "namespace": "team-*"},
                {"server": "https://kubernetes.default.svc", "namespace": "shared"},
            ],
            "namespaceResourceWhitelist": [{"group": "none.backstack.dev", "kind": "None"}],
        })
    );
    let path = "root/apps/claims.yaml";
    let claims = yaml::manifests(path, tree.text(path).expect("there")).expect("YAML").remove(0);
    assert_eq!(claims["metadata"].get("finalizers"), None);
    assert_eq!(claims["spec"]["syncPolicy"]["automated"]["prune"], false);
    assert_eq!(claims["spec"]["source"]["directory"]["include"], "{*.yaml,*.yml}");
    assert!(!applications_in(&tree).contains(&"claims".to_owned()), "a hub is not waited for with its claims");
    let bootstrap = bootstrap_set(&tree).expect("objects");
    let bootstrap: Vec<String> = bootstrap.iter().map(|it| ObjectRef::of(it).to_string()).collect();
    assert!(bootstrap.contains(&"AppProject argocd/claims".to_owned()), "{bootstrap:?}");
    assert!(tree.text("README.md").expect("there").contains("| 1000 | claims |"));
}

#[test]
fn the_hub_repository_is_no_claims_repository() {
    for url in [
        "https://git.example.org/hub.git",
        "https://git.example.org/Hub/",
        "https://git.example.org:443/hub.git",
        "ssh://git@git.example.org:2222/hub.git",
        "git@git.example.org:hub.git",
    ] {
        let claims = format!("[]\n  claims: {{repository: {{url: '{url}'}}, namespaces: [a]}}");
        let failure = render(&input("version: 3.6.1", &claims)).expect_err("refused");
        assert!(failure.message.contains("is the hub repository"), "{failure}");
    }
}

async fn put(access: &Access, rendered: &RenderedBead) {
    backstack::publish::bead::publish(access, "x", all(&rendered.tree), "Render a bead", soon(), anything)
        .await
        .expect("published");
}

#[tokio::test]
async fn kinds_come_and_go_with_their_bead_in_the_very_commit() {
    let server = Server::new();
    let access = server.access();
    let tree = render(&with_claims()).expect("renders").tree;
    server.publish(&tree).await.expect("published");
    let bare = server.show(PROJECT);
    assert_eq!(allowed(&server), [NOTHING]);

    put(&access, &offering("Shelf")).await;
    assert_eq!(allowed(&server), ["e.org/Shelf", NOTHING]);
    assert!(!server.publish(&tree).await.expect("published").committed, "a re-run makes no commit");
    put(&access, &offering("Rack")).await;
    assert_eq!(allowed(&server), ["e.org/Rack", NOTHING]);

    for stage in [RemovalStage::Upper, RemovalStage::Applications, RemovalStage::Rest] {
        backstack::publish::bead::remove(&access, "x", stage, "Remove a bead", soon()).await.expect("removed");
    }
    assert_eq!(server.show(PROJECT), bare);
}

#[tokio::test]
async fn a_hub_gains_claims_with_the_kinds_that_its_beads_have_and_loses_them_without_a_trace() {
    let server = Server::new();
    let without = render(&input("version: 3.6.1", "[]")).expect("renders").tree;
    server.publish(&without).await.expect("published");
    put(&server.access(), &offering("Shelf")).await;
    assert!(!server.tree().contains("claims"));
    let before = server.tree();

    server.publish(&render(&with_claims()).expect("renders").tree).await.expect("published");
    assert_eq!(allowed(&server), ["e.org/Shelf", NOTHING]);
    server.publish(&without).await.expect("published");
    assert_eq!(server.tree(), before);
}

#[tokio::test]
async fn an_edit_of_people_stays_beside_the_kinds() {
    let server = Server::new();
    server.publish(&render(&with_claims()).expect("renders").tree).await.expect("published");
    server.edit(|clone| {
        let file = clone.join(PROJECT);
        let text = std::fs::read_to_string(&file).expect("there");
        let text = text.replace("    kind: None\n", "    kind: None\n  - group: ''\n    kind: ConfigMap\n");
        std::fs::write(file, text).expect("written");
    });
    put(&server.access(), &offering("Shelf")).await;
    assert_eq!(allowed(&server), ["e.org/Shelf", NOTHING, "/ConfigMap"]);
}

#[tokio::test]
async fn a_list_without_the_entry_that_nobody_has_stops_every_commit() {
    let server = Server::new();
    let access = server.access();
    server.publish(&render(&with_claims()).expect("renders").tree).await.expect("published");
    put(&access, &offering("Shelf")).await;
    server.edit(|clone| {
        let file = clone.join(PROJECT);
        let text = std::fs::read_to_string(&file).expect("there");
        let entry = "  - group: none.backstack.dev\n    kind: None\n";
        assert!(text.contains(entry), "{text}");
        std::fs::write(file, text.replace(entry, "  # - group: none.backstack.dev\n  #   kind: None\n"))
            .expect("written");
    });
    let commit = server.tree();
    let failure = backstack::publish::bead::remove(&access, "x", RemovalStage::Upper, "Remove a bead", soon())
        .await
        .expect_err("refused");
    assert!(failure.message.contains("root/projects/claims.yaml of the hub repository has no entry"), "{failure}");
    assert!(failure.hint.is_some_and(|it| it.contains("{group: none.backstack.dev, kind: None}")));
    assert_eq!(server.tree(), commit);
}

#[tokio::test]
async fn claims_stay_out_of_the_namespaces_of_beads() {
    let server = Server::new();
    server.publish(&render(&input("version: 3.6.1", "[]")).expect("renders").tree).await.expect("published");
    put(&server.access(), &offering("Shelf")).await;
    let commit = server.tree();
    let into = "[]\n  claims: {repository: {url: 'https://git.example.org/claims.git'}, namespaces: ['x*']}";
    let tree = render(&input("version: 3.6.1", into)).expect("renders").tree;
    let failure = server.publish(&tree).await.expect_err("refused");
    assert_eq!(failure.details, ["bead x: claims may be in the namespace x, by `x*` in `claims` of hub.yaml"]);
    assert_eq!(server.tree(), commit);
}

#[test]
fn a_bead_is_told_where_claims_are() {
    let repository = json!({"url": "https://git.example.org/o/claims.git", "branch": "main", "path": "."});
    let claims = serde_json::from_value(json!({"repository": repository, "namespaces": ["team-*"]})).expect("claims");
    let bead = told("Shelf", Some(claims));
    let text = |path: &str| bead.tree.text(path).expect("there").to_owned();
    let template = TEMPLATE.replace("${ hub.claims.repoUrl }", "git.example.org?owner=o&repo=claims");
    assert_eq!(text("backstage/beads/x/catalog-info.yaml"), template);
    assert_eq!(text("backstage/beads/x/skeleton/a.txt"), "${{ values.a }} ${ parameters.a } git.example.org\n");
    assert!(text("beads/x/application/configmap-a.yaml").contains("https://git.example.org/o/claims.git"));
    assert_eq!(bead.warnings, []);

    let bead = offering("Shelf");
    let said: Vec<&str> = bead.warnings.iter().map(|it| it.message.as_str()).collect();
    let empty = |word: &str| {
        format!(
            "`${{ hub.claims.{word} }}` is empty here: hub.yaml names no claims repository, or one whose address has no owner"
        )
    };
    assert_eq!(said, [empty("host"), empty("repoUrl"), empty("repository")]);
}
