//! A bead, rendered from its document and its content.

use backstack::document::{Bead, Resolved, read_bead};
use backstack::files::Tree;
use backstack::hub_repository::bead::REVISION;
use backstack::porter::read_relocation_map;
use backstack::render::bead::{BeadInput, Part, RenderedBead, Values, health_checks, render};
use backstack::report::Outcome;
use backstack::vendor::Assets;
use backstack::yaml;
use serde_json::{Value, json};

const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A bead with all four parts.
fn whole() -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: gke}}
spec:
  version: 0.3.1
  parameters:
  - {{name: project, type: string, pattern: '^[a-z]+$'}}
  - {{name: replicas, type: integer, default: 2}}
  application: {{namespace: gke, manifests: app}}
  crossplane:
    providers: [{{package: 'registry.example.org/up/provider-x:v1.0.0@{DIGEST}'}}]
    configurations: [{{package: 'registry.example.org/up/configuration-x:v1.0.0@{DIGEST}'}}]
    definitions: apis
    providerConfigs: config
    apis: [{{group: gke.example.org, kind: XCluster, plural: xclusters, claimKind: Cluster}}]
  kyverno: {{policies: policies}}
  backstage: {{entities: catalog}}
  permissions:
    clusterResources:
    - {{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.gke.example.org'}}
    - {{group: x.example.org, kind: ProviderConfig}}
    - {{group: kyverno.io, kind: ClusterPolicy, name: gke-*}}
"
    )
}

fn files() -> Tree {
    let mut files = Tree::default();
    for (path, text) in [
        (
            "app/deployment.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: gke}\nspec: {replicas: '${ parameters.replicas }'}\n",
        ),
        (
            "apis/xrd.yaml",
            "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata: {name: xclusters.gke.example.org}\n\
             spec: {group: gke.example.org, names: {kind: XCluster, plural: xclusters}}\n",
        ),
        (
            "config/config.yaml",
            "apiVersion: x.example.org/v1\nkind: ProviderConfig\nmetadata: {name: default}\nspec: {project: 'p-${ parameters.project }'}\n",
        ),
        (
            "policies/labels.yaml",
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: gke-labels}\nspec: {rules: [{name: r, generate: {}}]}\n",
        ),
        ("catalog/catalog-info.yaml", TEMPLATE),
        ("catalog/skeleton/a.txt", "${{ values.name }}\n"),
    ] {
        files.insert(path, text).expect("free");
    }
    files
}

const TEMPLATE: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: gke}
spec: {type: resource, steps: [{action: 'debug:log', input: {message: '${{ parameters.name }}'}}]}
";

fn hub() -> Resolved {
    Resolved {
        repository: "https://git.example.org/hub.git".to_owned(),
        branch: "main".to_owned(),
        cluster_uid: "uid".to_owned(),
    }
}

fn input(text: &str, files: Tree, parameters: &Value) -> Outcome<BeadInput> {
    Ok(BeadInput {
        bead: read_bead("bead.yaml", text)?,
        files,
        assets: Assets::default(),
        parameters: serde_json::from_value::<Values>(parameters.clone()).expect("values"),
        hub: hub(),
        claims: None,
        depth: 0,
        relocation: None,
        revision: REVISION,
    })
}

pub fn rendered(text: &str, files: Tree, parameters: &Value) -> Outcome<RenderedBead> {
    render(&input(text, files, parameters)?)
}

pub fn object(tree: &Tree, path: &str) -> Value {
    let text = tree.text(path).unwrap_or_else(|failure| panic!("{failure}: {:#?}", tree.digests().keys()));
    yaml::manifests(path, text).expect("YAML").remove(0)
}

#[test]
fn every_part_is_an_application_of_its_own() {
    let bead = rendered(&whole(), files(), &json!({"project": "abc"})).expect("rendered");
    assert_eq!(bead.parts, [Part::Providers, Part::Apis, Part::Config, Part::Policies, Part::Application]);
    let names: Vec<&str> = bead.parts.iter().map(|part| part.name()).collect();
    assert_eq!(names, ["providers", "apis", "config", "policies", "application"]);
    let mut last = -1;
    for part in &bead.parts {
        let app = object(&bead.tree, &format!("beads/gke/apps/{}.yaml", part.name()));
        assert_eq!(app["metadata"]["name"], format!("bead-gke-{}", part.name()));
        assert_eq!(app["spec"]["project"], "bead-gke");
        assert_eq!(app["spec"]["source"]["path"], format!("beads/gke/{}", part.name()));
        let wave = app["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"].as_str().expect("a wave");
        let wave: i32 = wave.parse().expect("a number");
        assert!(wave > last, "{part:?} comes after the part before it");
        last = wave;
        let options = app["spec"]["syncPolicy"]["syncOptions"].to_string();
        let asks = options.contains("Prune=confirm") && options.contains("Delete=confirm");
        assert_eq!(asks, matches!(part, Part::Providers | Part::Apis), "{options}");
    }
    let above = object(&bead.tree, "root/apps/bead-gke.yaml");
    assert_eq!(
        (&above["spec"]["project"], &above["spec"]["source"]["path"]),
        (&json!("hub"), &json!("beads/gke/apps"))
    );
}

