//! Patches of Argo CD's own objects: what they do, and what they may not touch.

use backstack::files::Tree;
use backstack::hub_repository::HubLock;
use backstack::render::hub::{HubInput, render};
use backstack::render::named_by;
use backstack::report::Failure;
use backstack::vendor::AssetContent;
use backstack::yaml;
use serde_json::{Value, json};

use super::fixture::input;
use crate::hub::fixture::TESTBED;

/// Of Argo CD's manifest what the rules tell apart.
pub const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server, labels: {app.kubernetes.io/name: argocd-repo-server}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      serviceAccountName: argocd-repo-server
      imagePullSecrets: [{name: one}]
      tolerations: [{key: old}]
      hostAliases: [{ip: 192.0.2.1, hostnames: [a]}]
      topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}]
      initContainers:
      - {name: copyutil, image: 'quay.io/argoproj/argocd:v3.6.1', env: [{name: X, value: '1'}]}
      containers:
      - name: argocd-repo-server
        image: quay.io/argoproj/argocd:v3.6.1
        args: [a, b]
        env: [{name: A, value: '1'}, {name: B, valueFrom: {configMapKeyRef: {name: c, key: k}}}]
        ports: [{containerPort: 8081, name: repo}, {containerPort: 8084, name: metrics}]
        volumeMounts: [{mountPath: /a, name: v}, {mountPath: /b, name: w}]
      - {name: second, image: 'r.example.org/second:1'}
      volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: argocd-application-controller}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-application-controller}}
    spec:
      serviceAccountName: argocd-application-controller
      containers: [{name: argocd-application-controller, image: 'quay.io/argoproj/argocd:v3.6.1', args: [/usr/local/bin/argocd-application-controller]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-dex-server}
spec:
  selector: {matchLabels: {app: dex}}
  template: {metadata: {labels: {app: dex}}, spec: {containers: [{name: dex, image: 'ghcr.io/dexidp/dex:v2'}]}}
---
apiVersion: v1
kind: Service
metadata: {name: argocd-server}
spec: {selector: {app: server}, ports: [{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8080}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: argocd-server}
secrets: [{name: one}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: argocd-application-controller}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: argocd-server}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: [delete, get, patch]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
spec: {group: argoproj.io}
";

/// A hub with patches: each a target and a text.
pub fn patched(patches: &[(Value, &str)]) -> HubInput {
    let patches: Vec<Value> = patches.iter().map(|(target, patch)| json!({"target": target, "patch": patch})).collect();
    let mut input = input(&format!("version: 3.6.1, patches: {}", json!(patches)), "[]");
    input.assets.insert("argocd", AssetContent::Manifest(MANIFEST.into()));
    input
}

fn tree(patches: &[(Value, &str)]) -> Tree {
    render(&patched(patches)).unwrap_or_else(|failure| panic!("{}", failure.render())).tree
}

pub fn object(tree: &Tree, file: &str) -> Value {
    let path = format!("argocd/{file}.yaml");
    let text = tree.text(&path).unwrap_or_else(|failure| panic!("{}", failure.render()));
    yaml::manifests(&path, text).expect("valid YAML").remove(0)
}

fn refusal(target: &Value, patch: &str) -> Failure {
    render(&patched(&[(target.clone(), patch)])).expect_err("refused")
}

pub fn repo_server() -> Value {
    json!({"kind": "Deployment", "name": "argocd-repo-server"})
}

#[test]
fn both_forms_of_a_patch_reach_what_is_committed_and_applied() {
    let merge = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\nspec:\n  replicas: 2\n  template:\n    spec:\n      \
                 tolerations: [{key: new}]\n      containers:\n      - name: argocd-repo-server\n        resources: {requests: \
                 {cpu: 100m}}\n        env: [{name: A, value: '2'}]\n      - {name: sidecar, image: 'r.example.org/plugin:1'}\n";
    let operations = "- {op: test, path: /spec/replicas, value: 1}\n- {op: add, path: /spec/template/spec/nodeSelector, value: {a: b}}\n";
    let everywhere = "spec: {template: {spec: {priorityClassName: high}}}";
    let tree = tree(&[
        (repo_server(), merge),
        (json!({"kind": "StatefulSet", "group": "apps"}), operations),
        (json!({"kind": "Deployment|StatefulSet"}), everywhere),
    ]);
    let repo = object(&tree, "deployment-argocd-repo-server");
    assert_eq!(repo["spec"]["replicas"], 2);
    let pod = &repo["spec"]["template"]["spec"];
    let names: Vec<&Value> = pod["containers"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["argocd-repo-server", "sidecar", "second"]);
    let first = &pod["containers"][0];
    assert_eq!(first["env"][0], json!({"name": "A", "value": "2"}));
    assert_eq!(first["env"][1]["name"], "B", "what the patch does not name stays");
    assert_eq!((&first["args"], &first["resources"]["requests"]["cpu"]), (&json!(["a", "b"]), &json!("100m")));
    assert_eq!(pod["tolerations"], json!([{"key": "new"}]), "a list without a key is replaced");
    let controller = object(&tree, "statefulset-argocd-application-controller");
    assert_eq!(controller["spec"]["template"]["spec"]["nodeSelector"], json!({"a": "b"}));
    for file in
        ["deployment-argocd-repo-server", "statefulset-argocd-application-controller", "deployment-argocd-dex-server"]
    {
        assert_eq!(object(&tree, file)["spec"]["template"]["spec"]["priorityClassName"], "high", "{file}");
    }
    assert!(
        HubLock::in_tree(&tree).expect("the lock").images.contains_key("r.example.org/plugin:1"),
        "a sidecar comes along, too"
    );
    assert!(tree.text("hub.yaml").expect("rendered").contains("r.example.org/plugin:1"));
}

#[test]
fn the_images_of_patches_are_named_by_the_document() {
    let merge = "spec: {template: {spec: {initContainers: [{name: a, image: 'r.example.org/a:1'}]}}}";
    let operations = "- {op: add, path: /spec/template/spec/containers/-, value: {name: b, image: 'r.example.org/b:1'}}\n\
                      - {op: replace, path: /spec/template/spec/containers/0/image, value: 'r.example.org/c:1'}\n";
    let hub = patched(&[(repo_server(), merge), (repo_server(), operations)]).hub;
    assert_eq!(named_by(&hub).expect("images"), ["r.example.org/a:1", "r.example.org/b:1", "r.example.org/c:1"]);
}

#[test]
fn what_a_hub_does_without_can_be_taken_away() {
    let tree = tree(&[(json!({"kind": "Deployment", "name": "argocd-dex-.*"}), "$patch: delete")]);
    assert!(tree.text("argocd/deployment-argocd-dex-server.yaml").is_err());
    let narrowed = "rules: [{apiGroups: ['*'], resources: ['*'], verbs: [get]}]";
    let tree = self::tree(&[(json!({"kind": "ClusterRole", "name": "argocd-server"}), narrowed)]);
    assert_eq!(object(&tree, "clusterrole-argocd-server")["rules"][0]["verbs"], json!(["get"]));
}

#[test]
fn a_patch_that_does_not_fit_is_told_by_its_number() {
    for (target, patch, words) in [
        (
            json!({"kind": "Deployment", "name": "argocd-reposerver"}),
            "spec: {replicas: 2}",
            "did you mean Deployment argocd-repo-server?",
        ),
        (
            json!({"kind": "Deployment", "name": "argocd-repo"}),
            "spec: {replicas: 2}",
            "has no Deployment argocd-repo; did you mean Deployment argocd-repo-server?",
        ),
        (json!({"kind": "Deployment", "group": "extensions"}), "spec: {replicas: 2}", "has no Deployment"),
        (
            json!({"kind": "Deployment", "name": "argocd-repo-server", "version": "v1beta1"}),
            "spec: {replicas: 2}",
            "argocd-repo-server of Argo CD's manifest is of apps/v1, in namespace argocd: the target says otherwise",
        ),
        (json!({"kind": "StatefulSet"}), "spec: {replicas: 1}", "changes nothing in StatefulSet"),
        (
            repo_server(),
            "spec: {template: {spec: {containers: [{image: x}]}}}",
            "an item of `containers` has no `name`",
        ),
        (
            repo_server(),
            "spec: {template: {spec: {volumes: [{name: z, $patch: delete}]}}}",
            "is to be deleted from `volumes`",
        ),
        (
            repo_server(),
            "spec: {template: {spec: {tolerations: [{key: old, $patch: delete}]}}}",
            "whose items have no key",
        ),
        (repo_server(), "spec: {template: {spec: {volumes: [{name: z}, {name: z}]}}}", "name \"z\" is twice"),
        (repo_server(), "[{op: test, path: /spec/replicas, value: 3}]", "operation 0 of the patch: `/spec/replicas` "),
        (
            repo_server(),
            "[{op: remove, path: /spec/nothing}]",
            "operation 0 of the patch: `/spec/nothing` is not there",
        ),
    ] {
        let said = refusal(&target, patch).render();
        assert!(said.contains("spec.argocd.patches[0]: ") && said.contains(words), "{words} in {said}");
    }
    let two = [(json!({"kind": "Nothing"}), "a: 1"), (json!({"kind": "StatefulSet"}), "spec: {replicas: 1}")];
    let said = render(&patched(&two)).expect_err("refused").render();
    assert!(said.contains("patches[0]") && said.contains("patches[1]"), "all at once: {said}");
}

#[test]
fn what_the_hub_needs_is_not_touched() {
    let (controller, of) =
        (json!({"kind": "StatefulSet"}), |kind: &str, name: &str| json!({"kind": kind, "name": name}));
    for (target, patch, words) in [
        (repo_server(), "[{op: replace, path: /metadata/name, value: other}]", "`metadata.name` is what the hub knows"),
        (repo_server(), "metadata: {namespace: other}", "`metadata.namespace` is what the hub knows"),
        (repo_server(), "metadata: {labels: {app.kubernetes.io/name: other}}", "label `app.kubernetes.io/name`"),
        (
            repo_server(),
            "metadata: {annotations: {argocd.argoproj.io/tracking-id: x}}",
            "annotations `argocd.argoproj.io/…`",
        ),
        (repo_server(), "spec: {selector: {matchLabels: {more: x}}}", "`spec.selector` never changes"),
        (
            repo_server(),
            "spec: {template: {metadata: {labels: {app.kubernetes.io/name: x}}}}",
            "pods are found by the label",
        ),
        (repo_server(), "spec: {template: {spec: {serviceAccountName: x}}}", "permissions are bound to"),
        (
            repo_server(),
            "spec: {template: {spec: {initContainers: [{name: copyutil, $patch: delete}]}}}",
            "its container `copyutil`",
        ),
        (repo_server(), "spec: {replicas: 0}", "`replicas` is at least 1"),
        (repo_server(), "spec: {replicas: -1}", "`replicas` is at least 1"),
        (
            repo_server(),
            "spec: {template: {spec: {containers: [{name: repo-server, resources: {limits: {cpu: '1'}}}]}}}",
            "its container `repo-server` has no image; those of the manifest are argocd-repo-server, second",
        ),
        (repo_server(), "$patch: delete", "a hub needs it"),
        (
            controller.clone(),
            "[{op: add, path: /spec/template/spec/containers/0/args/-, value: --x}]",
            "`args` of container",
        ),
        (
            controller,
            "spec: {template: {spec: {containers: [{name: argocd-application-controller, command: [x]}]}}}",
            "`spec.argocd.params`",
        ),
        (of("ConfigMap", "argocd-cm"), "data: {url: x}", "`data` comes from `spec.argocd.config`"),
        (of("ConfigMap", "argocd-rbac-cm"), "data: {policy.csv: x}", "`spec.argocd.rbac`"),
        (
            of("ConfigMap", "argocd-cm"),
            "metadata: {labels: {app.kubernetes.io/part-of: null}}",
            "label `app.kubernetes.io/part-of`",
        ),
        (of("Secret", "argocd-secret"), "data: {note: eA==}", "`hub.secrets` of the step"),
        (of("Service", "argocd-server"), "spec: {selector: {app: x}}", "`spec.selector` finds the pods"),
        (of("ClusterRole", "argocd-application-controller"), "rules: []", "is what Argo CD syncs by"),
        (
            of("CustomResourceDefinition", ".*"),
            "metadata: {annotations: {argocd.argoproj.io/sync-options: null}}",
            "annotations",
        ),
        (of("CustomResourceDefinition", ".*"), "spec: {group: x}", "belongs to the version of Argo CD"),
        (of("ConfigMap", "backstack-canary"), "data: {heal: 'off'}", "has no ConfigMap backstack-canary"),
    ] {
        let said = refusal(&target, patch).render();
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn a_patch_that_is_none_is_told_in_its_line() {
    for (target, patch, words) in [
        (json!({"kind": "Deployment", "name": "argocd-("}), "spec: {}", "`name` is no regular expression"),
        (repo_server(), "just words", "a mapping (a strategic merge patch) or a list"),
        (repo_server(), "a: [", "not valid YAML"),
        (repo_server(), "spec: {}\n---\nspec: {}\n", "a second document begins here"),
        (repo_server(), "[{op: move, path: /a}]", "`op: move` takes a `from`"),
        (repo_server(), "[{op: put, path: /a, value: 1}]", "\"put\" is no operation of a JSON patch (RFC 6902)"),
        (repo_server(), "$patch: replace\nspec: {}\n", "cannot replace a whole object"),
        (repo_server(), "spec: {$retainKeys: [a]}", "`$retainKeys` is no directive"),
        (
            repo_server(),
            "spec: {template: {spec: {volumes: [{name: v, $patch: remove}]}}}",
            "`$patch` is `delete`, `replace` or `merge`",
        ),
        (
            repo_server(),
            "spec: {template: {spec: {containers: [{name: a, env: [{name: DB_PASSWORD, value: planted-1}]}]}}}",
            "holds a secret",
        ),
    ] {
        let patches = json!([{"target": target, "patch": patch}]);
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: demo}}\nspec:\n  argocd:\n    version: 3.6.1\n    \
             patches: {patches}\n"
        );
        let said = backstack::document::read_hub("hub.yaml", &text).expect_err("refused").render();
        assert!(said.contains("hub.yaml:7:") && said.contains(words), "{words} in {said}");
        assert!(!said.contains("planted"), "{said}");
    }
}

