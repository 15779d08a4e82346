//! A bead whose chart comes from a Helm repository or a registry: its Application has two sources.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fixture::Bead;
use crate::hub::fixture::{Hub, TESTBED};
use crate::hub::installed::Kind;

const VERSIONS: [&str; 2] = ["0.1.0", "0.2.0"];

/// Serves the files of a folder until the process ends. Answers the address.
fn serve(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &folder); // whoever asked may hang up
        }
    });
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    lines.map_while(Result::ok).find(String::is_empty);
    let name = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let (status, body) = match fs::read(folder.join(&name)) {
        Ok(body) if !name.contains('/') => ("200 OK", body),
        _ => ("404 Not Found", Vec::new()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

/// A chart `note`, which says something in a ConfigMap.
fn write_chart(folder: &Path, head: &str, says: &str) {
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: note}}\ndata: {{version: \"{says}\"}}\n");
    fs::create_dir_all(folder.join("note/templates")).expect("a folder");
    fs::write(folder.join("note/Chart.yaml"), head).expect("written");
    fs::write(folder.join("note/templates/note.yaml"), object).expect("written");
}

/// A Helm repository with a chart in two versions, each of which says its own in a ConfigMap.
fn repository(folder: &Path) {
    let mut index = vec!["apiVersion: v1".to_owned(), "entries:".to_owned(), "  note:".to_owned()];
    for version in VERSIONS {
        let head = format!("apiVersion: v2\nname: note\nversion: {version}\n");
        write_chart(folder, &head, "{{ .Chart.Version }}");
        let packed = format!("note-{version}.tgz");
        let tar = Command::new("tar").current_dir(folder).args(["czf", &packed, "note"]).status();
        assert!(tar.expect("tar starts").success());
        index.push(format!("  - {{apiVersion: v2, name: note, version: {version}, urls: [{packed}]}}"));
    }
    fs::write(folder.join("index.yaml"), index.join("\n")).expect("written");
}

#[test]
#[ignore = "needs the testbed"]
fn another_version_of_a_chart_is_there_when_the_upgrade_is_done() {
    let charts = tempfile::tempdir().expect("a folder");
    repository(charts.path());
    let address = serve(charts.path().to_owned());
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "note").with("acceptPrivileges: true");
    let chart = format!("chart: {{repository: '{address}', name: note, version: {}}}", VERSIONS[0]);
    bead.edit("bead.yaml", |text| text.replace("manifests: app", &chart));
    let deployed = || bead.object("configmap", "note", "note").expect("the chart's object")["data"]["version"].clone();
    bead.run("install").expect(0);
    assert_eq!(deployed(), VERSIONS[0]);

    // Nothing of the hub repository that the second source names has changed.
    bead.edit("bead.yaml", |text| text.replace(VERSIONS[0], VERSIONS[1]));
    bead.run("upgrade").expect(0);
    assert_eq!(deployed(), VERSIONS[1]);
    bead.run("verify").expect(0);
    hub.run("verify").expect(0);
    bead.run("uninstall").expect(0);
    assert_eq!(bead.object("configmap", "note", "note"), None);
}

/// Pushes the chart in a folder to the registry as Helm does, and answers the digest that it has there.
fn push(folder: &Path, registry: &str) -> String {
    let helm = |args: &[&str]| {
        let mut helm = Command::new(TESTBED.bin().join("helm"));
        helm.current_dir(folder).env_clear().env("HOME", folder).args(args);
        let output = helm.output().expect("helm starts");
        let said = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(output.status.success(), "{said}");
        said
    };
    helm(&["package", "note"]);
    let said = helm(&["push", "note-1.0.0+4.tgz", registry, "--plain-http"]);
    said.lines().find_map(|line| line.strip_prefix("Digest: ")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
#[ignore = "needs the testbed"]
fn a_chart_of_a_digest_is_not_moved_by_its_tag() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = Hub::installed(Kind::Plain);
    let registry = format!("oci://{}/digests", TESTBED.registry());
    let head = "apiVersion: v2\nname: note\nversion: 1.0.0+4\n";
    write_chart(folder.path(), head, "reviewed");
    let digest = push(folder.path(), &registry);
    write_chart(folder.path(), head, "moved");
    assert_ne!(push(folder.path(), &registry), digest);
    // How Argo CD is told that a registry speaks http.
    hub.apply(&format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: charts, namespace: argocd, labels: \
         {{argocd.argoproj.io/secret-type: repository}}}}\nstringData: {{type: oci, url: '{registry}/note', \
         insecureOCIForceHttp: 'true'}}\n"
    ));

    let bead = Bead::new(&hub, "note").with("acceptPrivileges: true");
    let chart = format!("chart: {{oci: '{registry}', name: note, version: 1.0.0+4, digest: '{digest}'}}");
    bead.edit("bead.yaml", |text| text.replace("manifests: app", &chart));
    let deployed = || bead.object("configmap", "note", "note").expect("the chart's object")["data"]["version"].clone();
    bead.run("install").expect(0);
    assert_eq!(deployed(), "reviewed");
    bead.run("verify").expect(0);

    // By its version alone it is what the tag says today.
    bead.edit("bead.yaml", |text| text.replace(&format!(", digest: '{digest}'"), ""));
    bead.run("upgrade").expect(0);
    assert_eq!(deployed(), "moved");
}
