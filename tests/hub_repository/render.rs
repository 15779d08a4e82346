use backstack::document::ArgoCdVariant;
use backstack::files::Tree;
use backstack::hub_repository::HubLock;
use backstack::render::hub::{
    HubInput, Rendered, bootstrap_of, bootstrap_set, bootstrap_set_after, bootstrap_to_prove, plain_objects, render,
};
use backstack::report::Failure;
use backstack::vendor::AssetContent;
use backstack::yaml;
use serde_json::{Value, json};

use super::fixture::{CERTIFICATE, COMPONENTS, MANIFEST, hub, input};

fn tree(input: &HubInput) -> Tree {
    render(input).unwrap_or_else(|failure| panic!("{}", failure.render())).tree
}

fn object(tree: &Tree, path: &str) -> Value {
    let text = tree.text(path).unwrap_or_else(|failure| panic!("{}", failure.render()));
    yaml::manifests(path, text).expect("valid YAML").remove(0)
}

fn refusal(input: &HubInput) -> Failure {
    render(input).expect_err("refused")
}

/// The certificates alone, whatever stands around them in the text that somebody has given.
#[test]
fn the_certificates_of_hosts_are_where_argo_cd_looks_for_them() {
    let path = "argocd/configmap-argocd-tls-certs-cm.yaml";
    assert_eq!(object(&tree(&hub()), path).get("data"), None, "others may put theirs there");
    let mut with_one = hub();
    let text = format!("issuer=CN = a\n{CERTIFICATE}# the end");
    with_one.hub.spec.argocd.certificates.insert("Git.example.org".to_owned(), text);
    assert_eq!(object(&tree(&with_one), path)["data"], json!({"Git.example.org": CERTIFICATE}));

    let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    for (host, text, why) in [
        ("git.example.org:8443", CERTIFICATE.to_owned(), "Argo CD finds no certificate under `git.example.org:8443`"),
        ("git.example.org", key.to_owned(), "it holds a private key, and no certificate"),
        ("git.example.org", format!("{CERTIFICATE}{key}"), "a private key beside the certificates"),
        ("git.example.org", "git.pem".to_owned(), "it holds no certificate in PEM"),
    ] {
        let mut wrong = hub();
        wrong.hub.spec.argocd.certificates.insert(host.to_owned(), text);
        let failure = refusal(&wrong).render();
        assert!(failure.contains(why), "{failure}");
        assert!(!failure.contains("c2VjcmV0"), "{failure}");
    }
}

#[test]
fn the_repository_has_exactly_these_files() {
    let rendered = tree(&hub());
    let paths: Vec<&str> = rendered.iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "argocd/clusterrole-argocd-server.yaml",
            "argocd/configmap-argocd-cm.yaml",
            "argocd/configmap-argocd-cmd-params-cm.yaml",
            "argocd/configmap-argocd-rbac-cm.yaml",
            "argocd/configmap-argocd-tls-certs-cm.yaml",
            "argocd/configmap-backstack-canary.yaml",
            "argocd/customresourcedefinition-applications.argoproj.io.yaml",
            "argocd/deployment-argocd-server.yaml",
            "argocd/namespace-argocd.yaml",
            "argocd/secret-argocd-secret.yaml",
            "backstage/beads/_hub.yaml",
            "components/folder/values.yaml",
            "components/helm/values.yaml",
            "components/locked/chart/Chart.yaml",
            "components/locked/chart/templates/a.yaml",
            "components/locked/values.yaml",
            "components/registry/values.yaml",
            "hub.yaml",
            "lock.yaml",
            "root/apps/argocd.yaml",
            "root/apps/folder.yaml",
            "root/apps/helm.yaml",
            "root/apps/locked.yaml",
            "root/apps/registry.yaml",
            "root/crds/beads.yaml",
            "root/projects/guests.yaml",
            "root/projects/hub.yaml",
            "root/projects/spokes.yaml",
            "root/root.yaml",
            "spokes/probe/configmap.yaml",
        ]
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(tree(&hub()), tree(&hub()));
}

#[test]
fn the_lock_names_every_other_file_with_its_digest() {
    let rendered = tree(&hub());
    let lock = HubLock::read(rendered.get("lock.yaml").expect("rendered")).expect("readable");
    let mut digests = rendered.digests();
    digests.remove("lock.yaml");
    assert_eq!(lock.files, digests);
    assert_eq!(lock.cluster_uid, "uid-1");
}