/// A chart may lie in the hub repository, where somebody else keeps it.
#[test]
fn a_chart_of_the_hub_repository_is_taken_from_its_own_folder() {
    let text = whole().replace("{namespace: gke, manifests: app}", "{namespace: gke, chart: {path: ./charts/mine/}}");
    let bead = rendered(&text, files(), &json!({"project": "abc"})).expect("rendered");
    let source = &object(&bead.tree, "beads/gke/apps/application.yaml")["spec"]["source"];
    assert_eq!(source["path"], "charts/mine");
    assert_eq!(source["helm"]["valueFiles"], json!(["/beads/gke/values.yaml"]));
}

#[test]
fn parameters_are_filled_in_with_their_types() {
    let bead = rendered(&whole(), files(), &json!({"project": "abc", "replicas": "3"})).expect("rendered");
    assert_eq!(object(&bead.tree, "beads/gke/application/deployment-a.gke.yaml")["spec"]["replicas"], 3);
    assert_eq!(object(&bead.tree, "beads/gke/config/providerconfig-default.yaml")["spec"]["project"], "p-abc");
    let catalog = bead.tree.text("backstage/beads/gke/catalog-info.yaml").expect("committed as it is");
    assert!(catalog.contains("${{ parameters.name }}"));
    for (given, words) in [
        (json!({}), "`project` is required"),
        (json!({"project": "A"}), "does not match"),
        (json!({"project": "a", "replicas": "x"}), "expected integer"),
        (json!({"project": "a", "sice": 1}), "no parameter `sice`"),
    ] {
        let failure = rendered(&whole(), files(), &given).expect_err("refused");
        assert!(failure.render().contains(words), "{words}: {}", failure.render());
    }
}

#[test]
fn the_project_allows_what_the_permissions_name_and_no_more() {
    let bead = rendered(&whole(), files(), &json!({"project": "abc"})).expect("rendered");
    let project = object(&bead.tree, "root/projects/bead-gke.yaml");
    assert_eq!(
        project["spec"]["destinations"],
        json!([{"server": "https://kubernetes.default.svc", "namespace": "gke"}])
    );
    assert_eq!(project["spec"]["sourceRepos"], json!(["https://git.example.org/hub.git"]));
    let allowed = project["spec"]["clusterResourceWhitelist"].as_array().expect("a list");
    for name in ["provider-x", "configuration-x", "*.gke.example.org", "*", "gke-*"] {
        assert!(allowed.iter().any(|one| one["name"] == name), "{name}: {allowed:?}");
    }
    assert_eq!(allowed.len(), 5, "its namespace is not its own to write");
}

#[test]
fn content_beyond_the_permissions_is_refused_by_object_and_line() {
    let mut content = files();
    let text = "\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: argocd}\n";
    content.insert("app/more.yaml", text).expect("free");
    let failure = rendered(&whole(), content, &json!({"project": "abc"})).expect_err("refused");
    let said: Vec<String> = failure.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].starts_with("app/more.yaml:2:1: ClusterRole all: "), "{said:#?}");
    assert!(said[1].starts_with("app/more.yaml:6:1: Secret s: ") && said[1].contains("namespace argocd"), "{said:#?}");
}