/// Patches that kustomize takes, for each list that is merged by a key and each way to say what goes.
fn of_kustomize() -> Vec<(Value, &'static str, &'static str)> {
    let repo = |patch| (repo_server(), "deployment-argocd-repo-server", patch);
    let of = |kind: &str, name: &str| json!({"kind": kind, "name": name});
    vec![
        repo("spec: {replicas: 2, strategy: null}"),
        repo("spec: {strategy: {$patch: replace, type: Recreate}}"),
        repo("spec: {strategy: {$patch: delete}, minReadySeconds: 1}"),
        repo("spec: {strategy: {type: Recreate, rollingUpdate: null}}"),
        repo("metadata: {annotations: {a: b}, labels: {c: d}}"),
        repo(
            "spec: {template: {spec: {containers: [{name: second, image: 'r/second:2'}, {name: new, image: 'r/new:1'}]}}}",
        ),
        repo(
            "spec: {template: {spec: {containers: [{name: argocd-repo-server, args: [c], env: [{name: B, valueFrom: null, value: x}, {name: C, value: '1'}]}]}}}",
        ),
        repo("spec: {template: {spec: {containers: [{name: argocd-repo-server, env: [{name: A, $patch: delete}]}]}}}"),
        repo(
            "spec: {template: {spec: {containers: [{name: argocd-repo-server, ports: [{containerPort: 8084, hostPort: 1}]}]}}}",
        ),
        repo(
            "spec: {template: {spec: {containers: [{name: argocd-repo-server, volumeMounts: [{mountPath: /b, readOnly: true}, {mountPath: /c, name: v}]}]}}}",
        ),
        repo(
            "spec: {template: {spec: {containers: [{name: argocd-repo-server, volumeDevices: [{devicePath: /x, name: v}]}]}}}",
        ),
        repo(
            "spec: {template: {spec: {initContainers: [{name: copyutil, env: [{name: X, value: '2'}], resources: {limits: {cpu: 1}}}]}}}",
        ),
        repo(
            "spec: {template: {spec: {volumes: [{name: v, emptyDir: null, configMap: {name: c}}, {name: third, secret: {secretName: s}}]}}}",
        ),
        repo("spec: {template: {spec: {volumes: [{name: w, $patch: delete}]}}}"),
        repo("spec: {template: {spec: {imagePullSecrets: [{name: two}]}}}"),
        repo(
            "spec: {template: {spec: {hostAliases: [{ip: 192.0.2.1, hostnames: [b]}, {ip: 192.0.2.2, hostnames: [c]}]}}}",
        ),
        repo(
            "spec: {template: {spec: {topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}, {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}]}}}",
        ),
        repo("spec: {template: {spec: {tolerations: [{key: new}], nodeSelector: {a: b, c: null}}}}"),
        repo("spec: {template: {spec: {tolerations: []}}}"),
        repo(
            "spec: {template: {spec: {containers: [{$patch: replace}, {name: second, image: b}, {name: argocd-repo-server, image: a}]}}}",
        ),
        repo(
            "spec: {template: {spec: {schedulingGates: [{name: g}], resourceClaims: [{name: r, resourceClaimName: q}]}}}",
        ),
        repo(
            "- {op: replace, path: /spec/template/spec/containers/1/image, value: 'r/second:3'}\n- {op: add, path: /spec/template/spec/containers/0/args/-, value: c}\n- {op: copy, from: /spec/template/spec/tolerations/0, path: /spec/template/spec/tolerations/-}\n",
        ),
        (
            of("Service", "argocd-server"),
            "service-argocd-server",
            "spec: {ports: [{port: 443, name: https, nodePort: 30443}, {port: 8443, name: more}]}",
        ),
        (
            of("ServiceAccount", ".*"),
            "serviceaccount-argocd-server",
            "secrets: [{name: two}]\nimagePullSecrets: [{name: x}]\n",
        ),
        (
            of("ClusterRole", "argocd-server"),
            "clusterrole-argocd-server",
            "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]",
        ),
    ]
}

