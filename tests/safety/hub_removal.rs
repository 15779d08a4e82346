//! The removal of a hub.

use std::fs;

use backstack::argocd::Application;
use backstack::guard::hanging_on;
use backstack::vendor::AssetContent;
use serde_json::json;

use crate::hub::fixture::{Hub, Run, eventually};
use crate::hub::installed::Kind;
use crate::support::on_cluster::on_cluster;
use crate::support::shared_api::SharedApi;

/// What a person keeps below `argocd/`.
const IN_GIT: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: team-a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: ledger, namespace: team-a}, data: {balance: '100'}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: books, namespace: team-a}
spec: {volumeName: books, storageClassName: '', accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

/// A volume for a claim, which else would never be bound.
const VOLUME: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: NAME}
spec: {hostPath: {path: /NAME}, storageClassName: '', accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}}
";

/// The same, but for what is to stay, and says so.
const IN_GIT_TO_STAY: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: team-a, annotations: {argocd.argoproj.io/sync-options: Delete=false}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ledger, namespace: team-a, annotations: {argocd.argoproj.io/sync-options: Delete=false}}
data: {balance: '100'}
";

/// What the chart of a component may bring: a kind, a volume, Applications by an `ApplicationSet`.
const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: accounts.team.example.org}
spec:
  group: team.example.org
  scope: Cluster
  names: {kind: Account, plural: accounts}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
";
const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: scratch, namespace: crossplane-system}
spec: {volumeName: scratch, storageClassName: '', accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
const SET: &str = "
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: NAME, namespace: argocd}
spec:
  generators: [{list: {elements: [{number: '1'}]}}]
  template:
    metadata: {name: NAME-tool}
    spec:
      project: hub
      source: {repoURL: 'ADDRESS', path: NAME, targetRevision: main}
      destination: {server: https://kubernetes.default.svc, namespace: crossplane-system}
      syncPolicy: {automated: {}}
";
const PROJECT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: of-the-chart, namespace: argocd}
spec: {}
";
/// Its mark says that the component brought it.
const KEPT_CHILD: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: kept-child
  namespace: argocd
  annotations:
    argocd.argoproj.io/tracking-id: crossplane:argoproj.io/Application:argocd/kept-child
    argocd.argoproj.io/sync-options: Prune=false,Delete=false
    argocd.argoproj.io/compare-options: IgnoreExtraneous
spec:
  project: hub
  source: {repoURL: https://git.example.org/none, path: tools, targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: default}
";
const KEPT: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}}
";
const TOOL: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: tool}}\n";

/// What of it may be lost, as a step says it, and as a refusal asks for it.
const NAMES: &str = "Account.team.example.org/precious, PersistentVolumeClaim/crossplane-system/scratch";
const NAMED: &str = "mayRemove: [Account.team.example.org/precious, PersistentVolumeClaim/crossplane-system/scratch]";

