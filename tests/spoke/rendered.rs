//! What is rendered of a bead for spokes, on a real Argo CD: the set makes its Applications, and the project bounds them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::crowd::{Crowd, Member};
use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;

/// An object on a spoke; nothing when it is not there.
fn on_spoke(member: &Member, args: &[&str]) -> Option<Value> {
    let mut command = Command::new(TESTBED.bin().join("kubectl"));
    command.arg("--kubeconfig").arg(&member.kubeconfig).arg("get").args(args);
    let output = command.args(["-o", "json", "--ignore-not-found"]).output().expect("kubectl starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (!output.stdout.is_empty()).then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn is_well(hub: &Hub, application: &str) -> bool {
    let status = hub.object("application", application).map(|it| it["status"].clone()).unwrap_or_default();
    status["sync"]["status"] == "Synced"
        && status["health"]["status"] == "Healthy"
        && status["operationState"]["phase"] == "Succeeded"
}

fn conditions(hub: &Hub, application: &str) -> String {
    let object = hub.object("application", application).unwrap_or_default();
    format!("{} {}", object["status"]["conditions"], object["status"]["operationState"])
}

/// Two beads, one of manifests in waves and one of a chart, come to two clusters that are registered as spokes.
#[test]
#[ignore = "needs the testbed"]
fn a_set_makes_an_application_for_each_spoke_and_its_project_bounds_it() {
    let (hub, crowd) = (Hub::installed(Kind::Plain), Crowd::of(2));
    crowd.register(&hub);
    hub.kubectl(&["label", "secret", "-n", "argocd", "spoke-spoke00", "ring=canary"]);

    let web = Bead::new(&hub, "web");
    web.edit("bead.yaml", |text| {
        text + "  spokes:\n    labels: {env: test}\n    application: {namespace: web, manifests: spoke}\n    \
                permissions: {podSecurity: restricted}\n    waves: {label: ring, order: [canary]}\n"
    });
    web.edit("spoke/a.yaml", |_| {
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: \"{{ .name }}\"}\n".to_owned()
    });
    web.run("install").expect(0);
    let note = Bead::new(&hub, "note").with("acceptPrivileges: true");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {text: {{ .Values.text | quote }}}\n";
    note.lock_chart("note", &[("map", map)]);
    note.edit("bead.yaml", |text| {
        text + "  spokes:\n    application: {namespace: note, chart: {locked: note}, values: {text: \"{{ x }}\"}}\n"
    });
    note.run("install").expect(0);

    for (member, wave) in crowd.members.iter().zip(["canary", "rest"]) {
        let spoke = &member.name;
        for bead in ["web", "note"] {
            let name = format!("spoke-{spoke}.{bead}");
            eventually(&format!("Application {name} is well"), || is_well(&hub, &name));
        }
        let application = hub.object("application", &format!("spoke-{spoke}.web")).expect("there");
        assert_eq!(application["spec"]["source"]["path"], format!("beads/web/spokes/{wave}"));
        assert_eq!(application["spec"]["destination"]["name"], spoke.as_str());
        assert_eq!(application["metadata"]["finalizers"], Value::Null);
        let text = |map: &str, namespace: &str| {
            on_spoke(member, &["configmap", map, "-n", namespace]).expect("there")["data"]["text"].clone()
        };
        assert_eq!((text("a", "web"), text("note", "note")), ("{{ .name }}".into(), "{{ x }}".into()));
        let namespace = on_spoke(member, &["namespace", "web"]).expect("made");
        assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        let tracked = &namespace["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"];
        assert!(tracked.is_null(), "no Application has the namespace, so none takes it along: {tracked}");
    }

    // The hub is no spoke, whoever writes an Application into the project.
    let address = hub.repository.url();
    hub.apply(&format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: intruder, namespace: argocd}}\nspec:\n  project: \
         spokes-web\n  source: {{repoURL: '{address}', targetRevision: main, path: beads/web/spokes/rest}}\n  \
         destination: {{name: in-cluster, namespace: web}}\n"
    ));
    eventually("the project refuses the hub", || {
        conditions(&hub, "intruder").contains("do not match any of the allowed destinations")
    });

    // What is in git without a permission comes to no spoke.
    hub.commit(|clone: &Path| {
        let role =
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: intruder}\nrules: []\n";
        fs::write(clone.join("beads/web/spokes/rest/clusterrole-intruder.yaml"), role).expect("written");
    });
    hub.kubectl(&["annotate", "application", "-n", "argocd", "spoke-spoke01.web", "argocd.argoproj.io/refresh=normal"]);
    let refused = "ClusterRole is not permitted in project spokes-web";
    eventually("the project refuses a kind", || conditions(&hub, "spoke-spoke01.web").contains(refused));
    assert_eq!(on_spoke(&crowd.members[1], &["clusterrole", "intruder"]), None);
    assert!(is_well(&hub, "spoke-spoke00.web"), "the other wave goes on");
}