#[test]
#[ignore = "needs the testbed"]
fn a_strategic_merge_is_that_of_kustomize() {
    let unpatched = tree(&[]);
    let mut wrong = Vec::new();
    for (target, file, patch) in of_kustomize() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
        write("base.yaml", object(&unpatched, file).to_string());
        // It wants of a merge what we leave to the target.
        let named = format!("apiVersion: v1\nkind: Any\nmetadata: {{name: any}}\n{patch}");
        let named = if patch.starts_with('-') {
            patch.to_owned()
        } else {
            named.replace("metadata: {name: any}\nmetadata: {", "metadata: {name: any, ")
        };
        write(
            "kustomization.yaml",
            json!({"resources": ["base.yaml"], "patches": [{"target": target, "patch": named}]}).to_string(),
        );
        let output =
            std::process::Command::new(TESTBED.bin().join("kubectl")).arg("kustomize").arg(folder.path()).output();
        let output = output.expect("kubectl starts");
        assert!(output.status.success(), "{patch}: {}", String::from_utf8_lossy(&output.stderr));
        let theirs = yaml::manifests("kustomize", &String::from_utf8_lossy(&output.stdout)).expect("YAML").remove(0);
        let ours = object(&tree(&[(target, patch)]), file);
        if ours != theirs {
            wrong.push(format!("{patch}\n  we:   {ours}\n  they: {theirs}"));
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}