/// What Argo CD holds and the hub's document did not bring is foreign, wherever it came from: files that people put below
/// `argocd/`, objects of the kinds and volumes that a component brought, `ApplicationSets`. The guard names each and nothing
/// is touched, until the step names what would be lost. What its annotation keeps in git stays on the cluster, without the
/// mark of an Application that goes, also when that does not end.
#[test]
#[ignore = "needs the testbed"]
fn a_removal_of_a_hub_takes_nothing_that_people_put_into_its_repository_or_made_of_its_kinds() {
    let hub = Hub::installed(Kind::Component);
    let set = |name: &str| SET.replace("NAME", name).replace("ADDRESS", &hub.repository.url());
    hub.apply(&["books", "scratch"].map(|name| VOLUME.replace("NAME", name)).join("---"));
    let chart = "components/crossplane/chart/templates/extra.yaml";
    hub.commit(|folder| {
        let write = |file: &str, text: &str| fs::write(folder.join(file), text).expect("written");
        write("argocd/team-a.yaml", IN_GIT);
        write(chart, &[DEFINITION, CLAIM, &set("of-the-chart")].join("---"));
        for (set, brings) in
            [("of-the-chart", [TOOL, PROJECT].join("---")), ("of-a-person", TOOL.replace("tool", "theirs"))]
        {
            fs::create_dir(folder.join(set)).expect("a folder");
            write(&format!("{set}/tool.yaml"), &brings);
        }
    });
    let is_there = |kind: &str, name: &str, namespace: &str| {
        !hub.kubectl(&["get", kind, name, "-n", namespace, "--ignore-not-found", "-o", "name"]).is_empty()
    };
    hub.eventually_synced("argocd", "the files below argocd/ arrive", || is_there("pvc", "books", "team-a"));
    hub.eventually_synced("crossplane", "the chart arrives", || {
        is_there("configmap", "tool", "crossplane-system") && is_there("appproject", "of-the-chart", "argocd")
    });
    hub.apply("{apiVersion: team.example.org/v1, kind: Account, metadata: {name: precious}}");
    hub.apply(&set("of-a-person"));
    hub.apply(KEPT_CHILD);
    eventually("the set of a person is at work", || is_there("application", "of-a-person-tool", "argocd"));

    let refused = hub.run("uninstall").expect(3).says("nothing was removed");
    let refused = ["Namespace team-a:", "ConfigMap team-a/ledger:", "PersistentVolumeClaim team-a/books:"]
        .iter()
        .chain(&["PersistentVolumeClaim crossplane-system/scratch:", "Account precious:"])
        .chain(&["ApplicationSet argocd/of-a-person:", "Application argocd/of-a-person-tool:"])
        .chain(&["Application argocd/kept-child: its annotation keeps it", NAMED])
        .fold(refused, |run, line| run.says(line));
    assert!(
        !refused.stderr.contains("of-the-chart"),
        "the set of the chart is the hub's, and the project of its set:\n{}",
        refused.stderr
    );
    let root = hub.object("application", "root").expect("root");
    assert_eq!(root["spec"]["syncPolicy"]["automated"]["enabled"], true, "a refusal changes nothing");

    hub.kubectl(&["delete", "application", "kept-child", "-n", "argocd"]);
    hub.kubectl(&["delete", "applicationset", "of-a-person", "-n", "argocd"]);
    hub.commit(|folder| {
        fs::write(folder.join("argocd/team-a.yaml"), IN_GIT_TO_STAY).expect("written");
        fs::write(folder.join(chart), [DEFINITION, CLAIM, KEPT, &set("of-the-chart")].join("---")).expect("written");
    });
    hub.eventually_synced("argocd", "the volume is pruned", || !is_there("pvc", "books", "team-a"));
    hub.eventually_synced("crossplane", "the rest arrives", || is_there("configmap", "kept", "crossplane-system"));
    eventually("the Application of the person's set is gone", || {
        !is_there("application", "of-a-person-tool", "argocd")
    });

    let hold = |application: &str| {
        let patch = "{\"metadata\": {\"finalizers\": [\"example.org/hold\"]}}";
        hub.kubectl(&["patch", "application", application, "-n", "argocd", "--type=merge", "-p", patch]);
    };
    let release = |application: &str| {
        let patch = "[{\"op\": \"test\", \"path\": \"/metadata/finalizers/0\", \"value\": \"example.org/hold\"},
            {\"op\": \"remove\", \"path\": \"/metadata/finalizers/0\"}]";
        hub.kubectl(&["patch", "application", application, "-n", "argocd", "--type=json", "-p", patch]);
    };
    hold("root");
    let late = Run::watched(hub.start_naming("uninstall", NAMES), "remove", |_| {
        hub.apply("{apiVersion: team.example.org/v1, kind: Account, metadata: {name: late}}");
        release("root");
    });
    late.expect(3).says("it came while the hub was being removed").says("Account late:");
    assert!(hub.object("application", "crossplane").is_some(), "no wave has begun");
    hub.kubectl(&["delete", "account", "late"]);

    // The bundle is of another version now, and what the installed one has more is known by git alone.
    take_network_policies_out_of_the_bundle(&hub);
    hub.repository.hide().expect("hidden");
    let unread = "git does not say whether another version of the hub brought some of it";
    Run::of(hub.start_naming("uninstall", NAMES)).expect(3).says(unread).says("NetworkPolicy argocd/");
    hub.repository.show().expect("shown");

    let annotations = |name: &str, namespace: &str| {
        hub.kubectl(&["get", "configmap", name, "-n", namespace, "-o", "jsonpath={.metadata.annotations}"])
    };
    assert!(annotations("kept", "crossplane-system").contains("tracking-id"));
    hold("crossplane");
    let done =
        Run::watched(hub.start_naming("uninstall", NAMES), "remove     Application argocd/crossplane to go", |_| {
            let kept = annotations("kept", "crossplane-system");
            assert!(!kept.contains("tracking-id"), "a wave that does not end would leave the mark: {kept}");
            release("crossplane");
        });
    let done = done.expect(0).says("CRD accounts.team.example.org of crossplane");
    let done =
        done.says("leaves     Account precious:").says("leaves     PersistentVolumeClaim crossplane-system/scratch:");
    assert!(!is_there("pvc", "scratch", "crossplane-system"), "what is named and tracked goes");
    assert!(is_there("account", "precious", "default"), "Argo CD deletes nothing that is of the kind of a definition");
    done.says("ConfigMap team-a/ledger: its annotation says")
        .says("ConfigMap crossplane-system/kept: its annotation says");
    assert!(!is_there("configmap", "tool", "crossplane-system"), "what the chart's own set deployed goes with it");
    assert!(!is_there("namespace", "argocd", "default"));
    for (kept, namespace) in [("ledger", "team-a"), ("kept", "crossplane-system")] {
        let kept = annotations(kept, namespace);
        assert!(!kept.contains("tracking-id"), "{kept}");
    }
}

fn take_network_policies_out_of_the_bundle(hub: &Hub) {
    let edit = |file: &str, edit: &dyn Fn(&str) -> String| {
        let file = hub.bundle().join(file);
        let text = fs::read_to_string(&file).expect("a file of the bundle");
        let new = edit(&text);
        assert_ne!(text, new, "{}", file.display());
        fs::write(file, &new).expect("a file of the bundle");
        let pins = |text: String| {
            let size = format!("size: {}", text.len());
            (AssetContent::Manifest(text.into()).digest(), size)
        };
        (pins(text), pins(new))
    };
    let (old, new) = edit("assets/argocd.yaml", &|text| {
        text.split("\n---\n").filter(|it| !it.contains("kind: NetworkPolicy")).collect::<Vec<_>>().join("\n---\n")
    });
    edit("lock.yaml", &|lock| lock.replace(&old.0, &new.0).replace(&old.1, &new.1));
}

/// What hangs on an Application is read off the live objects: their kinds, who tracks them, who owns them, and in which
/// namespace they are. What the component made for itself, and what an annotation keeps, is not lost.
#[test]
#[ignore = "needs the testbed"]
fn what_would_be_lost_with_a_component_is_named_and_nothing_else() {
    let api = SharedApi::namespaced("hanging");
    let namespace = api.namespace.as_str();
    let tracked = |kind: &str, name: &str| {
        format!("argocd.argoproj.io/tracking-id: 'safe-{namespace}:{kind}:{namespace}/{name}'")
    };
    let claim = |name: &str, metadata: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}, {metadata}}},
            spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}\n---\n"
        )
    };
    let group = format!("{namespace}.example.org");
    api.apply(&DEFINITION.replace("team.example.org", &group));
    api.apply(&format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, annotations: {{{}}}}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: database, annotations: {{{}}}}}
