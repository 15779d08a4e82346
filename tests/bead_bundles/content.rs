//! The content of the beads as a real API server takes it, with the definitions of the real Crossplane and Kyverno.

use std::fs;
use std::path::Path;
use std::process::Output;

use backstack::yaml;
use serde_json::{Value, json};

use super::{BUNDLES, file, files, folder, render};
use crate::hub::fixture::{TESTBED, eventually};
use crate::support::shared_api::SharedApi;

/// The API server that all tests share.
pub struct Server(SharedApi);

impl Server {
    pub fn start() -> Self {
        Self(SharedApi::namespaced("content"))
    }

    pub fn kubectl(&self, args: &[&str]) -> Output {
        self.0.try_kubectl(args)
    }

    /// What the server says to objects, as Argo CD applies them; `Ok` when it takes all of them.
    pub fn apply(&self, objects: &str) -> Result<(), String> {
        self.0.try_apply(objects, &[])
    }

    pub fn would_take(&self, objects: &str) -> Result<(), String> {
        self.0.try_apply(objects, &["--dry-run=server"])
    }

    /// Makes a namespace with the account that pods have there, which a controller makes elsewhere.
    pub fn namespace(&self, name: &str) {
        let account = format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: default, namespace: {name}}}\n");
        self.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n{account}"))
            .expect("made");
    }

    fn define(&self, definitions: &Path) {
        let output = self.kubectl(&["apply", "--server-side", "-R", "-f", definitions.to_str().expect("a path")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn serves(&self, definition: &str) {
        let ready = r#"jsonpath={.status.conditions[?(@.type=="Established")].status}"#;
        eventually(definition, || self.kubectl(&["get", "crd", definition, "-o", ready]).stdout == b"True");
    }
}

#[test]
#[ignore = "needs the testbed"]
fn a_real_api_server_takes_the_content_of_every_bead() {
    let server = Server::start();
    let modules = &TESTBED.description().modules;
    server.define(&modules.crossplane.join("cluster/crds"));
    server.define(&modules.kyverno.join("config/crds/policies.kyverno.io"));
    let config = "package/crds/kubernetes.m.crossplane.io_clusterproviderconfigs.yaml";
    server.define(&modules.provider_kubernetes.join(config));
    for definition in [
        "compositions.apiextensions.crossplane.io",
        "compositeresourcedefinitions.apiextensions.crossplane.io",
        "functions.pkg.crossplane.io",
        "providers.pkg.crossplane.io",
        "validatingpolicies.policies.kyverno.io",
        "clusterproviderconfigs.kubernetes.m.crossplane.io",
    ] {
        server.serves(definition);
    }
    let mut looked_at = 0;
    for bundle in BUNDLES {
        server.namespace(bundle);
        let out = tempfile::tempdir().expect("a folder");
        let copy = super::with_other_downloads(bundle);
        render(bundle, copy.path(), out.path()).exits(0);
        let below = format!("beads/{bundle}/");
        for (path, text) in files(out.path()) {
            let Some(part) = path.strip_prefix(&below).and_then(|rest| rest.split_once('/')) else { continue };
            match (part.0, server.would_take(&text)) {
                ("apps" | "chart", _) => {}
                // The definitions of Google Cloud's provider are in no module.
                ("config", said) if bundle == "gke" => {
                    assert!(said.expect_err("not served").contains("no matches for kind \"ClusterProviderConfig\""));
                }
                (_, said) => {
                    said.unwrap_or_else(|said| panic!("{path}: {said}"));
                    looked_at += 1;
                }
            }
        }
    }
    assert!(looked_at > 12, "{looked_at}");
}

/// The definition that Crossplane makes of an XRD, but for the fields that it adds.
fn definition(xrd: &Value) -> Value {
    let version = &xrd["spec"]["versions"][0];
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": xrd["metadata"]["name"]},
        "spec": {
            "group": xrd["spec"]["group"],
            "names": xrd["spec"]["names"],
            "scope": xrd["spec"]["scope"],
            "versions": [{
                "name": version["name"],
                "served": true,
                "storage": true,
                "schema": version["schema"],
                "additionalPrinterColumns": version["additionalPrinterColumns"],
            }],
        },
    })
}

#[test]
#[ignore = "needs the testbed"]
fn the_api_of_gke_takes_what_its_template_writes() {
    let server = Server::start();
    server.namespace("gke");
    let xrd = yaml::manifests("definition.yaml", &file("gke", "apis/definition.yaml")).expect("YAML").remove(0);
    server.apply(&yaml::print(&definition(&xrd))).expect("a definition");
    server.serves("gkeclusters.gke.backstack.dev");

    let template = fs::read_to_string(folder("gke").join("catalog/template.yaml")).expect("there");
    let skeleton = file("gke", "catalog/skeleton/cluster.yaml");
    let values = [
        ("name", "dev"),
        ("namespace", "gke"),
        ("location", "europe-west1"),
        ("releaseChannel", "STABLE"),
        ("machineType", "e2"),
        ("max", "3"),
    ];
    let order = values.iter().fold(skeleton, |text, (name, value)| {
        assert!(template.contains(&format!("{name}: ${{{{ parameters.{name} }}}}")), "the template gives {name}");
        text.replace(&format!("${{{{ values.{name} }}}}"), value)
    });
    assert!(!order.contains("${{"), "{order}");
    server.apply(&order).expect("an order");
    let kept = server.kubectl(&["get", "gkecluster", "dev", "-n", "gke", "-o", "json"]).stdout;
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    assert_eq!(kept["spec"]["deletionProtection"], true, "the default");
    for (from, to, words) in [
        ("max: 3", "max: 3\n    min: 4", "min is more than max"),
        ("europe-west1", "europe-west2", "a cluster stays where it is"),
        ("europe-west1", "Europe", "should match"),
        ("STABLE", "NEVER", "Unsupported value"),
    ] {
        let said = server.would_take(&order.replace(from, to)).expect_err(words);
        assert!(said.contains(words), "{said}");
    }
}