#[test]
fn objects_have_a_namespace_where_they_live_in_one() {
    let rendered = tree(&hub());
    assert_eq!(object(&rendered, "argocd/deployment-argocd-server.yaml")["metadata"]["namespace"], "argocd");
    assert_eq!(object(&rendered, "argocd/clusterrole-argocd-server.yaml")["metadata"]["namespace"], Value::Null);
}

#[test]
fn what_takes_others_with_it_is_never_pruned() {
    let rendered = tree(&hub());
    for path in ["argocd/namespace-argocd.yaml", "argocd/customresourcedefinition-applications.argoproj.io.yaml"] {
        let options = &object(&rendered, path)["metadata"]["annotations"]["argocd.argoproj.io/sync-options"];
        assert_eq!(options, "Prune=false,Delete=false", "{path}");
    }
}

#[test]
fn no_secret_value_is_rendered() {
    for (path, bytes) in tree(&hub()).iter() {
        assert!(!String::from_utf8_lossy(bytes).contains("never-in-git"), "{path}");
    }
}

#[test]
fn settings_are_merged_and_those_of_the_document_win() {
    let argocd = "version: 3.6.1, config: {upstream: changed, url: 'https://cd.example.org'}, \
                  params: {controller.sync.timeout.seconds: '60'}, rbac: {policy.default: 'role:readonly'}";
    let rendered = tree(&input(argocd, "[]"));
    let config = object(&rendered, "argocd/configmap-argocd-cm.yaml");
    assert_eq!(config["metadata"]["annotations"], json!({"a": "b"}));
    assert_eq!(config["data"]["upstream"], "changed");
    assert_eq!(config["data"]["url"], "https://cd.example.org");
    assert_eq!(config["data"]["application.resourceTrackingMethod"], "annotation");
    let health = config["data"]["resource.customizations.health.argoproj.io_Application"].as_str();
    assert!(health.is_some_and(|lua| lua.contains("Progressing")));
    let params = object(&rendered, "argocd/configmap-argocd-cmd-params-cm.yaml");
    assert_eq!(params["data"], json!({"controller.sync.timeout.seconds": "60"}));
    let rbac = object(&rendered, "argocd/configmap-argocd-rbac-cm.yaml");
    assert_eq!(rbac["data"], json!({"policy.default": "role:readonly"}));

    let plain = tree(&input("version: 3.6.1", "[]"));
    let config = object(&plain, "argocd/configmap-argocd-cm.yaml");
    assert_eq!(config["data"]["upstream"], "kept");
    let params = object(&plain, "argocd/configmap-argocd-cmd-params-cm.yaml");
    assert_eq!(params["data"]["controller.sync.timeout.seconds"], "900");
}

/// A hub with the manifest in small of the highly available Argo CD: what there is beside the standard one, and who reads redis.
fn highly_available(argocd: &str) -> HubInput {
    let reader = |kind: &str, name: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{a: b}}}}, \
             spec: {{containers: [{{env: [{{name: REDIS_SERVER, valueFrom: {{configMapKeyRef: {{name: argocd-cmd-params-cm, key: \
             redis.server, optional: true}}}}}}]}}]}}}}}}\n"
        )
    };
    let params = "metadata: {name: argocd-cmd-params-cm}\n";
    let redis = "data: {redis.server: 'argocd-redis-ha-haproxy:6379'}\n";
    let manifest = [
        MANIFEST.replace(params, &[params, redis].concat()),
        reader("StatefulSet", "argocd-application-controller"),
        reader("Deployment", "argocd-repo-server"),
        "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: argocd-redis-ha-server}\nspec: {template: {}}\n"
            .to_owned(),
    ];
    let mut input = input(&format!("version: 3.6.1, variant: ha{argocd}"), "[]");
    input.assets.insert("argocd", AssetContent::Manifest(manifest.concat().into()));
    input.lock.assets[0].variant = ArgoCdVariant::Ha;
    input
}

