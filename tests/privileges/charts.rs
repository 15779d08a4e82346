//! Charts, as Helm renders them here.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use backstack::files::Tree;
use backstack::vendor::AssetContent;
use tempfile::TempDir;

use crate::hub::fixture::TESTBED;
use crate::support::{Mixin, Run};

const BIND: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nroleRef: {name: \
                    cluster-admin}\n";
const PRIVILEGED: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d, annotations: {HOOK}}\nspec: {template: {spec: \
                          {hostPID: true, containers: [{name: c, image: i}]}}}\n";
const MAY_BIND: &str =
    "    clusterResources: [{group: rbac.authorization.k8s.io, kind: ClusterRoleBinding, name: x}]\n";

const UNSEEN: &str =
    "chart c: what it brings was not looked at: in the namespace x it may be anything that its project lets through";

/// The folder of a bead with a chart that has this template.
fn with_template(template: &str, permissions: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    let mut chart = Tree::default();
    for (path, text) in [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"), ("templates/a.yaml", template)] {
        write(&format!("assets/c/{path}"), text);
        chart.insert(path, text).expect("free");
    }
    let digest = AssetContent::Chart(chart).digest();
    write(
        "lock.yaml",
        &format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: c, type: chart, version: 0.1.0, sha256: \
             '{digest}', url: 'https://example.org/c.tgz'}}\n"
        ),
    );
    let permissions = if permissions.is_empty() { String::new() } else { format!("  permissions:\n{permissions}") };
    write(
        "bead.yaml",
        &format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: 0.1.0\n  application: \
             {{namespace: x, chart: {{locked: c}}}}\n{permissions}"
        ),
    );
    folder
}

fn check(folder: &Path, path: &Path) -> Run {
    Mixin::new("bead check").arg(folder).args(["-o", "json"]).env("PATH", path).run()
}

const FOUND: &str = "nothing wrong found in what was looked at of bead x 0.1.0";

/// Without Helm nobody has looked, and nobody says that all is right.
#[test]
fn a_chart_that_nobody_can_render_is_not_called_right() {
    let folder = with_template(BIND, MAY_BIND);
    let nowhere = tempfile::tempdir().expect("a folder");
    let run = check(folder.path(), nowhere.path()).exits(0);
    let answer = run.json();
    assert_eq!(answer["unseenCharts"][0], "c");
    assert_eq!(answer["notLookedAt"][0], "the chart c: `helm` is not on PATH");
    assert_eq!(answer["privileges"][1], UNSEEN, "somebody has to accept it");
    let run = run.says("warning: not looked at: the chart c: `helm` is not on PATH; on the hub its AppProject");
    run.says(FOUND);
}

/// A chart is a stranger's: Helm has an empty home, and neither plugins nor settings of whoever runs it.
#[test]
fn helm_has_nothing_of_ours() {
    let folder = with_template(BIND, MAY_BIND);
    let bin = tempfile::tempdir().expect("a folder");
    let program = bin.path().join("helm");
    let script = "#!/bin/sh\n/usr/bin/env | /bin/sed 's/^/# /'\n/bin/ls -A \"$HOME\" 2>/dev/null | /bin/sed 's/^/# there is /'\n\
                  echo 'apiVersion: v1'\necho 'kind: ConfigMap'\necho \"metadata: {name: a, namespace: kube-public, annotations: \
                  {env: \\\"$(/usr/bin/env | /usr/bin/tr '\\n\\\"' '  ')\\\"}}\"\n/usr/bin/env > \"$TMPDIR/seen\"\n";
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let temporary = tempfile::tempdir().expect("a folder");
    let run = Mixin::new("bead check").arg(folder.path()).env("PATH", bin.path()).env("TMPDIR", temporary.path());
    let run = run.env("HOME", "/home/me").env("HELM_PLUGINS", "/home/me/plugins").env("HELM_KUBETOKEN", "s3cr3t");
    let run = run.env("HELM_POST_RENDERER", "/bin/false").env("KUBECONFIG", "/home/me/kubeconfig").run();
    run.exits(2).says("the bead may not write into the namespace kube-public");
    let seen = fs::read_to_string(temporary.path().join("seen")).expect("it ran");
    assert!(!seen.contains("/home/me") && !seen.contains("s3cr3t") && !seen.contains("KUBECONFIG"), "{seen}");
    for key in ["HOME", "HELM_PLUGINS", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME"] {
        let home = seen.lines().find_map(|line| line.strip_prefix(&format!("{key}="))).expect(key);
        assert!(home.starts_with(temporary.path().to_str().expect("text")), "{key}: {home}");
    }
}

/// What Helm makes of the chart, here by a program in its place.
#[test]
fn a_chart_that_makes_what_is_going_is_told() {
    let folder = with_template(BIND, "    clusterResources: [{group: kyverno.io, kind: ClusterPolicy, name: 'x-*'}]\n");
    let bin = tempfile::tempdir().expect("a folder");
    let program = bin.path().join("helm");
    let script =
        "#!/bin/sh\necho 'apiVersion: kyverno.io/v1'\necho 'kind: ClusterPolicy'\necho 'metadata: {name: x-a}'\n";
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let run = check(folder.path(), bin.path()).exits(0);
    assert!(run.json()["warnings"].to_string().contains("ClusterPolicy x-a: Kyverno deprecates it"), "{}", run.stdout);
}