#[test]
fn content_that_no_guard_could_look_at_is_refused() {
    const LIST: &str = "apiVersion: v1\nkind: List\nmetadata: {name: a}\nitems: [{kind: ClusterRole}]\n";
    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: x}\n";
    const BOUND: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: gke}\n";
    const PACKAGE: &str = "apiVersion: pkg.crossplane.io/v1\nkind: Provider\nmetadata: {name: provider-x}\n";
    const XRD: &str = "apiVersion: apiextensions.crossplane.io/v2\nkind: CompositeResourceDefinition\nmetadata: \
                       {name: a.gke.example.org}\n";
    for (path, text, words) in [
        ("app/more.yaml", LIST, "the content is a list"),
        ("app/more.yaml", SECRET, "Secret a: the values of a Secret would be in git"),
        ("app/more.yaml", BOUND, "NetworkPolicy a: a bead does not bound a namespace itself"),
        ("apis/more.yaml", PACKAGE, "Provider provider-x: a package is named in `spec.crossplane`"),
        ("app/more.yaml", XRD, "CompositeResourceDefinition a.gke.example.org: an XRD belongs to"),
    ] {
        let mut content = files();
        content.insert(path, text).expect("free");
        let failure = rendered(&whole(), content, &json!({"project": "abc"})).expect_err(words);
        let said: Vec<String> = failure.diagnostics.iter().map(ToString::to_string).collect();
        assert!(said.len() == 1 && said[0].starts_with(&format!("{path}:1:1: {words}")), "{said:#?}");
    }
}

#[test]
fn a_namespace_outlives_its_bead() {
    let mut content = files();
    content.insert("app/more.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: gke}\n").expect("free");
    let bead = rendered(&whole(), content, &json!({"project": "abc"})).expect("rendered");
    let namespace = object(&bead.tree, "beads/gke/application/namespace-gke.yaml");
    let annotations = &namespace["metadata"]["annotations"];
    assert_eq!(annotations["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false");
    assert_eq!(annotations["argocd.argoproj.io/compare-options"], "IgnoreExtraneous");
}

#[test]
fn effective_privileges_are_listed() {
    let bead = rendered(&whole(), files(), &json!({"project": "abc"})).expect("rendered");
    let all = bead.privileges.join("\n");
    assert!(all.contains("Provider provider-x: runs registry.example.org/up/provider-x"), "{all}");
    assert!(all.contains("ClusterPolicy gke-labels: rule r generates objects"), "{all}");
    let policy = object(&bead.tree, "beads/gke/policies/clusterpolicy-gke-labels.yaml");
    assert_eq!(policy["spec"]["failurePolicy"], "Ignore");
}

#[test]
fn rendering_is_deterministic() {
    let once = || rendered(&whole(), files(), &json!({"project": "abc"})).expect("rendered").tree;
    assert_eq!(once(), once());
}

#[test]
fn a_copied_bead_names_the_copy_in_every_place() {
    let closed = "registry.closed.example:5000/beads/gke";
    let digest = |index: usize| format!("sha256:{index:064}");
    let published = [
        format!("registry.example.org/up/provider-x:v1.0.0@{DIGEST}"),
        "docker.io/library/redis:8".to_owned(),
        "charts.example.org/b/backstage:2.0.0_1".to_owned(),
        "quay.example.org/backstage:v3".to_owned(),
    ];
    let map: serde_json::Map<_, _> = published
        .iter()
        .enumerate()
        .map(|(index, image)| (image.clone(), json!(format!("{closed}@{}", digest(index)))))
        .collect();
    let relocation = read_relocation_map(&Value::Object(map).to_string(), "").expect("a map");

    // Packages, with a digest by parameter too, and manifests.
    let by_parameter = whole()
        .replace(DIGEST, "${ parameters.digest }")
        .replace("  - {name: replicas", "  - {name: digest, type: string}\n  - {name: replicas");
    for text in [whole(), by_parameter] {
        let given = json!({"project": "abc", "digest": DIGEST});
        let given = if text.contains("name: digest") { given } else { json!({"project": "abc"}) };
        let mut content = files();
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 'redis:8'}]}\n";
        content.insert("app/pod.yaml", pod).expect("free");
        let mut input = input(&text, content, &given).expect("a bead");
        input.relocation = Some(relocation.clone());
        let bead = render(&input).unwrap_or_else(|failure| panic!("{}", failure.render()));
        let provider = object(&bead.tree, "beads/gke/providers/provider-provider-x.yaml");
        assert_eq!(provider["spec"]["package"], format!("{closed}@{}", digest(0)));
        let pod = object(&bead.tree, "beads/gke/application/pod-p.yaml");
        assert_eq!(pod["spec"]["containers"][0]["image"], format!("{closed}@{}", digest(1)));
        assert!(bead.privileges.iter().any(|it| it.contains(closed)), "what runs: {:?}", bead.privileges);
        let lock = object(&bead.tree, "beads/gke/lock.yaml");
        let left = format!("registry.example.org/up/configuration-x:v1.0.0@{DIGEST}");
        assert_eq!(lock["images"][&left], left, "the map does not know it");
        assert_eq!(lock["images"][&published[0]], format!("{closed}@{}", digest(0)));
    }

    // A chart, and the images in its values.
    let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: shop}\nspec:\n  version: 0.1.0\n  \
                application:\n    namespace: shop\n    \
                chart: {oci: 'oci://charts.example.org/b', name: backstage, version: 2.0.0+1}\n    \
                images: [{image: 'quay.example.org/backstage:v3', values: {repository: image.name, tag: image.tag}}]\n";
    let mut input = input(text, Tree::default(), &json!({})).expect("a bead");
    let plain = render(&input).expect("rendered");
    let values = object(&plain.tree, "beads/shop/values.yaml");
    assert_eq!(values["image"], json!({"name": "quay.example.org/backstage", "tag": "v3"}), "without a copy, too");
    input.relocation = Some(relocation);
    let copied = render(&input).expect("rendered");
    let values = object(&copied.tree, "beads/shop/values.yaml");
    assert_eq!(values["image"], json!({"name": format!("{closed}@sha256"), "tag": &digest(3)[7..]}));
    let source = object(&copied.tree, "beads/shop/apps/application.yaml")["spec"]["sources"][0].clone();
    assert_eq!((&source["repoURL"], &source["targetRevision"]), (&json!(format!("oci://{closed}")), &json!(digest(2))));
    let allowed = object(&copied.tree, "root/projects/bead-shop.yaml")["spec"]["sourceRepos"].clone();
    assert!(allowed.as_array().expect("a list").contains(&source["repoURL"]), "{allowed}");
    assert_eq!(object(&copied.tree, "beads/shop/bead.yaml"), object(&plain.tree, "beads/shop/bead.yaml"));
}