#[test]
fn who_reads_redis_begins_anew_where_it_is_another_one() {
    let mark = |rendered: &Tree, name: &str| {
        let template = &object(rendered, &format!("argocd/{name}.yaml"))["spec"]["template"];
        template["metadata"]["annotations"]["backstack.dev/redis-server"].clone()
    };
    let readers = ["statefulset-argocd-application-controller", "deployment-argocd-repo-server"];
    let rendered = tree(&highly_available(""));
    for name in readers {
        assert_eq!(mark(&rendered, name), "argocd-redis-ha-haproxy:6379", "{name}");
        let labels = &object(&rendered, &format!("argocd/{name}.yaml"))["spec"]["template"]["metadata"]["labels"];
        assert_eq!(labels, &json!({"a": "b"}), "{name}");
    }
    for name in ["deployment-argocd-server", "statefulset-argocd-redis-ha-server"] {
        assert_eq!(mark(&rendered, name), Value::Null, "{name} reads no redis");
    }
    assert!(rendered.text("README.md").expect("rendered").contains("| 3.6.1, highly available |"));
    let own = tree(&highly_available(", params: {redis.server: 'cache.example.org:6379'}"));
    assert_eq!(mark(&own, readers[0]), "cache.example.org:6379");
}

#[test]
fn the_root_is_its_own_last_wave_and_takes_nothing_with_it() {
    let rendered = tree(&hub());
    let wave = |path: &str| -> i32 {
        let annotation = &object(&rendered, path)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"];
        annotation.as_str().and_then(|wave| wave.parse().ok()).unwrap_or_else(|| panic!("{path}: {annotation}"))
    };
    let (mut apps, mut projects) = (Vec::new(), Vec::new());
    for (path, _) in rendered.iter().filter(|(path, _)| path.starts_with("root/")) {
        match path.split('/').nth(1) {
            Some("apps") => apps.push(wave(path)),
            Some("projects") => projects.push(wave(path)),
            _ => {}
        }
    }
    assert!(apps.iter().all(|app| *app < wave("root/root.yaml")));
    assert!(apps.iter().all(|app| projects.iter().all(|project| project < app)));
    for path in ["root/root.yaml", "root/apps/argocd.yaml"] {
        let object = object(&rendered, path);
        assert_eq!(object["metadata"]["finalizers"], Value::Null, "{path}");
        assert_eq!(object["spec"]["syncPolicy"]["automated"]["allowEmpty"], false, "{path}");
        let options = object["spec"]["syncPolicy"]["syncOptions"].to_string();
        assert!(options.contains("ServerSideApply=true") && options.contains("FailOnSharedResource=true"), "{path}");
    }
}

#[test]
fn every_source_of_charts_gets_its_values_from_the_hub_repository() {
    let rendered = tree(&hub());
    let spec = |name: &str| object(&rendered, &format!("root/apps/{name}.yaml"))["spec"].clone();
    let hub = "https://git.example.org/hub.git";
    let values = json!({"repoURL": hub, "targetRevision": "main", "ref": "values"});
    assert_eq!(
        spec("helm")["sources"],
        json!([{"repoURL": "https://charts.example.org", "chart": "h", "targetRevision": "1.2.3",
                "helm": {"releaseName": "helm", "valueFiles": ["$values/components/helm/values.yaml"]}}, values])
    );
    assert_eq!(
        spec("registry")["sources"],
        json!([{"repoURL": "oci://r.example.org/charts/r", "path": ".", "targetRevision": "4.5.6",
                "helm": {"releaseName": "registry", "valueFiles": ["$values/components/registry/values.yaml"]}}, values])
    );
    for (name, path) in [("locked", "components/locked/chart"), ("folder", "charts/folder")] {
        assert_eq!(
            spec(name)["source"],
            json!({"repoURL": hub, "targetRevision": "main", "path": path, "helm": {"releaseName": name,
                   "valueFiles": [format!("/components/{name}/values.yaml")]}})
        );
    }
    assert_eq!(rendered.text("components/locked/values.yaml").expect("rendered"), "a: \"on\"\n");
    assert_eq!(rendered.text("components/folder/values.yaml").expect("rendered"), "{}\n");
}

#[test]
fn a_project_reads_and_writes_only_what_its_components_need() {
    let rendered = tree(&hub());
    let hub = object(&rendered, "root/projects/hub.yaml");
    assert_eq!(hub["spec"]["sourceRepos"], json!(["https://charts.example.org", "https://git.example.org/hub.git"]));
    let guests = object(&rendered, "root/projects/guests.yaml");
    assert_eq!(
        guests["spec"]["sourceRepos"],
        json!(["https://git.example.org/hub.git", "oci://r.example.org/charts/r"])
    );
    let destination = json!([{"server": "https://kubernetes.default.svc", "namespace": "reg"}]);
    assert_eq!(guests["spec"]["destinations"], destination);
}