/// What a chart makes is held against the permissions like manifests are, hooks and definitions included.
#[test]
#[ignore = "needs the testbed"]
fn a_chart_that_helm_renders_is_looked_at() {
    let bin = TESTBED.bin();
    let right = check(with_template(BIND, MAY_BIND).path(), bin).exits(0);
    let answer = right.json();
    assert_eq!(answer["unseenCharts"], serde_json::json!([]));
    assert!(!answer["notLookedAt"].to_string().contains("chart"), "{}", answer["notLookedAt"]);
    let privileges = answer["privileges"].to_string();
    assert!(privileges.contains("ClusterRoleBinding x: gives cluster-admin in every namespace"), "{privileges}");
    right.says(FOUND);

    check(with_template(BIND, "").path(), bin)
        .exits(2)
        .says("ClusterRoleBinding x: the bead may not write this object");
    for hook in ["{}", "{helm.sh/hook: pre-install}", "{helm.sh/hook: 'test, post-install'}"] {
        let template = PRIVILEGED.replace("{HOOK}", hook);
        let run = check(with_template(&template, "").path(), bin).exits(2);
        run.says("DaemonSet d: spec.template.spec.hostPID is true, which is beyond the level baseline of its pods");
    }
    let own = "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n";
    check(with_template(own, "").path(), bin)
        .exits(2)
        .says("Namespace x: the renderer writes the namespace of the bead");
    let test = PRIVILEGED.replace("{HOOK}", "{helm.sh/hook: test}");
    check(with_template(&test, "").path(), bin).exits(0).says(FOUND);
    let run = PRIVILEGED.replace("{HOOK}", "{helm.sh/hook: test, argocd.argoproj.io/hook: Sync}");
    check(with_template(&run, "").path(), bin).exits(2).says("DaemonSet d: spec.template.spec.hostPID is true");
    let accepted =
        check(with_template(&PRIVILEGED.replace("{HOOK}", "{}"), "    podSecurity: privileged\n").path(), bin);
    let accepted = accepted.exits(0).json()["privileges"].to_string();
    assert!(accepted.contains("DaemonSet d: spec.template.spec.hostPID is true"), "{accepted}");
    let broken = check(with_template("{{ fail \"no\" }}", "").path(), bin).exits(0);
    let broken = broken.says("not looked at: the chart c: ").says(FOUND);
    assert_eq!(broken.json()["privileges"], serde_json::json!([UNSEEN]));
}

/// What is made by the clock, by chance or by the cluster is something else on the hub, so looking here is not enough.
#[test]
#[ignore = "needs the testbed"]
fn a_chart_that_may_make_something_else_on_the_hub_asks_for_it() {
    let asked =
        |template: &str| check(with_template(template, "").path(), TESTBED.bin()).exits(0).json()["privileges"].clone();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    assert_eq!(asked(&format!("# {{{{ .Values.now }}}}{{{{/* now */}}}}\n{map}")), serde_json::json!([]));
    for word in ["now", "randInt 0 9", "uuidv4", "lookup \"v1\" \"Pod\" \"\" \"\"", ".Capabilities.HelmVersion.Version"]
    {
        let name =
            word.split(' ').next().unwrap_or_default().trim_start_matches('.').split('.').next().unwrap_or_default();
        let line = format!(
            "chart c: it can make something else on the hub than what was looked at, since it uses {name} (templates/a.yaml)"
        );
        assert_eq!(asked(&format!("{map}{{{{ if not ({word}) }}}}---{{{{ end }}}}\n")), serde_json::json!([line]));
    }
}

/// Argo CD has objects of a chart go into the namespace of the release. What has no namespace after all, the project denies.
#[test]
#[ignore = "needs the testbed"]
fn an_unknown_kind_of_a_chart_is_taken_to_be_in_its_namespace() {
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\n";
    let bin = TESTBED.bin();
    let line = "ServiceMonitor m: a controller that is not the bead's acts on it, and what comes of it is not known";
    let run = check(with_template(monitor, "").path(), bin).exits(0);
    assert_eq!(run.json()["privileges"], serde_json::json!([line]));

    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ms.e.org}\nspec: \
                      {group: e.org, scope: Cluster, names: {kind: M, plural: ms}}\n---\napiVersion: e.org/v1\nkind: M\n\
                      metadata: {name: m}\n";
    let may = "    clusterResources: [{group: apiextensions.k8s.io, kind: CustomResourceDefinition, name: ms.e.org}]\n";
    let run = check(with_template(definition, may).path(), bin).exits(2);
    run.says("M m: the bead may not write this object without a namespace")
        .says("chart c, as rendered: c/templates/a.yaml:1:1");
}
