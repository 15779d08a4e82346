//! Charts of Helm repositories and of registries.

use backstack::files::sha256;
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
    none.call("outdated", bundle.path()).exits(0).says("grafana  chart  8.5.0   8.5.1  -      9.0.0");
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

/// A folder has the chart, and nobody has seen its archive: what the lock says of the one before is not said of this one.
#[test]
fn what_a_folder_has_is_pinned_without_the_archive_of_another_version() {
    let (web, none) = (Web::new(), GoProxy::new());
    web.charts("grafana", &["8.5.0", "8.5.1"]);
    let bundle = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    let line = format!("pin chart grafana --repository {}/charts --version 8.5.0", web.url());
    none.call(&line, bundle.path()).exits(0);
    assert!(read(&bundle, "lock.yaml").contains("download:"), "{}", read(&bundle, "lock.yaml"));
    let had = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(had.path().join("grafana")).expect("made");
    let text = "apiVersion: v2\nname: grafana\nversion: 8.5.1\n";
    std::fs::write(had.path().join("grafana/Chart.yaml"), text).expect("written");
    none.call(&format!("pin grafana@8.5.1 --from {}", had.path().display()), bundle.path()).exits(0);
    let pinned = read(&bundle, "lock.yaml");
    assert!(!pinned.contains("8.5.0") && !pinned.contains("download:"), "{pinned}");
    none.call("vendor .", bundle.path()).exits(0);
}

/// Bitnami's index names registries for the archives: the versions are known all the same.
#[test]
fn versions_are_known_whose_archives_no_web_server_has() {
    let (web, none) = (Web::new(), GoProxy::new());
    let entry =
        |version: &str| format!("  - {{version: {version}, urls: ['oci://r.example.org/grafana:{version}']}}\n");
    let index = format!("apiVersion: v1\nentries:\n  none: []\n  grafana:\n{}{}", entry("8.5.0"), entry("8.5.1"));
    web.put("/charts/index.yaml", index);
    let repository = format!("{}/charts", web.url());
    let of = |name: &str| hub(&format!("      repository: {repository}\n      name: {name}\n      version: 8.5.0\n"));
    let bundle = folder(&[("hub.yaml", &of("grafana"))]);
    none.call("outdated --exit-code", bundle.path()).exits(5).says("grafana  chart  8.5.0   8.5.1");
    let run = none.call("pin grafana@8.5.1", bundle.path()).exits(1);
    run.says("names no web server that has the archive of grafana 8.5.1; nothing was changed");
    let bundle = folder(&[("hub.yaml", &of("none"))]);
    let run = none.call("outdated", bundle.path()).exits(0).says("0 pins, outdated: 0; not looked at: 1");
    run.says("upstream tells no version that is written like it");
}

#[test]
fn a_repository_that_is_gone_spoils_no_other_one() {
    let (web, none) = (Web::new(), GoProxy::new());
    web.charts("grafana", &["8.5.0", "8.5.1"]);
    let gone = hub(&format!("      repository: {}/gone\n      name: loki\n      version: 1.0.0\n", web.url()));
    let there = format!("    chart: {{repository: '{}/charts', name: grafana, version: 8.5.0}}\n", web.url());
    let bundle = folder(&[("hub.yaml", &format!("{gone}  - name: b\n    namespace: b\n{there}"))]);
    let run = none.call("outdated", bundle.path()).exits(0).says("grafana  chart  8.5.0   8.5.1");
    run.says("not looked at: loki 1.0.0").says("1 pin, outdated: 1; not looked at: 1");
}

/// A hub with two components that have one chart in two versions.
fn in_two_versions(source: &str, first: &str, second: &str) -> String {
    let chart = |version: &str| format!("      {source}\n      name: grafana\n      version: {version}\n");
    format!("{}  - name: b\n    namespace: b\n    chart:\n{}", hub(&chart(first)), chart(second))
}

#[test]
fn one_chart_in_two_versions_is_two_pins() {
    let (web, none) = (Web::new(), GoProxy::new());
    let push = |version: &str| web.push("c/grafana", version, &json!({"mediaType": LAYER}), &chart("grafana", version));
    let digest = ["8.5.0", "9.0.1", "8.5.1"].map(push)[2].clone();
    let source = format!("oci: oci://{}/c", web.host());
    let bundle = folder(&[("hub.yaml", &in_two_versions(&source, "8.5.0", "9.0.1"))]);
    none.call("pin --upgrade --all", bundle.path()).exits(0);
    let pinned = in_two_versions(&source, &format!("8.5.1\n      digest: {digest}"), "9.0.1");
    let same = |text: &str| text.replace("wave: 20 # late\n", "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(same(&read(&bundle, "hub.yaml")), same(&pinned));
    // A lock has one of them.
    web.charts("grafana", &["8.5.0", "8.5.1", "9.0.1"]);
    let before = in_two_versions(&format!("repository: {}/charts", web.url()), "8.5.0", "9.0.1");
    let bundle = folder(&[("hub.yaml", &before)]);
    none.call("pin --upgrade --all", bundle.path()).exits(0).says("not moved  grafana 8.5.0");
    assert_eq!(read(&bundle, "hub.yaml"), before);
}

#[test]
fn a_chart_of_a_registry_keeps_the_spelling_of_its_tags() {
    let (web, none) = (Web::new(), GoProxy::new());
    for version in ["v1.18.0", "v1.18.1"] {
        web.push("charts/cert", version, &json!({"mediaType": LAYER}), &chart("cert", version));
    }
    let repository = format!("oci://{}/charts", web.host());
    let of = |version: &str| hub(&format!("      oci: {repository}\n      name: cert\n      version: {version}\n"));
    let bundle = folder(&[("hub.yaml", &of("v1.17.0"))]);
    let line = format!("pin chart cert --repository {repository} --version v1.18.0");
    none.call(&line, bundle.path()).exits(0);
    assert!(read(&bundle, "hub.yaml").contains("version: v1.18.0\n"), "{}", read(&bundle, "hub.yaml"));
    none.call("pin --upgrade cert", bundle.path()).exits(0);
    assert!(read(&bundle, "hub.yaml").contains("version: v1.18.1\n"), "{}", read(&bundle, "hub.yaml"));
    let locked = folder(&[("lock.yaml", &lock("").replace("assets:\n", "assets: []\n"))]);
    none.call(&line, locked.path()).exits(0);
    none.call("pin --upgrade --all", locked.path()).exits(0).says("cert 1.18.0 -> 1.18.1");
    none.call("vendor .", locked.path()).exits(0);
    assert!(read(&locked, "lock.yaml").contains("/charts/cert:v1.18.1"), "{}", read(&locked, "lock.yaml"));
}
