//! The contract of a bead: what it can do beyond its own objects and namespace somebody has to accept, or it is refused.

mod charts;
mod kept;
mod own;
mod page;
mod pods;
mod reach;
mod roles;

use backstack::document::read_bead;
use backstack::files::Tree;
use backstack::hub_repository::bead::REVISION;
use backstack::render::bead::{BeadInput, RenderedBead, Values, render};
use backstack::report::Outcome;
use backstack::vendor::{AssetContent, Assets};

use crate::hub_repository::fixture::hub;

/// A bead with this manifest, and these lines of permissions.
pub fn bead(manifest: &str, permissions: &str) -> Outcome<RenderedBead> {
    of_document("manifests: app", manifest, permissions)
}

/// A bead with a chart that nobody looks at.
fn with_chart(permissions: &str) -> Outcome<RenderedBead> {
    of_document("chart: {locked: chart}", "", permissions)
}

fn of_document(application: &str, manifest: &str, permissions: &str) -> Outcome<RenderedBead> {
    let permissions = permissions.lines().fold(String::new(), |all, line| format!("{all}    {line}\n"));
    let permissions = if permissions.is_empty() { String::new() } else { format!("  permissions:\n{permissions}") };
    let document = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: 0.1.0\n  application: \
         {{namespace: x, {application}}}\n{permissions}"
    );
    let (mut files, mut chart, mut assets) = (Tree::default(), Tree::default(), Assets::default());
    files.insert("app/a.yaml", manifest)?;
    chart.insert("Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n")?;
    assets.insert("chart", AssetContent::Chart(chart));
    let (bead, hub) = (read_bead("bead.yaml", &document)?, hub().resolved);
    let (parameters, depth, relocation, revision) = (Values::new(), 0, None, REVISION);
    render(&BeadInput { bead, files, assets, parameters, hub, claims: None, depth, relocation, revision })
}

/// The privileges of a bead with this object.
fn said(manifest: &str, permissions: &str) -> Vec<String> {
    bead(manifest, permissions).unwrap_or_else(|failure| panic!("{manifest}: {}", failure.render())).privileges
}

/// Permissions for every kind without a namespace.
fn may(group: &str, kind: &str) -> String {
    format!("clusterResources: [{{group: '{group}', kind: {kind}}}]")
}

const POD: &str = "spec: {containers: [{name: c, image: i}]}";

/// What every bead has is no privilege, or nobody would read the list.
#[test]
fn what_every_bead_has_is_not_asked_for() {
    for harmless in [
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: a}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}}",
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}}",
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}}",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: \
         [secrets, pods, pods/log], verbs: [get, list, create, delete]}]}",
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p}, \
         spec: {serviceAccountName: a, containers: [{name: c, image: i}]}}",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: a}, \
         subjects: [{kind: ServiceAccount, name: a}]}",
        &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, {POD}}}"),
    ] {
        assert_eq!(said(harmless, ""), [""; 0], "{harmless}");
    }
    assert_eq!(said("{apiVersion: v1, kind: Namespace, metadata: {name: x}}", ""), [""; 0], "its own");
}

