//! A server that is taken for an API server: for answers that no real one gives.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::NamedTempFile;

/// What a real API server says when it is asked who it is.
pub const KUBE_SYSTEM: &str = r#"{"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "1"}}"#;
pub const VERSION: &str = r#"{"gitVersion": "v1.37.2"}"#;

/// An answer: the status line and further headers, and the text.
pub struct Answer(pub &'static str, pub String);

impl Answer {
    /// Success.
    pub fn ok(text: impl Into<String>) -> Self {
        Self("200 OK", text.into())
    }
}

/// It lives as long as the test.
pub struct FakeApi {
    kubeconfig: NamedTempFile,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeApi {
    /// One that answers so to each path with its query.
    pub fn new(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(path) = path(&stream) else { continue };
                seen.lock().expect("a list").push(path.clone());
                reply(stream, &answer(&path));
            }
        });
        let file = NamedTempFile::new().expect("a file");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: 'http://{server}'}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{}}}}]\n"
        );
        fs::write(file.path(), text).expect("written");
        Self { kubeconfig: file, asked }
    }

    /// One that says who it is as a real one does, and answers so to the rest.
    pub fn introduced(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        Self::new(move |path| match path {
            "/api/v1/namespaces/kube-system" => Answer::ok(KUBE_SYSTEM),
            "/version" => Answer::ok(VERSION),
            path => answer(path),
        })
    }

    /// How it is reached.
    pub fn kubeconfig(&self) -> &Path {
        self.kubeconfig.path()
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a list").clone()
    }
}

fn path(stream: &TcpStream) -> Option<String> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    // Nothing that is tested here sends a body.
    lines.find(|line| line.as_ref().is_ok_and(String::is_empty))?.ok()?;
    first.split(' ').nth(1).map(str::to_owned)
}

fn reply(mut stream: TcpStream, Answer(head, text): &Answer) {
    let length = text.len();
    // Whoever has heard enough hangs up.
    _ = write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
}
