//! A small hub: a manifest with one object of every sort that rendering treats differently, and a chart.

use backstack::document::{Lock, Resolved, read_hub};
use backstack::files::Tree;
use backstack::render::hub::HubInput;
use backstack::schema::{Scalars, read};
use backstack::vendor::{AssetContent, Assets};

/// Argo CD's manifest in small.
pub const MANIFEST: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: argocd-server}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, annotations: {a: b}}
data: {upstream: kept}
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
kind: ConfigMap
metadata: {name: argocd-tls-certs-cm}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret}
stringData: {admin.password: never-in-git}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server}
spec: {replicas: 1}
";

/// The components of the hub, one per source of charts.
pub const COMPONENTS: &str = "
  - {name: locked, namespace: locked, wave: 5, chart: {locked: thing}, values: {a: 'on'}}
  - {name: folder, namespace: folder, chart: {path: charts/folder}}
  - {name: helm, namespace: helm, wave: -3, chart: {repository: 'https://charts.example.org', name: h, version: 1.2.3}}
  - {name: registry, namespace: reg, project: guests, chart: {oci: 'oci://r.example.org/charts/', name: r, version: 4.5.6}}
";

/// A certificate, made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 3650 -subj /CN=a`.
pub const CERTIFICATE: &str = include_str!("../data/certificate.pem");

/// A hub with the given settings of Argo CD (a YAML flow mapping without its braces) and components.
pub fn input(argocd: &str, components: &str) -> HubInput {
    let text = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: demo}}\nspec:\n  argocd: {{{argocd}}}\n  \
         components: {components}"
    );
    let mut chart = Tree::default();
    chart.insert("Chart.yaml", "name: thing\n").expect("free");
    chart.insert("templates/a.yaml", "# nothing\n").expect("free");
    let chart = AssetContent::Chart(chart);
    let manifest = AssetContent::Manifest(MANIFEST.into());
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n\
         - {{name: argocd, type: manifest, version: 3.6.1, sha256: '{}'}}\n\
         - {{name: thing, type: chart, version: 1.0.0, sha256: '{}'}}\n",
        manifest.digest(),
        chart.digest()
    );
    let lock: Lock = read("lock.yaml", &lock, Scalars::Strict).expect("a lock");
    let mut assets = Assets::default();
    assets.insert("argocd", manifest);
    assets.insert("thing", chart);
    let resolved = Resolved {
        repository: "https://git.example.org/hub.git".to_owned(),
        branch: "main".to_owned(),
        cluster_uid: "uid-1".to_owned(),
    };
    let hub = read_hub("hub.yaml", &text).unwrap_or_else(|failure| panic!("{}", failure.render()));
    HubInput { hub, lock, assets, resolved, relocation: None }
}

/// The whole hub.
pub fn hub() -> HubInput {
    input("version: 3.6.1", COMPONENTS)
}