spec:
  serviceName: database
  selector: {{matchLabels: {{app: database}}}}
  template:
    metadata: {{labels: {{app: database}}}}
    spec: {{containers: [{{name: database, image: example.org/database}}]}}
---
{{apiVersion: v1, kind: Secret, metadata: {{name: of-others}}}}
",
        tracked("/Namespace", namespace),
        tracked("apps/StatefulSet", "database"),
    ));
    let uid = api.kubectl(&["get", "statefulset", "database", "-o", "jsonpath={.metadata.uid}"]);
    let owner = format!("ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: database, uid: {uid}}}]");
    let keep = "argocd.argoproj.io/sync-options: Delete=false";
    let claims = [
        claim("tracked", &format!("annotations: {{{}}}", tracked("/PersistentVolumeClaim", "tracked"))),
        claim("owned", &owner),
        claim("kept", &format!("annotations: {{{}, {keep}}}", tracked("/PersistentVolumeClaim", "kept"))),
        claim("copied", &format!("annotations: {{{}}}", tracked("/PersistentVolumeClaim", "tracked"))),
    ];
    api.apply(&claims.concat());
    let account = |name: &str, labels: &str| {
        format!("{{apiVersion: {group}/v1, kind: Account, metadata: {{name: {name}, labels: {{{labels}}}}}}}\n---\n")
    };
    let accounts = account("precious", "") + &account("made", "app.kubernetes.io/managed-by: bookkeeper");
    eventually("the kind is served", || api.try_apply(&accounts, &[]).is_ok());

    let component = Application(json!({
        "metadata": {"name": format!("safe-{namespace}"), "namespace": "argocd"},
        "spec": {"source": {"repoURL": "https://charts.example.org", "chart": "bookkeeper"}},
        "status": {"resources": [{"group": "apiextensions.k8s.io", "version": "v1", "kind": "CustomResourceDefinition",
            "name": format!("accounts.{group}")}]}
    }));
    let mut hanging = on_cluster(api.kubeconfig(), std::time::Duration::from_secs(60), async |cluster| {
        hanging_on(&cluster, &[component]).await.expect("looked at")
    });
    hanging.sort_by_key(|it| it.object.to_string());
    let named: Vec<String> = hanging.iter().map(|it| it.object.to_string()).collect();
    let expected = [
        "Account precious".to_owned(),
        format!("Namespace {namespace}"),
        format!("PersistentVolumeClaim {namespace}/owned"),
        format!("PersistentVolumeClaim {namespace}/tracked"),
    ];
    assert_eq!(named, expected, "{hanging:?}");
    let in_it = &hanging[1].why;
    // the Secret, the copy, and what is kept, which its annotation keeps from Argo CD and not from the namespace
    assert!(in_it.starts_with("3 objects of others are in it, such as "), "{in_it}");
}
