//! What is a bead's own is what its files define and bring, by group and kind; its word is no proof.

use backstack::document::read_bead;
use backstack::files::Tree;
use backstack::hub_repository::bead::REVISION;
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::report::Outcome;
use backstack::vendor::Assets;

use super::{may, said};
use crate::hub_repository::fixture::hub;

const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";
const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A bead with these lines of its document, and these files.
pub fn of_files(spec: &str, files: &[(&str, &str)]) -> Outcome<RenderedBead> {
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: 0.1.0\n  application: \
         {{namespace: x, manifests: app}}\n{spec}"
    );
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.insert(*path, *text)?;
    }
    let (bead, hub, assets) = (read_bead("bead.yaml", &document)?, hub().resolved, Assets::default());
    let (files, parameters, depth, relocation, revision) = (tree, Values::new(), 0, None, REVISION);
    render(&BeadInput { bead, files, assets, parameters, hub, claims: None, depth, relocation, revision })
}

/// The privileges of such a bead.
pub fn told(spec: &str, files: &[(&str, &str)]) -> Vec<String> {
    of_files(spec, files).unwrap_or_else(|failure| panic!("{spec}: {}", failure.render())).privileges
}

fn definition(kind: &str) -> String {
    format!(
        "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata: {{name: xs.e.org}}\nspec: \
         {{group: e.org, scope: Namespaced, names: {{kind: {kind}, plural: xs}}}}\n"
    )
}

const APIS: &str = "crossplane: {definitions: apis, apis: [{group: e.org, kind: X, plural: xs}]}";
const MAY: &str =
    "permissions: {clusterResources: [{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition}]}";
const OBJECT: &str = "{apiVersion: e.org/v1, kind: X, metadata: {name: p, namespace: x}}";

#[test]
fn an_api_is_a_beads_own_by_its_definition_alone() {
    let defines = "CompositeResourceDefinition xs.e.org: defines an API for the whole cluster, which everybody may use who may \
                   edit a namespace";
    let spec = format!("  {APIS}\n  {MAY}\n");
    assert_eq!(told(&spec, &[("app/a.yaml", OBJECT), ("apis/x.yaml", &definition("X"))]), [defines]);
    let failure = of_files(&spec, &[("app/a.yaml", OBJECT), ("apis/x.yaml", &definition("Y"))]).expect_err("refused");
    assert!(failure.render().contains("no file of the bead defines X.e.org"), "{}", failure.render());

    // What a package brings is not looked at.
    let package = format!("configurations: [{{package: 'r.example.org/up/c:v1@{DIGEST}'}}]");
    let spec = format!("  {}\n", APIS.replace("definitions: apis", &package));
    let all = told(&spec, &[("app/a.yaml", OBJECT)]);
    for line in [
        "X p: a controller that is not the bead's acts on it, and what comes of it is not known",
        "crossplane.apis X.e.org: decides what counts as healthy everywhere, and no file shows that the bead defines it",
    ] {
        assert!(all.iter().any(|it| it == line), "{line}: {all:#?}");
    }
}

/// A definition that the API server refuses makes nothing of others the bead's own.
#[test]
fn a_definition_of_another_name_or_group_defines_nothing() {
    let order = "apiVersion: shop.example.org/v1\nkind: Order\nmetadata: {name: p, namespace: x}\n";
    let line = "Order p: a controller that is not the bead's acts on it, and what comes of it is not known";
    for (group, name) in [("apiextensions.k8s.io", "orders.mine.org"), ("foo.example.org", "orders.shop.example.org")] {
        let definition = format!(
            "apiVersion: {group}/v1\nkind: CustomResourceDefinition\nmetadata: {{name: {name}}}\nspec: {{group: \
             shop.example.org, names: {{kind: Order}}}}\n"
        );
        let all = said(&format!("{definition}---\n{order}"), &may(group, "CustomResourceDefinition"));
        assert!(all.iter().any(|it| it == line), "{group} {name}: {all:#?}");
    }
}

