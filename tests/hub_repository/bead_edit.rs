//! A bead in a hub repository: put there, changed, taken out, beside the hub's own render. On a git server on disk.

use backstack::document::{Bead, ImageMap, read_bead};
use backstack::files::Tree;
use backstack::git::{Access, Published};
use backstack::hub_repository::bead::REVISION;
use backstack::porter::read_relocation_map;
use backstack::publish::bead::{HubRepository, RemovalStage, Share, publish, remove};
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::report::Outcome;
use backstack::vendor::Assets;
use serde_json::json;

use super::fixture::{hub, input};
use super::publish::{Server, all, anything, soon};

const CM: &str = "argocd/configmap-argocd-cm.yaml";

/// A bead with one ConfigMap, with this text of it and these further lines of its `spec`.
pub fn bead(name: &str, text: &str, more: &str) -> RenderedBead {
    bead_from(None, name, text, more)
}

/// The same, from a copy of its bundle.
fn bead_from(relocation: Option<ImageMap>, name: &str, text: &str, more: &str) -> RenderedBead {
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
         application: {{namespace: {name}, manifests: app}}\n{more}"
    );
    let mut files = Tree::default();
    let manifest = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{text: \"{text}\"}}\n");
    files.insert("app/a.yaml", manifest).expect("free");
    let xrd = "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata: {name: xs.e.org}\nspec: {group: e.org, names: {kind: X, plural: xs}}\n";
    files.insert("apis/xrd.yaml", xrd).expect("free");
    render(&BeadInput {
        bead: read_bead("bead.yaml", &document).unwrap_or_else(|failure| panic!("{}", failure.render())),
        files,
        assets: Assets::default(),
        parameters: Values::new(),
        hub: hub().resolved,
        claims: None,
        depth: 0,
        relocation,
        revision: REVISION,
    })
    .unwrap_or_else(|failure| panic!("{}", failure.render()))
}

pub async fn put(access: &Access, name: &str, rendered: &RenderedBead) -> Outcome<Published> {
    publish(access, name, all(&rendered.tree), "Render a bead", soon(), anything).await
}

/// A repository with a hub in it, and how it is reached.
pub async fn installed() -> (Server, Access) {
    let server = Server::new();
    server.publish(&backstack::render::hub::render(&hub()).expect("renders").tree).await.expect("published");
    let access = server.access();
    (server, access)
}

#[tokio::test]
async fn a_bead_comes_and_goes_and_leaves_no_trace() {
    let server = Server::new();
    let failure = put(&server.access(), "x", &bead("x", "1", "")).await.expect_err("no hub");
    assert!(failure.message.contains("there is no hub in"), "{failure}");

    let (server, access) = installed().await;
    let before = server.tree();
    let x = bead("x", "1", "  health: {e.org_Y: return 1}\n");
    let first = put(&access, "x", &x).await.expect("published");
    assert!(first.committed);
    let changed: Vec<&str> = first.changed.iter().map(|change| change.path.as_str()).collect();
    assert!(changed.contains(&"beads/x/lock.yaml") && changed.contains(&CM) && changed.contains(&"README.md"));
    assert!(!changed.contains(&"lock.yaml"), "the hub's lock knows nothing of beads: {changed:?}");
    assert!(!put(&access, "x", &x).await.expect("published").committed, "nothing to do");

    let y = put(&access, "y", &bead("y", "1", "  dependsOn: [{bead: x}]\n")).await.expect("published");
    assert!(!y.changed.iter().any(|change| change.path == CM), "no health check of its own");
    assert!(server.show("README.md").contains("bead1 -. needs .-> bead0"));

    for name in ["y", "x"] {
        publish(&access, name, all(&Tree::default()), "Take a bead out", soon(), anything).await.expect("published");
    }
    assert_eq!(server.tree(), before);
}

#[tokio::test]
async fn a_bead_from_a_copy_stays_in_the_copy() {
    let (server, access) = installed().await;
    let image = format!("r.example.org/p:v1@sha256:{}", "0".repeat(64));
    let more = format!("  crossplane: {{providers: [{{package: '{image}'}}]}}\n");
    let map = json!({&image: "registry.closed.example/p:v1"}).to_string();
    let copied = bead_from(Some(read_relocation_map(&map, "").expect("a map")), "x", "1", &more);
    put(&access, "x", &copied).await.expect("published");

    let hub = HubRepository::read(&access, soon()).await.expect("read");
    hub.keep_images("x", &copied, &access).expect("as before");
    hub.keep_images("x", &bead("x", "1", ""), &access).expect("the image has gone");
    hub.keep_images("y", &copied, &access).expect("another bead");
    let failure = hub.keep_images("x", &bead("x", "1", &more), &access).expect_err("back to the internet");
    let said = failure.render();
    assert!(said.contains(&format!("{image}: is taken from registry.closed.example/p:v1")), "{said}");
    assert!(said.contains("beads/x/lock.yaml") && server.show("beads/x/lock.yaml").contains("closed"), "{said}");
}

