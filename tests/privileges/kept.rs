//! The labels of a bead's namespace: the renderer's, and nobody else's.

use backstack::document::read_bead;
use backstack::files::Tree;
use backstack::publish::bead::{HubRepository, publish};
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::vendor::Assets;
use backstack::yaml;
use serde_json::{Value, json};

use super::{bead, with_chart};
use crate::hub_repository::fixture::hub;
use crate::hub_repository::publish::{Server, all, anything, soon};
use crate::support::text;

const OWN: &str = "beads/x/apps/namespace.yaml";
const PROJECT: &str = "root/projects/bead-x.yaml";
const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn object(tree: &Tree, path: &str) -> Value {
    let text = tree.text(path).unwrap_or_else(|failure| panic!("{failure}: {:#?}", tree.digests().keys()));
    yaml::manifests(path, text).expect("YAML").remove(0)
}

/// The bead of a version and a revision.
fn of(version: &str, revision: u32) -> RenderedBead {
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: {version}\n  application: \
         {{namespace: x, manifests: app}}\n"
    );
    let mut files = Tree::default();
    files.insert("app/a.yaml", MAP).expect("free");
    let (bead, hub) = (read_bead("bead.yaml", &document).expect("a bead"), hub().resolved);
    let (assets, parameters, depth, relocation) = (Assets::default(), Values::new(), 0, None);
    render(&BeadInput { bead, files, assets, parameters, hub, claims: None, depth, relocation, revision })
        .expect("rendered")
}

#[test]
fn the_namespace_of_a_bead_enforces_its_level_and_no_part_may_write_it() {
    for (level, rendered) in [
        ("baseline", bead(MAP, "")),
        ("restricted", bead(MAP, "podSecurity: restricted")),
        ("privileged", with_chart("podSecurity: privileged")),
    ] {
        let rendered = rendered.expect("rendered");
        let namespace = object(&rendered.tree, OWN);
        assert_eq!((&namespace["kind"], &namespace["metadata"]["name"]), (&json!("Namespace"), &json!("x")));
        assert_eq!(namespace["metadata"]["labels"], json!({ENFORCE: level}));
        let annotations = &namespace["metadata"]["annotations"];
        assert_eq!(annotations["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false", "it outlives the bead");
        assert_eq!(annotations["argocd.argoproj.io/sync-wave"], "-1", "before every part");
        let options =
            object(&rendered.tree, "beads/x/apps/application.yaml")["spec"]["syncPolicy"]["syncOptions"].to_string();
        assert!(!options.contains("CreateNamespace"), "{options}");
        let project = object(&rendered.tree, PROJECT);
        assert_eq!(project["spec"]["clusterResourceWhitelist"], json!([]));
    }
}

#[test]
fn a_pattern_of_namespaces_reaches_neither_its_own_nor_those_of_the_hub() {
    let rendered = with_chart("clusterResources: [{group: '', kind: Namespace}]").expect("rendered");
    let never = object(&rendered.tree, PROJECT)["spec"]["clusterResourceBlacklist"].clone();
    let names: Vec<&str> = never.as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["argocd", "kube-system", "x"]);
    assert_eq!(
        rendered.privileges,
        [
            "Namespace *, by its chart: a namespace besides its own, which a chart may let any pod into",
            "chart chart: what it brings was not looked at: in the namespace x it may be anything that its project lets through"
        ]
    );
}

