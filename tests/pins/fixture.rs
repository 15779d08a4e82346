//! Upstreams as they are: a web server with indexes, archives and a registry, and a proxy of Go modules, all of this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use backstack::files::sha256;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::zip::zip;
use crate::support::{Mixin, Run};

const TOKEN: &str = "planted-token-of-the-registry";

/// A web server. What it has below `/v2/` wants a token, as registries do.
#[derive(Clone)]
pub struct Web {
    address: SocketAddr,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Web {
    pub fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let web = Self { address: listener.local_addr().expect("an address"), files: Arc::default() };
        let server = web.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let request = lines.next().unwrap_or_default();
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let answer = server.answer(&request, &head);
                _ = stream.write_all(&answer);
            }
        });
        web
    }

    fn answer(&self, request: &str, head: &[String]) -> Vec<u8> {
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_logged_in = head.iter().any(|line| line == &format!("Authorization: Bearer {TOKEN}"));
        let file = path.split('?').next().unwrap_or_default();
        if file.starts_with("/v2/") && !is_logged_in {
            let realm = format!("Bearer realm=\"http://{}/token\",service=\"played\"", self.address);
            return reply("401 Unauthorized", &[("WWW-Authenticate", &realm)], b"", method);
        }
        match self.files.lock().expect("files").get(file) {
            Some(bytes) => reply("200 OK", &[], bytes, method),
            None if file == "/token" => reply("200 OK", &[], json!({"token": TOKEN}).to_string().as_bytes(), method),
            None => reply("404 Not Found", &[], b"", method),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its name as a registry.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.lock().expect("files").insert(path.to_owned(), bytes.into());
    }

    /// An artifact of one layer under a tag; answers its digest.
    pub fn push(&self, name: &str, tag: &str, layer: &Value, bytes: &[u8]) -> String {
        let mut layer = layer.clone();
        layer["digest"] = sha256(bytes).into();
        layer["size"] = bytes.len().into();
        let manifest = json!({"schemaVersion": 2, "layers": [layer]}).to_string();
        let digest = sha256(manifest.as_bytes());
        self.put(&format!("/v2/{name}/blobs/{}", sha256(bytes)), bytes);
        self.put(&format!("/v2/{name}/manifests/{tag}"), manifest.clone());
        self.put(&format!("/v2/{name}/manifests/{digest}"), manifest);
        let list = format!("/v2/{name}/tags/list");
        let mut files = self.files.lock().expect("files");
        let mut tags: Value =
            files.get(&list).map_or(json!({"tags": []}), |it| serde_json::from_slice(it).expect("JSON"));
        tags["tags"].as_array_mut().expect("a list").push(tag.into());
        files.insert(list, tags.to_string().into_bytes());
        digest
    }

    /// A Helm repository with these versions of a chart; answers the digest of the last archive.
    pub fn charts(&self, name: &str, versions: &[&str]) -> String {
        let mut entries = String::new();
        let mut digest = String::new();
        for version in versions {
            let archive = chart(name, version);
            digest = sha256(&archive);
            let told = digest.trim_start_matches("sha256:");
            let entry = format!("  - {{version: {version}, digest: {told}, urls: [archives/{name}-{version}.tgz]}}\n");
            entries.push_str(&entry);
            self.put(&format!("/charts/archives/{name}-{version}.tgz"), archive);
        }
        self.put("/charts/index.yaml", format!("apiVersion: v1\nentries:\n  {name}:\n{entries}"));
        digest
    }
}

fn reply(status: &str, headers: &[(&str, &str)], body: &[u8], method: &str) -> Vec<u8> {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), if method == "HEAD" { b"" } else { body }].concat()
}

/// The archive of a chart.
pub fn chart(name: &str, version: &str) -> Vec<u8> {
    chart_with(name, version, "")
}

/// The same with further lines in its description.
pub fn chart_with(name: &str, version: &str, more: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let text = format!("apiVersion: v2\nname: {name}\nversion: {version}\n{more}");
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, format!("{name}/Chart.yaml"), text.as_bytes()).expect("packed");
    archive.into_inner().and_then(GzEncoder::finish).expect("packed")
}

/// A proxy of Go modules, as files, and the cache of the Go tool.
pub struct GoProxy {
    place: TempDir,
}

impl GoProxy {
    pub fn new() -> Self {
        Self { place: tempfile::tempdir().expect("a folder") }
    }

    /// Publishes a version of a module with these files.
    pub fn publish(&self, module: &str, version: &str, files: &[(&str, &str)]) {
        let folder = self.place.path().join("proxy").join(module).join("@v");
        fs::create_dir_all(&folder).expect("made");
        let list = folder.join("list");
        let known = fs::read_to_string(&list).unwrap_or_default();
        fs::write(&list, format!("{known}{version}\n")).expect("written");
        let go_mod = format!("module {module}\n");
        let own = files.iter().find(|(path, _)| *path == "go.mod").map_or(go_mod.as_str(), |(_, text)| *text);
        fs::write(folder.join(format!("{version}.mod")), own).expect("written");
        let info = json!({"Version": version, "Time": "2026-01-01T00:00:00Z"});
        fs::write(folder.join(format!("{version}.info")), info.to_string()).expect("written");
        let mut packed = vec![(format!("{module}@{version}/go.mod"), own.as_bytes())];
        let others = files.iter().filter(|(path, _)| *path != "go.mod");
        packed.extend(others.map(|(path, text)| (format!("{module}@{version}/{path}"), text.as_bytes())));
        fs::write(folder.join(format!("{version}.zip")), zip(&packed)).expect("written");
    }

    /// Has a web server give what is published here, below a path of it.
    pub fn serve(&self, web: &Web, path: &str) {
        let root = self.place.path().join("proxy");
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|it| it.expect("read").path()) {
                if entry.is_dir() {
                    open.push(entry);
                } else {
                    let below = entry.strip_prefix(&root).expect("below").display();
                    web.put(&format!("{path}/{below}"), fs::read(&entry).expect("there"));
                }
            }
        }
    }

    /// A call of the program that knows this proxy and no other.
    pub fn call(&self, line: &str, folder: &Path) -> Run {
        let at = |name: &str| self.place.path().join(name);
        let run = Mixin::new(line)
            .folder(folder)
            .with_path()
            .env("HOME", at("home"))
            .env("GOMODCACHE", at("cache"))
            .env("GOCACHE", at("build"))
            .env("GOPROXY", format!("file://{}", at("proxy").display()))
            .env("GONOSUMDB", "*")
            .env("GOFLAGS", "-modcacherw")
            .run();
        assert!(!(run.stdout.clone() + &run.stderr).contains("planted"), "{}", run.stderr);
        run
    }
}

impl Drop for GoProxy {
    fn drop(&mut self) {
        // The Go tool takes the right to write away from what it keeps.
        _ = std::process::Command::new("chmod").args(["-R", "u+w"]).arg(self.place.path()).status();
    }
}

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

/// A lock with these items.
pub fn lock(items: &str) -> String {
    format!("# pinned\napiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n{items}")
}

pub fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("there")
}