#[test]
fn the_bootstrap_set_is_read_back_from_the_files() {
    let rendered = tree(&hub());
    let set = bootstrap_set(&rendered).expect("complete");
    let names: Vec<String> = set
        .iter()
        .map(|object| format!("{}/{}", object["kind"], object["metadata"]["name"]).replace('"', ""))
        .collect();
    for expected in ["Namespace/argocd", "AppProject/hub", "AppProject/guests", "Application/root"] {
        assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
    }
    assert!(!names.contains(&"Application/argocd".to_owned()), "the root makes it");
    assert!(bootstrap_set(&Tree::default()).is_err());
}

/// A definition is held by what it is called, whatever somebody has made of it.
#[test]
fn a_proof_asks_for_the_bootstrap_set_without_the_schemas() {
    const DEFINITION: &str = "argocd/customresourcedefinition-x.yaml";
    let names = |set: &[Value]| set.iter().map(|it| it["metadata"]["name"].clone()).collect::<Vec<_>>();
    for spec in ["{group: e.org, versions: [{name: v1}]}", "[]", "later"] {
        let mut rendered = tree(&hub());
        let head = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}";
        rendered.insert(DEFINITION, format!("{head}\nspec: {spec}\n")).expect("its place is free");
        let set = bootstrap_to_prove(&rendered).expect("complete");
        assert_eq!(names(&set), names(&bootstrap_set(&rendered).expect("complete")));
        let definition = set.iter().find(|it| it["metadata"]["name"] == "x").expect("the definition");
        assert!(definition["spec"].get("versions").is_none(), "{definition}");
    }
    assert!(bootstrap_to_prove(&Tree::default()).is_err());
}

#[test]
fn what_was_rendered_is_what_its_files_say() {
    let claims = "\n  claims: {repository: {url: 'https://git.example.org/claims.git'}, namespaces: ['team-*']}";
    for input in [hub(), input("version: 3.6.1", &format!("[]{claims}"))] {
        let Rendered { tree, objects, lock } = render(&input).expect("a hub");
        let read = plain_objects(&tree).expect("objects");
        assert!(objects.values().eq(&read), "{objects:?} is read as {read:?}");
        assert_eq!(bootstrap_of(objects).objects, bootstrap_set(&tree).expect("complete"));
        assert_eq!(lock, HubLock::in_tree(&tree).expect("a lock"));
    }
}

/// People edit what was committed, and the repository speaks.
#[test]
fn of_a_file_that_people_have_edited_the_object_is_read_and_not_remembered() {
    let Rendered { tree, objects, .. } = render(&hub()).expect("a hub");
    let planned = || bootstrap_of(objects.clone());
    let as_rendered = bootstrap_set_after(&tree, &tree, planned()).expect("complete");
    assert_eq!(as_rendered, planned().objects);

    let path = "argocd/configmap-argocd-cm.yaml";
    let mut committed = Tree::default();
    for (name, bytes) in tree.iter() {
        let edit = if name == path { "  by-hand: \"yes\"\n" } else { "" };
        let text =
            String::from_utf8(bytes.to_vec()).expect("text").replacen("\ndata:\n", &format!("\ndata:\n{edit}"), 1);
        committed.insert(name, text).expect("a file");
    }
    let read = bootstrap_set_after(&committed, &tree, planned()).expect("complete");
    assert_eq!(read, bootstrap_set(&committed).expect("complete"));
    let is_settings = |it: &&Value| it["metadata"]["name"] == "argocd-cm";
    assert_eq!(read.iter().find(is_settings).expect("settings")["data"]["by-hand"], "yes");
}