#[tokio::test]
async fn the_hub_is_rendered_anew_around_its_beads() {
    let (server, access) = installed().await;
    put(&access, "x", &bead("x", "1", "  health: {e.org_Y: return 1}\n")).await.expect("published");
    let again =
        server.publish(&backstack::render::hub::render(&hub()).expect("renders").tree).await.expect("published");
    assert!(!again.committed, "the lines of beads are no edit: {:?}", again.changed);

    let upgraded = input("version: 3.6.1, config: {url: 'https://a.example.org'}", super::fixture::COMPONENTS);
    let upgraded = backstack::render::hub::render(&upgraded).expect("renders").tree;
    let published = server.publish(&upgraded).await.expect("published");
    assert!(published.committed);
    let cm = server.show(CM);
    assert!(cm.contains("https://a.example.org") && cm.contains("health.e.org_Y: return 1"), "{cm}");
    assert_eq!(published.tree.text(CM), Ok(cm.as_str()), "what is applied is what is committed");
    assert!(server.show("README.md").contains("| x | 0.1.0 |"));

    // A person's setting in the same file stays, whoever writes next.
    server.edit(|clone| {
        let text = std::fs::read_to_string(clone.join(CM)).expect("there");
        std::fs::write(clone.join(CM), text.replacen("data:\n", "data:\n  mine: kept # and why\n", 1))
            .expect("written");
    });
    put(&access, "y", &bead("y", "1", "  health: {e.org_Z: return 1}\n")).await.expect("published");
    assert!(!server.publish(&upgraded).await.expect("published").committed);
    let cm = server.show(CM);
    assert!(["mine: kept # and why", "e.org_Y", "e.org_Z"].iter().all(|words| cm.contains(words)), "{cm}");

    let failure = put(&access, "z", &bead("z", "1", "  health: {e.org_Z: return 2}\n")).await.expect_err("two owners");
    assert!(failure.message.contains("the beads y and z both define the health of e.org_Z"), "{failure}");
}

#[tokio::test]
async fn edits_of_people_are_kept_or_refused() {
    const FILE: &str = "beads/x/application/configmap-a.yaml";
    let (server, access) = installed().await;
    put(&access, "x", &bead("x", "one", "")).await.expect("published");
    server.edit(|clone| {
        let text = std::fs::read_to_string(clone.join(FILE)).expect("there");
        std::fs::write(clone.join(FILE), text.replace("one", "mine")).expect("written");
    });
    assert!(!put(&access, "x", &bead("x", "one", "")).await.expect("kept").committed);
    let failure = put(&access, "x", &bead("x", "two", "")).await.expect_err("both changed it");
    assert_eq!(failure.details, [format!("{FILE} was edited here and changed by the bundle")]);
    let failure =
        publish(&access, "x", all(&Tree::default()), "Take it out", soon(), anything).await.expect_err("edited");
    assert_eq!(failure.details, [format!("{FILE} was edited here and is no longer rendered")]);
    assert!(server.show(FILE).contains("mine"));
}

#[tokio::test]
async fn an_api_that_goes_or_changes_hands_is_told() {
    const APIS: &str = "  crossplane: {definitions: apis, apis: [{group: e.org, kind: X, plural: xs}]}\n  permissions:\n    \
                        clusterResources: [{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition}]\n";
    let (_server, access) = installed().await;
    let with = bead("x", "1", APIS);
    put(&access, "x", &with).await.expect("published");
    let there = HubRepository::read(&access, soon()).await.expect("readable");
    let document = |name: &str| {
        read_bead("bead.yaml", bead(name, "1", APIS).tree.text(&format!("beads/{name}/bead.yaml")).expect("rendered"))
            .expect("a bead")
    };
    assert_eq!(there.taken_away(&document("x"), &with), [""; 0]);
    // Another file of the same part is no loss, another part is.
    let mut elsewhere = bead("x", "1", "");
    let (application, xrd) = (elsewhere.objects[0].0, with.objects.iter().find(|(_, it)| it["kind"] != "ConfigMap"));
    let (apis, xrd) = xrd.expect("an XRD").clone();
    elsewhere.objects.push((apis, xrd.clone()));
    assert_eq!(there.taken_away(&document("x"), &elsewhere), [""; 0]);
    elsewhere.objects = vec![(application, xrd)];
    let gone = ["CompositeResourceDefinition xs.e.org is not in this version"];
    assert_eq!(there.taken_away(&document("x"), &elsewhere), gone);
    let without = bead("x", "1", "");
    let without_document =
        read_bead("bead.yaml", without.tree.text("beads/x/bead.yaml").expect("rendered")).expect("a bead");
    assert_eq!(
        there.taken_away(&without_document, &without),
        [
            "CompositeResourceDefinition xs.e.org is not in this version",
            "`crossplane.apis` no longer names xs.e.org as it was"
        ]
    );
    assert_eq!(
        there.taken_away(&document("z"), &bead("z", "1", APIS)),
        ["CompositeResourceDefinition xs.e.org belongs to bead x"]
    );
}