#[test]
fn a_kind_is_judged_by_one_bead() {
    let bead = |name: &str, spec: &str| -> Bead {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: {name}}}\nspec:\n  version: 0.1.0\n  \
             application: {{namespace: {name}, manifests: app}}\n  {spec}\n"
        );
        read_bead("bead.yaml", &text).expect("a bead")
    };
    let owner = |name: &str| {
        bead(name, "crossplane: {definitions: apis, apis: [{group: e.org, kind: X, plural: xs, claimKind: C}]}")
    };
    let checks = health_checks([&owner("a")]).expect("one owner");
    let keys: Vec<&str> = checks.keys().map(String::as_str).collect();
    assert_eq!(keys, ["resource.customizations.health.e.org_C", "resource.customizations.health.e.org_X"]);
    let failure = health_checks([&owner("a"), &owner("b")]).expect_err("two owners");
    assert!(failure.message.contains("the beads a and b both define the health of e.org_X"), "{failure}");
    let lua = |name: &str, text: &str| bead(name, &format!("health: {{e.org_Y: '{text}'}}"));
    assert!(health_checks([&lua("a", "return 1"), &lua("b", "return 1")]).is_ok());
    assert!(health_checks([&lua("a", "return 1"), &lua("b", "return 2")]).is_err());
}

#[test]
fn a_folder_that_is_named_must_be_there() {
    let mut content = Tree::default();
    for (path, bytes) in files().iter().filter(|(path, _)| !path.starts_with("catalog/")) {
        content.insert(path, bytes).expect("free");
    }
    let failure = rendered(&whole(), content, &json!({"project": "abc"})).expect_err("refused");
    assert!(failure.render().contains("catalog-info.yaml"), "{}", failure.render());
}

#[test]
fn an_application_leaves_alone_what_others_write() {
    let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: shop}\nspec:\n  version: 0.1.0\n  \
                application:\n    namespace: shop\n    chart: {oci: 'oci://charts.example.org/b', name: b, version: 2.0.0}\n    \
                ignoreDifferences: [{group: apps, kind: Deployment, jqPathExpressions: ['.spec.replicas']}]\n";
    let bead = render(&input(text, Tree::default(), &json!({})).expect("a bead")).expect("rendered");
    let spec = object(&bead.tree, "beads/shop/apps/application.yaml")["spec"].clone();
    let ignored = json!([{"group": "apps", "kind": "Deployment", "jqPathExpressions": [".spec.replicas"]}]);
    assert_eq!(spec["ignoreDifferences"], ignored);
    let options = spec["syncPolicy"]["syncOptions"].as_array().cloned().unwrap_or_default();
    assert!(options.contains(&json!("RespectIgnoreDifferences=true")), "{options:?}");
    let shown = object(&bead.tree, "root/beads/shop.yaml");
    assert_eq!(shown["spec"]["application"].get("ignoreDifferences"), None, "older definitions do not know it");
}
