//! A server of OpenTofu's backend `http`: one state, one lock, one password.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub const USER: &str = "hub";
pub const PASSWORD: &str = "a-password-of-nobody";

/// What it holds.
#[derive(Default)]
struct Held {
    state: Option<Vec<u8>>,
    lock: Option<Vec<u8>>,
    methods: Vec<String>,
    /// How long it takes to save a state.
    slowness: Duration,
}

/// It lives as long as the test.
pub struct Server {
    address: String,
    held: Arc<Mutex<Held>>,
}

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/state", listener.local_addr().expect("an address"));
        let held = Arc::new(Mutex::new(Held::default()));
        let served = held.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &served);
            }
        });
        Self { address, held }
    }

    /// The block of a module that names it.
    pub fn block(&self) -> String {
        let address = &self.address;
        format!(
            "terraform {{\n  backend \"http\" {{\n    address = \"{address}\"\n    lock_address = \"{address}\"\n    \
             unlock_address = \"{address}\"\n    username = \"{USER}\"\n    retry_max = 0\n  }}\n}}\n"
        )
    }

    /// What it has been asked, in order; the last of it may not be answered yet.
    pub fn methods(&self) -> Vec<String> {
        self.held.lock().expect("held").methods.clone()
    }

    /// From now on it takes so long to save a state.
    pub fn be_slow(&self, slowness: Duration) {
        self.held.lock().expect("held").slowness = slowness;
    }

    pub fn is_locked(&self) -> bool {
        self.held.lock().expect("held").lock.is_some()
    }

    pub fn state(&self) -> Option<Value> {
        let state = self.held.lock().expect("held").state.clone();
        state.map(|text| serde_json::from_slice(&text).expect("JSON"))
    }

    /// As a run does that was killed, on another machine.
    pub fn lock(&self, holder: &Value) {
        self.held.lock().expect("held").lock = Some(holder.to_string().into_bytes());
    }
}

fn answer(mut stream: TcpStream, held: &Mutex<Held>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = reader.read_line(&mut line).unwrap_or(0);
        if read == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let Some(method) = lines.first().and_then(|line| line.split(' ').next()).map(str::to_owned) else { return };
    let header = |name: &str| {
        lines
            .iter()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|it| it.1))
    };
    let mut body = vec![0; header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).expect("the body");
    let known = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let (status, text) = if header("authorization") == Some(&known) {
        let slowness = held.lock().expect("held").begin(&method);
        thread::sleep(slowness);
        held.lock().expect("held").answer(&method, body)
    } else {
        ("401 Unauthorized", Vec::new())
    };
    let headers = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    let _ = stream.write_all(&[headers.into_bytes(), text].concat()); // gone already
}

impl Held {
    fn begin(&mut self, method: &str) -> Duration {
        self.methods.push(method.to_owned());
        if method == "POST" { self.slowness } else { Duration::ZERO }
    }

    fn answer(&mut self, method: &str, body: Vec<u8>) -> (&'static str, Vec<u8>) {
        const OK: &str = "200 OK";
        match (method, &self.state, &self.lock) {
            ("LOCK", _, Some(holder)) => ("423 Locked", holder.clone()),
            ("LOCK", _, None) => {
                self.lock = Some(body);
                (OK, Vec::new())
            }
            ("UNLOCK", ..) => {
                self.lock = None;
                (OK, Vec::new())
            }
            ("POST", ..) => {
                self.state = Some(body);
                (OK, Vec::new())
            }
            ("GET", Some(state), _) => (OK, state.clone()),
            ("GET", None, _) => ("404 Not Found", Vec::new()),
            _ => ("405 Method Not Allowed", Vec::new()),
        }
    }
}