#[tokio::test]
async fn what_a_version_no_longer_allows_is_pruned_under_both_permissions() {
    const ROLES: &str =
        "  permissions:\n    clusterResources: [{group: rbac.authorization.k8s.io, kind: ClusterRole}]\n";
    const PROJECT: &str = "root/projects/bead-x.yaml";
    let (_server, access) = installed().await;
    let (with, without) = (bead("x", "1", ROLES), bead("x", "1", ""));
    let there = async || HubRepository::read(&access, soon()).await.expect("readable");
    assert_eq!(there().await.in_between("x", &with), Ok(None), "a first installation");
    put(&access, "x", &with).await.expect("published");
    assert_eq!(there().await.in_between("x", &with), Ok(None), "as before");

    let files = there().await.in_between("x", &without).expect("readable").expect("less is allowed");
    let allows = |files: &Tree| files.text(PROJECT).expect("there").contains("ClusterRole\n");
    assert!(allows(&files) && !allows(&without.tree));
    publish(&access, "x", all(&files), "Under both", soon(), anything).await.expect("published");
    assert_eq!(there().await.in_between("x", &without).expect("readable"), Some(files), "a run that was broken off");
    assert!(put(&access, "x", &without).await.expect("published").committed);
    assert!(!put(&access, "x", &without).await.expect("published").committed);
}

/// A bead for spokes in two waves, in this version.
fn in_waves(version: &str) -> (Bead, RenderedBead) {
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: {version}\n  application: \
         {{namespace: x, manifests: app}}\n  spokes:\n    application: {{namespace: x, manifests: app}}\n    waves: {{label: \
         ring, order: [canary]}}\n"
    );
    let bead = read_bead("bead.yaml", &document).unwrap_or_else(|failure| panic!("{}", failure.render()));
    let mut files = Tree::default();
    let manifest = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{text: \"{version}\"}}\n");
    files.insert("app/a.yaml", manifest).expect("free");
    let input = BeadInput {
        bead: bead.clone(),
        files,
        assets: Assets::default(),
        parameters: Values::new(),
        hub: hub().resolved,
        claims: None,
        depth: 0,
        relocation: None,
        revision: REVISION,
    };
    (bead, render(&input).unwrap_or_else(|failure| panic!("{}", failure.render())))
}

/// Commits this version for a wave, after that of the one before where there is one.
async fn bring(access: &Access, version: &str, wave: &str, after: Option<&str>) -> Outcome<Published> {
    let (bead, rendered) = in_waves(version);
    let after = after.map(|wave| (&rendered.tree, wave));
    let share = Share { files: &rendered.tree, wave, after };
    publish(access, "x", |there| there.with(&bead, share, access), "Render a wave", soon(), anything).await
}

#[tokio::test]
async fn the_next_wave_is_committed_only_on_top_of_the_one_before() {
    let (server, access) = installed().await;
    let behind = async || HubRepository::read(&access, soon()).await.expect("readable").behind("x").expect("a lock");
    for wave in [("canary", None), ("rest", Some("canary"))] {
        assert!(bring(&access, "0.1.0", wave.0, wave.1).await.expect("published").committed);
    }
    assert_eq!(behind().await, [""; 0]);

    // Another version has begun meanwhile, and a removal: both stay as they are.
    bring(&access, "0.2.0", "canary", None).await.expect("published");
    assert_eq!(behind().await, ["rest"]);
    bring(&access, "0.3.0", "canary", None).await.expect("published");
    let before = server.tree();
    let failure = bring(&access, "0.2.0", "rest", Some("canary")).await.expect_err("not ours any more");
    assert!(failure.message.contains("does not hold any more what this run waits for"), "{failure}");
    assert_eq!(server.tree(), before);

    remove(&access, "x", RemovalStage::Spokes, "Stop the way to spokes", soon()).await.expect("published");
    let before = server.tree();
    let failure = bring(&access, "0.3.0", "rest", Some("canary")).await.expect_err("on its way out");
    assert!(failure.details.iter().any(|it| it.contains("beads/x/apps/spokes.yaml")), "{failure}");
    assert_eq!(server.tree(), before);

    // Another run brings it back, and an edit of people in between is none of that.
    bring(&access, "0.3.0", "canary", None).await.expect("published");
    server.edit(|clone| std::fs::write(clone.join("beads/x/spokes/rest/mine.yaml"), "# of people").expect("writable"));
    bring(&access, "0.3.0", "rest", Some("canary")).await.expect("published");
    assert_eq!(behind().await, [""; 0]);
}
