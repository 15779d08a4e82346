//! Charts of Helm repositories and of registries.

use backstack::gitops::sha256;
use serde_json::json;

use super::fixture::{GoProxy, Web, chart, chart_with, folder, lock, read};

const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

fn hub(chart: &str) -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {{name: hub}}\nspec:\n  argocd: {{version: 3.6.1}}\n  components:\n  \
         - name: grafana\n    namespace: grafana\n    chart:\n{chart}    wave: 20 # late\n"
    )
}

#[test]
fn a_chart_of_a_repository_is_locked_and_the_document_takes_it_from_there() {
    let (web, none) = (Web::new(), GoProxy::new());
    let digest = web.charts("grafana", &["8.5.0", "8.5.1", "9.0.0"]);
    let repository = format!("{}/charts", web.url());
    let document = hub(&format!("      repository: {repository}/\n      name: grafana\n      version: 8.5.0\n"));
    let bundle = folder(&[("hub.yaml", &document), ("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    let line = |version: &str| format!("pin chart grafana --repository {repository} --version {version}");
    none.call(&line("8.x"), bundle.path()).exits(2).says("the newest that fits is 8.5.1");
    none.call(&line("8.5.7"), bundle.path()).exits(1).says("has no grafana 8.5.7; nothing was changed");
    let wrong = format!("pin chart grafan --repository {repository} --version 8.5.0");
    none.call(&wrong, bundle.path()).exits(1).says("did you mean `grafana`?");

    let run = none.call(&line("9.0.0"), bundle.path()).exits(0);
    run.says("of the list of its files").says(&format!("{digest} of its archive, as upstream publishes it"));
    assert_eq!(read(&bundle, "hub.yaml"), hub("      locked: grafana\n"));
    let pinned = read(&bundle, "lock.yaml");
    let download = chart("grafana", "9.0.0");
    for part in [
        format!("url: {repository}/archives/grafana-9.0.0.tgz"),
        format!("repository: {repository}"),
        format!("sha256: {}", sha256(&download)),
    ] {
        assert!(pinned.contains(&part), "{part}: {pinned}");
    }
    none.call(&line("9.0.0"), bundle.path()).exits(0).says("nothing was changed");
    none.call("vendor .", bundle.path()).exits(0);

    // The lock knows the repository now, so the name is enough.
    none.call("pin grafana@8.5.0", bundle.path()).exits(0);
    let table = none.call("outdated", bundle.path()).exits(0).stdout;
    assert!(table.contains("grafana  chart  8.5.0   8.5.1  -      9.0.0"), "{table}");
    none.call("pin --upgrade grafana", bundle.path()).exits(0).says("grafana 8.5.0 -> 8.5.1");
}

#[test]
fn an_archive_that_its_index_does_not_know_is_not_pinned() {
    let (web, none) = (Web::new(), GoProxy::new());
    web.charts("grafana", &["8.5.0", "8.5.1", "8.5.2"]);
    web.put("/charts/archives/grafana-8.5.0.tgz", chart("grafana", "8.5.1"));
    web.put("/charts/archives/grafana-8.5.1.tgz", chart("other", "8.5.1"));
    let of_another_day = chart_with("grafana", "8.5.2", "home: https://elsewhere.example.org\n");
    web.put("/charts/archives/grafana-8.5.2.tgz", of_another_day);
    let bundle = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    let before = read(&bundle, "lock.yaml");
    let line = |version: &str| format!("pin chart grafana --repository {}/charts --version {version}", web.url());
    none.call(&line("8.5.0"), bundle.path()).exits(1).says("what it has is of version 8.5.1");
    none.call(&line("8.5.1"), bundle.path()).exits(1).says("what it has is the chart `other`");
    none.call(&line("8.5.2"), bundle.path()).exits(1).says("and its index says sha256:");
    none.call("pin chart a --repository ftp://x --version 1.0.0", bundle.path())
        .exits(2)
        .says("is no address of charts");
    assert_eq!(read(&bundle, "lock.yaml"), before);
}

#[test]
fn a_chart_of_a_registry_gets_its_digest_where_argocd_fetches_it() {
    let (web, none) = (Web::new(), GoProxy::new());
    let push = |version: &str| {
        web.push(
            "team/charts/grafana",
            &version.replace('+', "_"),
            &json!({"mediaType": LAYER}),
            &chart("grafana", version),
        )
    };
    let (_, second) = (push("8.5.0"), push("8.5.1+up1"));
    let repository = format!("oci://{}/team/charts", web.host());
    let document = hub(&format!("      oci: {repository}\n      name: grafana\n      version: 8.5.0\n"));
    let bundle = folder(&[("hub.yaml", &document)]);
    let line = |version: &str| format!("pin chart grafana --repository {repository} --version {version}");
    none.call(&line("8.5.1+up1"), bundle.path()).exits(0).says(&format!("{second} of its manifest in the registry"));
    let pinned = hub(&format!(
        "      oci: {repository}\n      name: grafana\n      version: 8.5.1+up1\n      digest: {second}\n"
    ));
    assert_eq!(read(&bundle, "hub.yaml"), pinned);
    none.call(&line("8.5.1+up1"), bundle.path()).exits(0).says("nothing was changed");
    none.call(&line("8.5.9"), bundle.path()).exits(1).says("is answered with 404");
    // Whoever moves a tag is found out.
    web.push("team/charts/grafana", "8.5.1_up1", &json!({"mediaType": LAYER}), &chart("grafana", "8.5.2"));
    none.call(&line("8.5.1+up1"), bundle.path()).exits(3).says("is another one than it was").says("--repin");
    assert_eq!(read(&bundle, "hub.yaml"), pinned);
}

#[test]
fn a_chart_of_a_registry_can_be_locked() {
    let (web, none) = (Web::new(), GoProxy::new());
    for version in ["8.5.0", "8.6.0"] {
        web.push("charts/grafana", version, &json!({"mediaType": LAYER}), &chart("grafana", version));
    }
    let bundle = folder(&[
        ("hub.yaml", &hub("      locked: grafana\n")),
        ("lock.yaml", &lock("").replace("assets:\n", "assets: []\n")),
    ]);
    let line = format!("pin chart grafana --repository oci://{}/charts --version 8.5.0", web.host());
    none.call(&line, bundle.path()).exits(0);
    let pinned = read(&bundle, "lock.yaml");
    assert!(pinned.contains(&format!("url: oci://{}/charts/grafana:8.5.0", web.host())), "{pinned}");
    none.call("vendor .", bundle.path()).exits(0).says("1 download is as lock.yaml pins it");
    none.call("pin --upgrade --all --minor", bundle.path()).exits(0).says("grafana 8.5.0 -> 8.6.0");
    none.call("vendor .", bundle.path()).exits(0);
}