/// A name-sake of another group is not what is meant.
#[test]
fn what_the_bead_brings_has_the_group_that_is_asked_for() {
    for (kind, name, object, line) in [
        (
            "ClusterRole",
            "cluster-admin",
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: p}, roleRef: {kind: ClusterRole, \
             name: cluster-admin}}",
            "RoleBinding p: gives ClusterRole cluster-admin, whatever rights that has, in its namespace",
        ),
        (
            "PersistentVolume",
            "v",
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p}, spec: {volumeName: v}}",
            "PersistentVolumeClaim p: gets PersistentVolume v with what is on it",
        ),
        (
            "ServiceAccount",
            "robot",
            "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {serviceAccountName: robot, containers: [{name: c, image: i}]}}",
            "Pod p: acts as ServiceAccount robot, which is not the bead's",
        ),
        (
            "ClusterProviderConfig",
            "other",
            "{apiVersion: sql.aws.m.upbound.io/v1, kind: Table, metadata: {name: p, namespace: x}, spec: {providerConfigRef: {kind: \
             ClusterProviderConfig, name: other}}}",
            "Table p: works with the rights of ClusterProviderConfig other, which is not the bead's",
        ),
    ] {
        let fake =
            format!("{{apiVersion: foo.example.org/v1, kind: {kind}, metadata: {{name: {name}, namespace: x}}}}");
        let all = said(&format!("{fake}\n---\n{object}\n"), "");
        assert!(all.iter().any(|it| it == line), "{kind}: {all:#?}");
    }
    let config = "{apiVersion: aws.m.upbound.io/v1, kind: ClusterProviderConfig, metadata: {name: own}}";
    let table = "{apiVersion: sql.aws.m.upbound.io/v1, kind: Table, metadata: {name: p, namespace: x}, spec: {providerConfigRef: \
                 {kind: ClusterProviderConfig, name: own}}}";
    let all = said(&format!("{config}\n---\n{table}\n"), &may("aws.m.upbound.io", "ClusterProviderConfig"));
    assert!(!all.iter().any(|it| it.contains("works with the rights")), "that of its family: {all:#?}");
}

/// What people run and who they are to Backstage is no business of a cluster's, and so bounded by nothing of it.
#[test]
fn what_entities_can_do_is_asked_for() {
    let address = "https://git.example.org/a/catalog-info.yaml";
    let line = format!("location {address}: any entities, as they are there at the time");
    let locations = format!("  backstage: {{locations: ['{address}']}}\n");
    assert_eq!(told(&locations, &[("app/a.yaml", MAP)]), [line.as_str()]);
    let template = |action: &str| {
        format!(
            "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {{name: t}}\nspec: {{type: x, steps: \
             [{{action: 'fetch:template'}}, {{action: '{action}'}}]}}\n"
        )
    };
    let version = "apiVersion: backstage.io/v1alpha1";
    let group = format!(
        "{version}\nkind: Group\nmetadata: {{name: admins}}\nspec: {{type: team, children: [], members: [m]}}\n"
    );
    let user = format!("{version}\nkind: User\nmetadata: {{name: m}}\nspec: {{memberOf: [admins]}}\n");
    let elsewhere = format!("{version}\nkind: Location\nmetadata: {{name: l}}\nspec: {{targets: ['{address}']}}\n");
    for (entity, said) in [
        (template("publish:github:pull-request"), None),
        (template("catalog:register"), None),
        (template("kubernetes:apply"), Some("Template t: runs kubernetes:apply with the rights of Backstage")),
        (group, Some("Group admins: decides who belongs to which group of Backstage")),
        (user, Some("User m: decides who belongs to which group of Backstage")),
        (elsewhere, Some(line.as_str())),
    ] {
        let files = [("app/a.yaml", MAP), ("catalog/catalog-info.yaml", entity.as_str())];
        assert_eq!(told("  backstage: {entities: catalog}\n", &files), said.as_slice(), "{entity}");
    }
}

/// A check holds for the objects of everybody.
#[test]
fn a_health_check_of_what_the_bead_does_not_define_is_asked_for() {
    for kind in ["cert-manager.io_Certificate", "kubernetes.m.crossplane.io_Object", "apps_Deployment", "Service"] {
        let line = format!("health of {kind}: decides what counts as healthy everywhere");
        assert_eq!(told(&format!("  health: {{{kind}: return 1}}\n"), &[("app/a.yaml", MAP)]), [line]);
    }
    let spec = format!("  health: {{e.org_X: return 1}}\n  {APIS}\n  {MAY}\n");
    let all = told(&spec, &[("app/a.yaml", MAP), ("apis/x.yaml", &definition("X"))]);
    assert!(!all.iter().any(|it| it.contains("health")), "{all:#?}");
}