#[test]
fn the_readme_shows_the_order() {
    let rendered = tree(&hub());
    let readme = rendered.text("README.md").expect("rendered");
    let place = |row: &str| readme.find(row).unwrap_or_else(|| panic!("{row} in {readme}"));
    assert!(place("| -3 | helm |") < place("| 0 | argocd |"));
    assert!(place("| 0 | argocd |") < place("| 5 | locked | locked | hub | 1.0.0 |"));
    assert!(readme.contains("```mermaid"));
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let other = refusal(&input("version: 3.6.2", "[]"));
    assert!(other.message.contains("3.6.2") && other.message.contains("3.6.1"), "{other}");

    let standard = refusal(&input("version: 3.6.1, variant: ha", "[]"));
    assert_eq!(standard.exit.code(), 2);
    assert!(standard.message.contains("asks for variant ha of Argo CD, but lock.yaml pins standard"), "{standard}");
    assert!(
        standard.hint.as_ref().is_some_and(|it| it.contains("ha/install.yaml") && it.contains("`backstack vendor`"))
    );
    let mut available = highly_available("");
    available.hub.spec.argocd.variant = ArgoCdVariant::Standard;
    assert!(refusal(&available).message.contains("variant standard of Argo CD, but lock.yaml pins ha"));

    let typo = refusal(&input("version: 3.6.1", "[{name: a, namespace: a, chart: {locked: thign}}]"));
    assert_eq!(typo.hint.as_deref(), Some("did you mean `thing`?"), "{typo}");

    let mut unfetched = hub();
    unfetched.assets = backstack::vendor::Assets::default();
    assert!(refusal(&unfetched).hint.is_some_and(|hint| hint.contains("backstack vendor")));

    let mut unpinned = hub();
    unpinned.lock.assets.clear();
    assert!(refusal(&unpinned).message.contains("pins no manifest"));

    let mut twice = input("version: 3.6.1", COMPONENTS);
    twice.hub.spec.components.push(twice.hub.spec.components[0].clone());
    assert_eq!(refusal(&twice).exit.code(), 2);
}

#[test]
fn a_probe_may_come_to_every_spoke_and_bring_one_object() {
    let rendered = tree(&hub());
    let project = object(&rendered, "root/projects/spokes.yaml");
    assert_eq!(project["metadata"]["name"], "spokes");
    assert_eq!(project["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"], "-10");
    assert_eq!(
        project["spec"]["destinations"],
        json!([{"server": "!https://kubernetes.default.svc", "namespace": "backstack-probe"}])
    );
    assert_eq!(project["spec"]["sourceRepos"], json!(["https://git.example.org/hub.git"]));
    let allowed = |list: &str| project["spec"][list].clone();
    assert_eq!(
        allowed("clusterResourceWhitelist"),
        json!([{"group": "", "kind": "Namespace", "name": "backstack-probe"}])
    );
    assert_eq!(allowed("namespaceResourceWhitelist"), json!([{"group": "", "kind": "ConfigMap"}]));
    let probe = object(&rendered, "spokes/probe/configmap.yaml");
    assert_eq!(
        (&probe["metadata"]["name"], &probe["metadata"]["namespace"]),
        (&json!("backstack-probe"), &json!("backstack-probe"))
    );
    assert_eq!(probe["data"], json!({"hub": "uid-1"}));
}

#[test]
fn what_others_write_and_what_is_on_the_namespace_are_told_to_argo_cd() {
    let component = "[{name: a, namespace: a, chart: {path: charts/a}, \
                     ignoreDifferences: [{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}], \
                     namespaceMetadata: {labels: {pod-security.kubernetes.io/enforce: baseline}, annotations: {a: b}}}]";
    let rendered = tree(&input("version: 3.6.1", component));
    let spec = object(&rendered, "root/apps/a.yaml")["spec"].clone();
    let ignored = json!([{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]);
    assert_eq!(spec["ignoreDifferences"], ignored);
    let policy = &spec["syncPolicy"];
    let options = policy["syncOptions"].as_array().expect("a list");
    assert!(options.contains(&json!("RespectIgnoreDifferences=true")), "{options:?}");
    assert!(options.contains(&json!("CreateNamespace=true")), "without it Argo CD sets nothing on a namespace");
    let metadata = json!({"labels": {"pod-security.kubernetes.io/enforce": "baseline"}, "annotations": {"a": "b"}});
    assert_eq!(policy["managedNamespaceMetadata"], metadata);
    let plain = object(&tree(&hub()), "root/apps/folder.yaml")["spec"].clone();
    assert_eq!((plain.get("ignoreDifferences"), plain["syncPolicy"].get("managedNamespaceMetadata")), (None, None));
}