/// A line for each, which says what it can do.
#[test]
fn what_reaches_beyond_its_namespace_is_asked_for() {
    const RBAC: &str = "rbac.authorization.k8s.io";
    for (group, kind, more, lines) in [
        (RBAC, "ClusterRole", "", &["rights in every namespace"][..]),
        (
            RBAC,
            "ClusterRole",
            "aggregationRule: {}",
            &[
                "has the rights of every ClusterRole with the labels of its `aggregationRule`",
                "rights in every namespace",
            ],
        ),
        (RBAC, "ClusterRoleBinding", "roleRef: {name: admin}", &["gives admin in every namespace"]),
        ("apiregistration.k8s.io", "APIService", "", &["answers for a part of the API"]),
        ("apiextensions.k8s.io", "CustomResourceDefinition", "", &["defines a kind for the whole cluster"]),
        (
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            "spec: {conversion: {strategy: Webhook}}",
            &[
                "defines a kind for the whole cluster",
                "its webhook rewrites every object of the kind, and while it does not answer none can be read or deleted",
            ],
        ),
        ("", "PersistentVolume", "", &["gives storage, of whatever place, to whoever claims it"]),
        (
            "",
            "PersistentVolume",
            "spec: {hostPath: {path: /etc}}",
            &["gives /etc of a node", "gives storage, of whatever place, to whoever claims it"],
        ),
        ("", "Namespace", "", &["a namespace besides its own"]),
        ("storage.k8s.io", "StorageClass", "", &["decides where data of others is kept, and by what"]),
        ("scheduling.k8s.io", "PriorityClass", "", &["lets pods displace those of others"]),
        ("networking.k8s.io", "IngressClass", "", &["decides who serves the Ingresses and Gateways of others"]),
        ("cert-manager.io", "ClusterIssuer", "", &["signs certificates for every namespace"]),
        (
            "external-secrets.io",
            "ClusterSecretStore",
            "",
            &["brings secrets of a store into every namespace, or takes them out"],
        ),
        (
            "apiextensions.crossplane.io",
            "Composition",
            "",
            &[
                "makes objects of any kind in any namespace, with the rights of Crossplane and of any provider configuration",
            ],
        ),
        ("pkg.crossplane.io", "ImageConfig", "", &["decides where packages come from"]),
        ("gcp.m.upbound.io", "ClusterProviderConfig", "", &["who names it works with its credentials"]),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration",
            "webhooks: [{failurePolicy: Ignore}]",
            &["decides about requests of others"],
        ),
        (
            "kyverno.io",
            "ClusterPolicy",
            "",
            &["requests are refused when Kyverno does not answer", "sees requests of others, with all that is in them"],
        ),
        ("nobody.example.org", "Knows", "", &["concerns the whole cluster, and what comes of it is not known"]),
    ] {
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let manifest = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p}}\n{more}\n");
        let wanted: Vec<String> = lines.iter().map(|line| format!("{kind} p: {line}")).collect();
        assert_eq!(said(&manifest, &may(group, kind)), wanted, "{kind} {more}");
    }
    let labels =
        "{rbac.authorization.k8s.io/aggregate-to-edit: 'true', rbac.crossplane.io/aggregate-to-crossplane: 'true'}";
    let role = format!("apiVersion: {RBAC}/v1\nkind: ClusterRole\nmetadata: {{name: p, labels: {labels}}}\n");
    let all = said(&role, &may(RBAC, "ClusterRole"));
    for label in ["rbac.authorization.k8s.io/aggregate-to-edit", "rbac.crossplane.io/aggregate-to-crossplane"] {
        let line = format!("ClusterRole p: everybody gets its rights whose role is made of {label}");
        assert!(all.contains(&line), "{all:?}");
    }
}

/// The same of objects in the bead's own namespace that reach out of it.
#[test]
fn what_leads_out_of_its_namespace_is_asked_for() {
    const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: p}";
    let role = |group: &str, resource: &str, verb: &str| {
        format!("{{{ROLE}, rules: [{{apiGroups: ['{group}'], resources: ['{resource}'], verbs: ['{verb}']}}]}}")
    };
    let rbac = "rbac.authorization.k8s.io";
    for (manifest, line) in [
        (role(rbac, "roles", "escalate"), "Role p: whoever has it gives himself whatever rights in the namespace"),
        (role(rbac, "*", "bind"), "Role p: whoever has it gives himself whatever rights in the namespace"),
        (role("", "serviceaccounts", "impersonate"), "Role p: whoever has it acts in the name of others"),
        (role("", "pods/exec", "create"), "Role p: whoever has it runs commands in the pods of the namespace, or reaches their ports"),
        (role("", "serviceaccounts/token", "create"), "Role p: whoever has it acts as any ServiceAccount of the namespace"),
        (
            role("networking.k8s.io", "networkpolicies", "delete"),
            "Role p: whoever has it lifts quotas, limits or network policies of the namespace",
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: p}, roleRef: {kind: ClusterRole, \
             name: admin}}"
                .to_owned(),
            "RoleBinding p: gives ClusterRole admin, whatever rights that has, in its namespace",
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: p}, roleRef: {kind: Role, name: r}, \
             subjects: [{kind: Group, name: 'system:unauthenticated'}]}"
                .to_owned(),
            "RoleBinding p: gives r to system:unauthenticated",
        ),
        (
            "{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: p, annotations: \
             {kubernetes.io/service-account.name: crossplane}}}"
                .to_owned(),
            "Secret p: gets a token of ServiceAccount crossplane, which is not the bead's",
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: p}, spec: {type: NodePort}}".to_owned(),
            "Service p: opens a port on every node",
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: p}, spec: {externalIPs: [1.1.1.1]}}".to_owned(),
            "Service p: takes what every pod sends to 1.1.1.1 (CVE-2020-8554)",
        ),
        (
            "{apiVersion: v1, kind: Endpoints, metadata: {name: p}}".to_owned(),
            "Endpoints p: sends what comes to a Service to any address, past network policies (CVE-2021-25740)",
        ),
        (
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p}, spec: {volumeName: v}}".to_owned(),
            "PersistentVolumeClaim p: gets PersistentVolume v with what is on it",
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: p}, spec: {template: {spec: {serviceAccountName: \
             crossplane}}}}"
                .to_owned(),
            "Deployment p: acts as ServiceAccount crossplane, which is not the bead's",
        ),
        (
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: p}, spec: {jobTemplate: {spec: {template: {spec: \
             {priorityClassName: system-node-critical}}}}}}"
                .to_owned(),
            "CronJob p: displaces pods of others, by the priority system-node-critical",
        ),
        (
            "{apiVersion: shop.example.org/v1, kind: Order, metadata: {name: p, namespace: x}}".to_owned(),
            "Order p: a controller that is not the bead's acts on it, and what comes of it is not known",
        ),
    ] {
        assert_eq!(said(&manifest, ""), [line], "{manifest}");
    }
}

