//! What a bead may take, and what others may take from it.

use backstack::document::read_bead;
use backstack::files::Tree;
use backstack::hub_repository::bead::REVISION;
use backstack::publish::bead::publish as publish_bead;
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::render::hub::render as render_hub;
use backstack::report::Outcome;
use backstack::vendor::{AssetContent, Assets};

use crate::bead::fixture::{Bead, TEXT, definition as composite};
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;
use crate::hub_repository::fixture::{hub, input};
use crate::hub_repository::publish::{Server, all, anything, soon};

/// A resource definition.
fn definition(plural: &str, group: &str) -> String {
    let kind = plural[..1].to_uppercase() + &plural[1..plural.len() - 1];
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {plural}.{group}}}\nspec:\n  \
         group: {group}\n  scope: Namespaced\n  names: {{kind: {kind}, plural: {plural}}}\n  versions:\n  - {{name: v1, \
         served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}\n"
    )
}

/// The document of a bead that may write definitions of any name.
pub fn document(name: &str, version: &str, application: &str, more: &str) -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: {version}\n  \
         application: {{namespace: {name}, {application}}}\n  permissions:\n    clusterResources: [{{group: \
         apiextensions.k8s.io, kind: CustomResourceDefinition}}]\n{more}"
    )
}

/// A bead of this document with this manifest, or with a chart that has this one as a file.
pub fn rendered(document: &str, manifest: &str) -> Outcome<RenderedBead> {
    let (mut files, mut chart, mut assets) = (Tree::default(), Tree::default(), Assets::default());
    files.insert("app/a.yaml", manifest)?;
    chart.insert("crds/a.yaml", manifest)?;
    assets.insert("chart", AssetContent::Chart(chart));
    let (bead, hub) = (read_bead("bead.yaml", document)?, hub().resolved);
    render(&BeadInput {
        bead,
        files,
        assets,
        parameters: Values::new(),
        hub,
        claims: None,
        depth: 0,
        relocation: None,
        revision: REVISION,
    })
}

/// Content is held against the list of these definitions when a bead is rendered, so `bead check` and `lint` say it too; and
/// its AppProject denies them, for what only a rendered chart shows.
#[test]
fn no_bead_brings_a_definition_on_which_the_hub_stands() {
    for (plural, group) in [("applications", "argoproj.io"), ("appprojects", "argoproj.io"), ("beads", "backstack.dev")]
    {
        let manifest = definition(plural, group);
        let name = format!("CustomResourceDefinition {plural}.{group}");
        for application in ["manifests: app", "chart: {locked: chart}"] {
            let failure = rendered(&document("x", "0.1.0", application, ""), &manifest).expect_err(application);
            let said = failure.render();
            assert!(said.contains(&name) && said.contains("the hub itself stands"), "{said}");
            assert_eq!(failure.exit.code(), 2, "{said}");
        }
        let bead =
            rendered(&document("x", "0.1.0", "manifests: app", ""), &definition("things", "e.org")).expect("free");
        let project = bead.tree.text("root/projects/bead-x.yaml").expect("a project");
        let denied = project.split("clusterResourceBlacklist:").nth(1).expect("a list");
        assert!(denied.contains(&format!("name: {plural}.{group}")), "{project}");
    }
}

/// The ranges of the beads that need it are asked before anything is written, and again in the very files that are committed
/// upon.
#[tokio::test]
async fn a_new_version_of_a_bead_is_one_that_the_beads_that_need_it_take() {
    let server = Server::new();
    server.publish(&render_hub(&hub()).expect("renders").tree).await.expect("published");
    let put = async |name: &str, version: &str, more: &str| {
        let bead =
            rendered(&document(name, version, "manifests: app", more), &definition("things", &format!("{name}.org")));
        publish_bead(&server.access(), name, all(&bead.expect("rendered").tree), "Render a bead", soon(), anything)
            .await
    };
    put("a", "1.0.0", "").await.expect("published");
    put("b", "0.1.0", "  dependsOn: [{bead: a, version: ^1}]\n").await.expect("published");
    put("c", "0.2.0", "  dependsOn: [{bead: a, version: '>=1, <3'}]\n").await.expect("published");
    put("a", "1.4.0", "").await.expect("in all ranges");
    let before = server.tree();
    let failure = put("a", "2.0.0", "").await.expect_err("not in one of them");
    assert_eq!(failure.details, ["bead b 0.1.0 depends on bead a ^1, and this is 2.0.0"]);
    assert_eq!((failure.exit.code(), server.tree()), (3, before));
    put("b", "0.2.0", "  dependsOn: [{bead: a, version: '>=1, <3'}]\n").await.expect("published");
    put("a", "2.0.0", "").await.expect("in all ranges");
}

