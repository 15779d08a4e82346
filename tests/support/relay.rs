//! A relay between the program and an API server, which counts requests, and can hold one up.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::json;
use tempfile::NamedTempFile;

/// Plain HTTP in front of `kubectl proxy`, which holds the credential.
pub struct Relay {
    proxy: Child,
    kubeconfig: NamedTempFile,
    seen: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Relay {
    /// In front of the cluster of that kubectl.
    pub fn before(kubectl: Command) -> Self {
        Self::holding(kubectl, |_| false)
    }

    /// The same, but these requests (first line and body) get no further, and no answer.
    pub fn holding(mut kubectl: Command, is_held: fn(&str) -> bool) -> Self {
        let mut proxy =
            kubectl.args(["proxy", "--port=0"]).stdout(Stdio::piped()).spawn().expect("kubectl proxy starts");
        let mut line = String::new();
        BufReader::new(proxy.stdout.take().expect("stdout")).read_line(&mut line).expect("it says where it serves");
        let server = line.trim().rsplit(' ').next().expect("an address").to_owned();

        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Vec<(Instant, String)>>> = Arc::default();
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, log) = (server.clone(), Arc::clone(&log));
                std::thread::spawn(move || pass_on(client, &server, &log, is_held));
            }
        });
        let kubeconfig = NamedTempFile::new().expect("a file");
        let named = |what: &str, value: serde_json::Value| json!([{"name": "relay", what: value}]);
        let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": "relay",
            "clusters": named("cluster", json!({"server": format!("http://{address}")})),
            "users": named("user", json!({})),
            "contexts": named("context", json!({"cluster": "relay", "user": "relay"}))});
        std::fs::write(kubeconfig.path(), text.to_string()).expect("written");
        Self { proxy, kubeconfig, seen }
    }

    /// The kubeconfig that leads through it.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// The requests that were made since then, each its first line and its body.
    pub fn since(&self, begin: Instant) -> Vec<String> {
        let seen = self.seen.lock().expect("unpoisoned");
        seen.iter().filter(|(at, _)| *at >= begin).map(|(_, line)| line.clone()).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        _ = self.proxy.kill();
        _ = self.proxy.wait();
    }
}

/// One connection: each request is read to its end and noted; answers are passed back as they come.
fn pass_on(
    client: TcpStream,
    server: &str,
    log: &Mutex<Vec<(Instant, String)>>,
    is_held: fn(&str) -> bool,
) -> Option<()> {
    let mut up = TcpStream::connect(server).ok()?;
    let (mut back, mut answers) = (client.try_clone().ok()?, up.try_clone().ok()?);
    std::thread::spawn(move || {
        _ = std::io::copy(&mut answers, &mut back);
        _ = back.shutdown(Shutdown::Both);
    });
    let mut requests = BufReader::new(client);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            if requests.read_line(&mut head).ok()? == 0 {
                _ = up.shutdown(Shutdown::Write);
                return None;
            }
            let line = head[start..].trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            assert!(!line.starts_with("transfer-encoding:"), "the client says how long its bodies are");
            if line.is_empty() {
                break;
            }
        }
        let line = head.lines().next()?.to_owned();
        let mut body = vec![0; length];
        requests.read_exact(&mut body).ok()?;
        let request = format!("{line} {}", String::from_utf8_lossy(&body));
        let goes_no_further = is_held(&request);
        log.lock().expect("unpoisoned").push((Instant::now(), request));
        if goes_no_further {
            loop {
                std::thread::park(); // with the connection in hand
            }
        }
        up.write_all(head.as_bytes()).and_then(|()| up.write_all(&body)).ok()?;
    }
}
