//! A bead whose chart comes from a Helm repository: its Application has two sources.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fixture::Bead;
use crate::hub::fixture::Hub;
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

/// A Helm repository with a chart in two versions, each of which says its own in a ConfigMap.
fn repository(folder: &Path) {
    let mut index = vec!["apiVersion: v1".to_owned(), "entries:".to_owned(), "  note:".to_owned()];
    for version in VERSIONS {
        let head = format!("apiVersion: v2\nname: note\nversion: {version}\n");
        let object =
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\ndata: {version: \"{{ .Chart.Version }}\"}\n";
        fs::create_dir_all(folder.join("note/templates")).expect("a folder");
        fs::write(folder.join("note/Chart.yaml"), head).expect("written");
        fs::write(folder.join("note/templates/note.yaml"), object).expect("written");
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