/// Objects of providers act with the rights of whatever provider configuration they name.
#[test]
fn whoever_works_through_the_provider_of_another_bead_says_so() {
    for (group, kind, line) in [
        (
            "kubernetes.m.crossplane.io",
            "Object",
            "writes any object, in any namespace, with the rights of the provider",
        ),
        ("helm.m.crossplane.io", "Release", "installs any chart, in any namespace, with the rights of the provider"),
        ("opentofu.m.upbound.io", "Workspace", "runs any module, with the rights and the credentials of the provider"),
    ] {
        let manifest = format!(
            "apiVersion: {group}/v1alpha1\nkind: {kind}\nmetadata: {{name: p, namespace: x}}\nspec: {{providerConfigRef: {{kind: \
             ClusterProviderConfig, name: other}}}}\n"
        );
        let of_others = "works with the rights of ClusterProviderConfig other, which is not the bead's";
        let mut wanted = [format!("{kind} p: {of_others}"), format!("{kind} p: {line}")];
        wanted.sort();
        assert_eq!(said(&manifest, ""), wanted);
    }
}

/// A kind that the bead itself defines is its own business.
#[test]
fn objects_of_a_kind_that_the_bead_defines_are_its_own() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: \
                      orders.shop.example.org}\nspec: {group: shop.example.org, names: {kind: Order}}\n";
    let order = "apiVersion: shop.example.org/v1\nkind: Order\nmetadata: {name: p, namespace: x}\n";
    let all = said(&format!("{definition}---\n{order}"), &may("apiextensions.k8s.io", "CustomResourceDefinition"));
    assert_eq!(all, ["CustomResourceDefinition orders.shop.example.org: defines a kind for the whole cluster"]);
}

/// Of the namespaces of others the bead knows neither the accounts nor the bounds.
#[test]
fn a_namespace_that_is_not_its_own_is_asked_for() {
    let manifest = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: z}}, {POD}}}");
    let line =
        "namespace z: writes there, and its pods may act as any ServiceAccount there, beyond the level of its own";
    assert_eq!(said(&manifest, "namespaces: [z]"), [line]);
    assert!(bead(&manifest, "").expect_err("refused").render().contains("may not write into the namespace z"));
}

/// A chart that nobody has looked at may make all that its permissions allow, and anything in its namespace.
#[test]
fn a_chart_asks_for_what_its_permissions_allow() {
    let unseen = "chart chart: what it brings was not looked at: in the namespace x it may be anything that its project lets through";
    let permissions = "clusterResources:\n- {group: rbac.authorization.k8s.io, kind: ClusterRole, name: x-*}\n- {group: e.org, \
                       kind: Thing}";
    assert_eq!(
        with_chart(permissions).expect("rendered").privileges,
        [
            "ClusterRole x-*, by its chart: rights in every namespace",
            "Thing *, by its chart: concerns the whole cluster, and what comes of it is not known",
            unseen,
        ]
    );
    let unbounded = with_chart("podSecurity: privileged").expect("rendered").privileges;
    let line = "podSecurity privileged: nothing bounds its pods, which can take over the nodes that they run on";
    assert_eq!(unbounded, [unseen, line]);
}