#[test]
fn a_namespace_among_the_manifests_is_labelled_and_its_author_writes_no_such_label() {
    let namespace = |name: &str, labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n")
    };
    let rendered = bead(&namespace("x", "{team: a}"), "").expect("rendered");
    let written = object(&rendered.tree, "beads/x/application/namespace-x.yaml");
    assert_eq!(written["metadata"]["labels"], json!({"team": "a", ENFORCE: "baseline"}));
    assert!(rendered.tree.get(OWN).is_none(), "it has one holder");
    let other = "namespaces: [z]\nclusterResources: [{group: '', kind: Namespace, name: z}]";
    let rendered = bead(&namespace("z", "{}"), other).expect("rendered");
    let written = object(&rendered.tree, "beads/x/application/namespace-z.yaml");
    assert_eq!(written["metadata"]["labels"][ENFORCE], "baseline", "its pods there are no others");

    for key in [ENFORCE, "pod-security.kubernetes.io/enforce-version", "pod-security.kubernetes.io/warn"] {
        let failure = bead(&namespace("x", &format!("{{{key}: privileged}}")), "").expect_err("refused");
        assert!(failure.render().contains(&format!("Namespace x: `{key}` bounds the pods of the bead")), "{failure}");
    }
    // Written at another moment, or as a hook, it would not be there with its label when the pods come.
    let with = |name: &str, annotation: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, annotations: {{team: a, {annotation}: x}}}}\n"
        )
    };
    let of_argocd = |key: &str| format!("argocd.argoproj.io/{key}");
    for key in ["hook", "sync-wave", "sync-options", "compare-options"]
        .map(of_argocd)
        .into_iter()
        .chain(["helm.sh/hook".to_owned()])
    {
        let failure = bead(&with("x", &key), "").expect_err("refused");
        assert!(failure.render().contains(&format!("Namespace x: `{key}` decides when and whether")), "{failure}");
        assert_eq!(
            bead(&with("z", &key), other).is_err(),
            key.ends_with("/hook"),
            "{key} of a namespace besides its own"
        );
    }
    let failure = bead("apiVersion: v9\nkind: Namespace\nmetadata: {name: x}\n", "").expect_err("refused");
    assert!(failure.render().contains("Namespace x: the version of the kind is `v9`"), "{failure}");

    let default = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: x}\nspec:\n  version: 0.1.0\n  application: \
                   {namespace: default, manifests: app}\n";
    let mut files = Tree::default();
    files.insert("app/a.yaml", MAP).expect("free");
    let (bead, hub, assets) = (read_bead("bead.yaml", default).expect("read"), hub().resolved, Assets::default());
    let input = BeadInput {
        bead,
        files,
        assets,
        parameters: Values::new(),
        hub,
        claims: None,
        depth: 0,
        relocation: None,
        revision: 2,
    };
    assert!(render(&input).expect_err("refused").message.contains("the namespace default is everybody's"));
}

#[tokio::test]
async fn a_version_that_is_installed_stays_as_it_was_rendered() {
    let server = Server::new();
    server.publish(&backstack::render::hub::render(&hub()).expect("renders").tree).await.expect("published");
    let access = server.access();
    let there = async || HubRepository::read(&access, soon()).await.expect("readable");
    let document = |rendered: &RenderedBead| {
        read_bead("bead.yaml", rendered.tree.text("beads/x/bead.yaml").expect("rendered")).expect("a bead")
    };
    let (first, second) = (of("0.1.0", 1), of("0.1.0", 2));
    assert!(
        first.tree.get(OWN).is_none() && !first.tree.text("beads/x/lock.yaml").expect("there").contains("revision")
    );
    assert_eq!(there().await.revision(&document(&first)).expect("read"), 3, "a new one takes the newest");

    publish(&access, "x", all(&first.tree), "As an older version did", soon(), anything).await.expect("published");
    assert_eq!(there().await.revision(&document(&first)).expect("read"), 1);
    assert_eq!(there().await.revision(&document(&of("0.2.0", 2))).expect("read"), 3, "another version");

    publish(&access, "x", all(&second.tree), "As this version does", soon(), anything).await.expect("published");
    assert!(second.tree.text("beads/x/lock.yaml").expect("there").contains("revision: 2"));
    assert_eq!(there().await.revision(&document(&second)).expect("read"), 2);
    let denied = &object(&second.tree, PROJECT)["spec"]["namespaceResourceBlacklist"];
    assert_eq!(denied[3]["kind"], "*", "as the second revision denied Argo CD's group");
}

/// A hub that is run again changes nothing, so the definition of beads is that of the first version.
#[test]
fn the_definition_of_beads_is_what_it_was() {
    let path = "root/crds/beads.yaml";
    let now = backstack::render::hub::render(&hub()).expect("renders").tree;
    assert_eq!(now.text(path).expect("rendered"), text(&format!("tests/formats/v0.1.0/repository/{path}")));
    let rendered = bead(MAP, "podSecurity: privileged").expect("rendered");
    let shown = object(&rendered.tree, "root/beads/x.yaml");
    assert_eq!(shown["spec"]["permissions"].get("podSecurity"), None, "the definition does not know it");
    assert_eq!(shown["metadata"]["annotations"]["backstack.dev/pod-security"], "privileged");
    assert_eq!(object(&rendered.tree, "beads/x/bead.yaml")["spec"]["permissions"]["podSecurity"], "privileged");
}
