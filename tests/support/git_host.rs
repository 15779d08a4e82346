//! A git host as companies have them: behind TLS with an authority of its own, asking for a client certificate, and reached by a
//! proxy alone, which asks for a password. No name server knows its name.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

/// Its name (RFC 6761).
pub const HOST: &str = "git.invalid";
const PROXY_LOGIN: &str = "me:password-of-the-proxy";
const IN_TIME: Duration = Duration::from_secs(60);

/// It stands before a git server without TLS, and lives as long as the test.
pub struct GitHost {
    place: TempDir,
    nginx: Child,
    url: String,
}

impl GitHost {
    /// One before this repository, which is behind http.
    pub fn before(repository: &str) -> Self {
        let (server, path) = split(repository);
        let place = TempDir::new().expect("a folder");
        let at = |name: &str| place.path().join(name).display().to_string();
        // The distribution's own configuration would add extensions a second time.
        fs::write(at("openssl.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n").expect("written");
        for authority in ["ca", "other"] {
            certificate(place.path(), authority, None, "basicConstraints=critical,CA:TRUE");
        }
        certificate(place.path(), "server", Some("ca"), &format!("subjectAltName=DNS:{HOST}"));
        certificate(place.path(), "client", Some("ca"), "extendedKeyUsage=clientAuth");
        fs::create_dir(at("tmp")).expect("made");
        let folder = place.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("  {kind}_temp_path {folder}/tmp;\n"))
            .concat();
        let settings = format!(
            "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\n  access_log off;\n\
             {temporary}  client_max_body_size 0;\n  server {{\n    listen unix:{folder}/socket ssl;\n    \
             ssl_certificate {folder}/server.crt;\n    ssl_certificate_key {folder}/server.key;\n    \
             ssl_client_certificate {folder}/ca.crt;\n    ssl_verify_client on;\n    \
             location / {{ proxy_pass {server}; proxy_set_header Host $proxy_host; proxy_read_timeout 300s; }}\n  }}\n}}\n"
        );
        fs::write(at("nginx.conf"), settings).expect("written");
        let mut nginx = Command::new(program("nginx"));
        nginx.args(["-p", &at(""), "-e", "stderr", "-c", &at("nginx.conf")]).stdin(Stdio::null());
        let log = fs::File::create(at("log")).expect("a log");
        let nginx = nginx.stdout(Stdio::null()).stderr(log).spawn().expect("nginx starts");
        let socket = place.path().join("socket");
        let host = Self { url: format!("https://{HOST}{path}"), place, nginx };
        let begin = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            let log = || fs::read_to_string(host.file("log")).unwrap_or_default();
            assert!(begin.elapsed() < IN_TIME, "nginx does not answer: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
        fs::write(host.file("proxy"), format!("http://{PROXY_LOGIN}@{}", proxy(socket))).expect("written");
        host
    }

    /// The address of the repository.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A file: `ca.crt`, `client.crt`, `client.key`, `proxy` with its address, and `other.crt` and `other.key` of an authority that
    /// has signed nothing.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Such a file as a reference of a step.
    pub fn reference(&self, name: &str) -> String {
        format!("{{file: {}}}", self.file(name).display())
    }

    /// What nobody may be shown of it: the password of the proxy and the lines of the client's key.
    pub fn secrets(&self) -> Vec<String> {
        let key = fs::read_to_string(self.file("client.key")).expect("a key");
        let lines = key.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
        let password = PROXY_LOGIN.split_once(':').expect("both").1.to_owned();
        lines.chain([password]).collect()
    }
}

impl Drop for GitHost {
    fn drop(&mut self) {
        _ = self.nginx.kill();
        _ = self.nginx.wait();
    }
}

/// The server and the path of an address.
fn split(url: &str) -> (&str, &str) {
    let begin = url.find("://").expect("a scheme") + 3;
    url.split_at(begin + url[begin..].find('/').expect("a path"))
}

/// Debian has it where only root looks.
fn program(name: &str) -> PathBuf {
    let of_root = Path::new("/usr/sbin").join(name);
    if of_root.exists() { of_root } else { PathBuf::from(name) }
}

fn certificate(place: &Path, name: &str, authority: Option<&str>, extension: &str) {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(place).args(["req", "-x509", "-config", "openssl.cnf", "-newkey", "ec", "-nodes"]);
    openssl.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2", "-subj", &format!("/CN={name}")]);
    openssl.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt"), "-addext", extension]);
    if let Some(authority) = authority {
        openssl.args(["-CA", &format!("{authority}.crt"), "-CAkey", &format!("{authority}.key")]);
    }
    let made = openssl.output().expect("openssl starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A proxy by CONNECT, that knows one host and wants its login; its address.
fn proxy(socket: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let socket = socket.clone();
            thread::spawn(move || lead(&client, &socket));
        }
    });
    address
}

/// Either side may hang up at any time; both are then closed.
fn lead(client: &TcpStream, socket: &Path) -> io::Result<()> {
    let mut request = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if request.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let mut answer = client.try_clone()?;
    let login = format!("proxy-authorization: basic {}", STANDARD.encode(PROXY_LOGIN).to_lowercase());
    if !head.to_lowercase().contains(&login) {
        return answer.write_all(
            b"HTTP/1.1 407 no\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    if !head.starts_with(&format!("CONNECT {HOST}:443 ")) {
        return answer.write_all(b"HTTP/1.1 502 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let up = UnixStream::connect(socket)?;
    answer.write_all(b"HTTP/1.1 200 connected\r\n\r\n")?;
    let (mut to, mut from) = (up.try_clone()?, up.try_clone()?);
    let back = thread::spawn(move || {
        _ = io::copy(&mut from, &mut answer);
        _ = answer.shutdown(std::net::Shutdown::Both);
    });
    _ = io::copy(&mut request, &mut to);
    _ = up.shutdown(std::net::Shutdown::Both);
    _ = back.join();
    Ok(())
}