/// The versions of Argo CD, Crossplane and Kyverno that a commit brings, and the scaffolder actions that it takes away, are
/// held against `requires` of each installed bead; of a chart from elsewhere it is said that nobody knows.
#[tokio::test]
async fn a_new_version_of_the_hub_is_one_that_its_beads_can_live_with() {
    let server = Server::new();
    let at = |crossplane: &str| {
        let components = format!("[{{name: crossplane, namespace: xp, chart: {crossplane}}}]");
        render_hub(&input("version: 3.6.1", &components)).expect("renders").tree
    };
    let before = server.publish(&at("{locked: thing}")).await.expect("published");
    assert!(before.committed);
    let requires = "  requires: {crossplane: '>=0.9, <2'}\n  crossplane: {}\n";
    let bead = rendered(&document("x", "0.1.0", "manifests: app", requires), &definition("things", "x.org"));
    let bead = bead.unwrap_or_else(|failure| panic!("{}", failure.render()));
    publish_bead(&server.access(), "x", all(&bead.tree), "Render a bead", soon(), anything).await.expect("published");
    assert!(!server.publish(&at("{locked: thing}")).await.expect("as before").committed);

    let image = "{locked: thing}, images: [{image: 'r.example.org/up/crossplane:v2.1.0', values: {repository: i}}]";
    let files = server.tree();
    let failure = server.publish(&at(image)).await.expect_err("not in the range");
    assert_eq!(failure.details, ["bead x requires Crossplane >=0.9, <2, and this is v2.1.0"]);
    assert_eq!((failure.exit.code(), server.tree()), (3, files));

    let elsewhere = "{repository: 'https://charts.example.org', name: crossplane, version: 1.20.0}";
    let published = server.publish(&at(elsewhere)).await.expect("published");
    assert!(published.unknown.len() == 1 && published.unknown[0].contains("is not known"), "{:?}", published.unknown);
}

/// Argo CD marks no definition with its Application, so its holder is looked for: in the files of other beads and of the hub,
/// among what other Applications list, and by owner references. One that nobody holds is told, and stays when the bead goes.
#[test]
#[ignore = "needs the testbed"]
fn a_definition_has_one_holder() {
    let hub = Hub::installed(Kind::Crossplane);
    let crd = |name: &str| hub.object("crd", name);
    let accepted = "acceptPrivileges: true";
    let first = Bead::new(&hub, "first").with(accepted);
    hub.apply(&definition("alones", "e.org"));
    first.edit("app/deployment.yaml", |_| {
        format!("{}---\n{}", definition("shareds", "e.org"), definition("alones", "e.org"))
    });
    first.edit("bead.yaml", |_| document("first", "0.1.0", "manifests: app", ""));
    let said = "warning: CustomResourceDefinition alones.e.org is there already: the bead takes it over, and it stays";
    let run = first.run("install").expect(0).says(said);
    assert!(!run.stderr.contains("shareds.e.org is there"), "{}", run.stderr);
    assert!(!first.run("upgrade").expect(0).stderr.contains("is there already"), "it is the bead's own now");

    // Another bead's, in manifests, in a chart and in its permissions; and Crossplane's.
    hub.apply(&composite("Owned", "owneds", "e.org", "Cluster", TEXT));
    hub.kubectl(&["wait", "--for=create", "crd/owneds.e.org", "--timeout=180s"]);
    let commits = hub.commits();
    let second = Bead::new(&hub, "second").with(accepted);
    let depends = "  dependsOn: [{bead: first, version: ^0.1}]\n";
    second.edit("app/deployment.yaml", |_| {
        format!("{}---\n{}", definition("shareds", "e.org"), definition("owneds", "e.org"))
    });
    second.edit("bead.yaml", |_| document("second", "0.1.0", "manifests: app", depends));
    for action in ["diff", "install"] {
        let run = second.run(action).expect(3);
        let run = run.says("CustomResourceDefinition shareds.e.org belongs to the Application bead-first-application");
        let run = run.says("CustomResourceDefinition shareds.e.org belongs to bead first, by beads/first/application/");
        run.says("CustomResourceDefinition owneds.e.org belongs to CompositeResourceDefinition owneds.e.org");
    }
    second.lock_chart("chart", &[("crd", &definition("shareds", "e.org"))]);
    second.edit("bead.yaml", |_| document("second", "0.1.0", "chart: {locked: chart}", depends));
    second.run("install").expect(3).says("belongs to bead first");
    second.lock_chart("chart", &[("crd", "# nothing\n")]);
    second.edit("bead.yaml", |text| text.replace("Definition}", "Definition, name: shareds.e.org}"));
    second.run("install").expect(3).says("and `permissions` of the bead name it");
    assert_eq!(hub.commits(), commits, "nothing was changed");

    // A version that lacks it gives it up: Argo CD prunes no definition.
    first.edit("app/deployment.yaml", |_| definition("alones", "e.org"));
    first.run("upgrade").expect(0);
    second.edit("app/deployment.yaml", |_| definition("shareds", "e.org"));
    second.edit("bead.yaml", |_| document("second", "0.1.0", "manifests: app", depends));
    second.run("install").expect(0).says("shareds.e.org is there already: the bead takes it over, and it stays");

    // What the second says of the first counts now.
    first.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    for action in ["diff", "upgrade"] {
        first.run(action).expect(3).says("bead second 0.1.0 depends on bead first ^0.1, and this is 0.2.0");
    }
    second.run("uninstall").expect(0);
    assert!(crd("shareds.e.org").is_some() && crd("alones.e.org").is_some());

    // What only a rendered chart shows, its project denies.
    let before = crd("appprojects.argoproj.io").expect("Argo CD's own");
    let third = Bead::new(&hub, "third").with(accepted);
    let template = definition("appprojects", "argoproj.io")
        .replace("name: appprojects", "name: {{ .Release.Name | replace \"third\" \"appprojects\" }}");
    third.lock_chart("chart", &[("crd", &template)]);
    third.edit("bead.yaml", |_| document("third", "0.1.0", "chart: {locked: chart}", ""));
    let run = third.run("install").expect(1).says("warning: not looked at: definitions * that the chart makes");
    run.says("CustomResourceDefinition").says("is not permitted in project bead-third");
    assert_eq!(
        crd("appprojects.argoproj.io").expect("still there")["metadata"]["generation"],
        before["metadata"]["generation"]
    );
}
