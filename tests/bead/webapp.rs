//! The bead `webapp` as it is in this repository, on the real Crossplane with the real provider and the real
//! function-patch-and-transform: what is ordered becomes a Deployment with its Service, and goes with its order.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::fixture::Bead;
use super::four_parts::pinned;
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;

/// What the packages are called in the bundle, without their digests.
const PROVIDER: &str = "xpkg.crossplane.io/crossplane-contrib/provider-kubernetes:v1.0.0";
const FUNCTION: &str = "xpkg.crossplane.io/crossplane-contrib/function-patch-and-transform:v0.10.3";

/// What the hub says of its Backstage.
pub const ACTIONS: &str = "  backstage: {actions: ['fetch:template', 'publish:github:pull-request']}\n";

/// The bundle of this repository, copied into the testbed's registry as Porter copies one.
pub struct Copied<'h> {
    pub bead: Bead<'h>,
    pub account: String,
}

impl<'h> Copied<'h> {
    pub fn beside(hub: &'h Hub) -> Self {
        let provider = pinned(&TESTBED.provider_kubernetes().expect("pushed"));
        let function = pinned(&TESTBED.patch_and_transform().expect("pushed"));
        let digest = |package: &str| package.split_once('@').expect("pinned").1.to_owned();
        let (of_provider, of_function) = (digest(&provider), digest(&function));
        let account = format!("provider-kubernetes-{}", &of_provider["sha256:".len()..][..12]);
        let bead = Bead { hub, name: "webapp", settings: String::new(), timeout: "8m" };
        let bead = bead.with(&format!(
            "acceptPrivileges: true
parameters:
  provider-digest: '{of_provider}'
  provider-account: {account}
  function-digest: '{of_function}'
  policy-action: Deny
  images: registry.example.org/*
  max-replicas: 3"
        ));
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundles/beads/webapp");
        assert!(Command::new("cp").arg("-a").arg(from).arg(bead.bundle()).status().expect("cp starts").success());
        let app = hub.folder.path().join("cnab/app");
        fs::create_dir_all(&app).expect("the bundle's place");
        let copies = json!({
            format!("{PROVIDER}@{of_provider}"): untagged(&provider),
            format!("{FUNCTION}@{of_function}"): untagged(&function),
        });
        fs::write(app.join("relocation-mapping.json"), copies.to_string()).expect("the map");
        Self { bead, account }
    }

    fn may(&self, verb: &str, resource: &str) -> bool {
        let account = format!("system:serviceaccount:crossplane-system:{}", self.account);
        let mut asked =
            self.bead.hub.kubectl_command(&["auth", "can-i", verb, resource, "-n", "team-a", "--as", &account]);
        asked.output().expect("kubectl starts").stdout.starts_with(b"yes")
    }

    pub fn object(&self, kind: &str) -> Option<Value> {
        self.bead.object(kind, "team-a", "web")
    }
}

/// A package by its digest alone.
fn untagged(package: &str) -> String {
    let (name, digest) = package.split_once('@').expect("pinned");
    format!("{}@{digest}", name.rsplit_once(':').expect("a tag").0)
}

/// An order as the template of the bead writes it.
pub fn order(bead: &Bead, image: &str, replicas: &str) -> String {
    let file = bead.bundle().join("catalog/skeleton/webapp.yaml");
    let skeleton = fs::read_to_string(file).expect("the skeleton");
    let values = [("name", "web"), ("namespace", "team-a"), ("image", image), ("replicas", replicas), ("port", "8081")];
    let order =
        values.iter().fold(skeleton, |text, (name, value)| text.replace(&format!("${{{{ values.{name} }}}}"), value));
    assert!(!order.contains("${{"), "{order}");
    order
}

#[test]
#[ignore = "needs the testbed"]
fn an_ordered_application_is_a_deployment_with_its_service_and_goes_with_its_order() {
    let hub = Hub::installed(Kind::Whole);
    hub.kubectl(&["create", "namespace", "team-a"]);
    hub.edit_document(|text| format!("{}\n{ACTIONS}", text.trim_end()));
    hub.run("upgrade").expect(0);
    let it = Copied::beside(&hub);
    let order = |image: &str, replicas: &str| order(&it.bead, image, replicas);
    let image = "registry.example.org/team/web:1.0.0";
    it.bead.run("install").expect(0);
    it.bead.run("install").expect(0).says("no change");
    it.bead.run("verify").expect(0);

    // The provider may do what the bead is for, and it is that account that runs it.
    let accounts = ["get", "pods", "-n", "crossplane-system", "-o", "jsonpath={.items[*].spec.serviceAccountName}"];
    assert!(hub.kubectl(&accounts).contains(&it.account), "{}", it.account);
    assert!(it.may("create", "deployments.apps") && it.may("delete", "services"));
    for kind in ["pods", "clusterrolebindings", "daemonsets.apps"] {
        assert!(!it.may("create", kind), "{kind}");
    }

    // What may not be ordered is refused by the API or by the policies.
    for (order, words) in [
        (order("registry.example.org/team/web", "2"), "an image has a tag or a digest"),
        (order("docker.io/library/nginx:1", "2"), "An image may only come from registry.example.org/*"),
        (order(image, "4"), "An application may have 3 pods at most"),
    ] {
        eventually(words, || hub.refusal(&order).contains(words));
    }

    hub.apply(&order(image, "2"));
    let ready = ["wait", "webapps.webapp.backstack.dev/web", "-n", "team-a", "--for=condition=Ready", "--timeout=150s"];
    hub.kubectl(&ready);
    let status = it.object("webapp").expect("ordered")["status"].clone();
    assert_eq!((&status["available"], &status["address"]), (&json!(2), &json!("web.team-a.svc")), "{status:#}");
    let deployment = it.object("deployment").expect("a Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(deployment["spec"]["replicas"], 2);
    assert_eq!((&container["image"], &container["ports"][0]["containerPort"]), (&json!(image), &json!(8081)));
    assert_eq!(
        container["resources"],
        json!({"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}})
    );
    assert_eq!(
        (&pod["securityContext"]["runAsNonRoot"], &pod["automountServiceAccountToken"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(it.object("service").expect("a Service")["spec"]["ports"][0]["port"], 80);
    let behind = ["get", "endpointslices", "-n", "team-a", "-l", "kubernetes.io/service-name=web"];
    let behind =
        [&behind[..], &["-o", "jsonpath={.items[*].endpoints[*].targetRef.name} {.items[*].ports[*].port}"]].concat();
    eventually("the Service leads to both pods", || {
        let found = hub.kubectl(&behind);
        found.split_whitespace().filter(|word| word.starts_with("web-")).count() == 2 && found.ends_with("8081")
    });

    hub.apply(&order(image, "3"));
    eventually("a change arrives", || it.object("deployment").is_some_and(|it| it["spec"]["replicas"] == 3));

    // What is ordered holds the bead; taken back, nothing of it stays.
    it.bead.run("uninstall").expect(3).says("WebApp team-a/web").says("nothing was removed");
    hub.kubectl(&["delete", "webapps.webapp.backstack.dev", "web", "-n", "team-a", "--timeout=120s"]);
    eventually("what it stood for goes", || {
        let kinds = "deployments,services,objects.kubernetes.m.crossplane.io";
        hub.kubectl(&["get", kinds, "-n", "team-a", "-o", "name"]).is_empty()
    });
    it.bead.run("uninstall").expect(0).says("nothing of bead webapp is left");
    for kind in ["providers.pkg.crossplane.io", "functions.pkg.crossplane.io", "xrd", "compositions"] {
        assert_eq!(hub.kubectl(&["get", kind, "-o", "name"]), "", "{kind}");
    }
}
